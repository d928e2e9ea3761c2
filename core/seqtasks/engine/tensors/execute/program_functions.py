"""The functions that a written program calls: torch's by name, and makers of views."""

from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.graph.operations import POINTWISE

__all__ = ["functions"]

_NAMES = (
    *("mm", "mv", "bmm", "addmm", "add", "sub", "mul", "div", "neg", "addcmul", "addcdiv", "lerp"),
    *("eq", "ne", "lt", "le", "gt", "ge", "where", "clamp", "amax", "index_select"),
    *("cumsum", "cumprod", "logcumsumexp"),
)


def functions(vocabulary: int) -> dict[str, Any]:
    """Return the names that a written program uses."""
    found: dict[str, Any] = {name: getattr(torch, name) for name in _NAMES}
    for operation, pointwise in POINTWISE.items():
        found[f"pointwise_{operation}"] = pointwise.torch
        name = getattr(pointwise.torch, "__name__", "")
        if getattr(torch, name, None) is pointwise.torch:
            found[name] = pointwise.torch
    found["total"] = torch.sum
    for name in ("inv_ex", "cholesky_ex", "solve_ex", "solve_triangular"):
        found[name] = getattr(torch.linalg, name)
    found["embedding_dense_backward"] = torch.ops.aten.embedding_dense_backward
    found |= {"strided": _strided, "steps": _steps, "hold": _hold, "vocabulary": vocabulary}
    return found


def _hold(held: Tensor, states: Tensor, running: Tensor, run_once: Tensor) -> None:
    """Write the states after each step; while a row waits, write the state after its first step.

    Args:
        held: (time, batch, size).
        states: (time + 1, batch, size), the states before and after each step.
        running: (time, batch, 1) bool, whether a row has begun.
        run_once: (1, batch, 1) int64, the number of steps after which a row has made its first
            step.
    """
    after = states.gather(0, run_once.expand(1, *states.shape[1:]))
    torch.where(running, states[1:], after, out=held)


def _strided(
    memory: Tensor,
    rows: int | None,
    size: int,
    first: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
) -> Tensor:
    """Return positions for each row, (rows, ...); without rows if `rows` is None."""
    lead = () if rows is None else (rows,)
    steps = () if rows is None else (size,)
    return memory.as_strided((*lead, *shape), (*steps, *strides), memory.storage_offset() + first)


def _steps(
    memory: Tensor,
    time: int,
    later: int,
    first: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    backwards: bool = False,
) -> tuple[Tensor, ...]:
    """Return positions for each step, (batch, ...) each."""
    count, batch, size = memory.shape
    whole = memory.as_strided(
        (count, batch, *shape), (batch * size, size, *strides), memory.storage_offset() + first
    )
    steps = whole.unbind(0)[later : later + time]
    return steps[::-1] if backwards else steps
