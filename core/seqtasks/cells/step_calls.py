"""Call the methods of a cell with the arguments that each of them names.

Each method has its usual arguments. It gets a further one if it names it:

    forward(x, state)      time      the number of the step
    output(x, state)       time, before      the number of the step; the state before it
    penalty(x, state)      time, before

`penalty` is what a step adds to the loss, (batch,); most cells have none.
"""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.cells.base import State

__all__ = ["StepCalls", "checked_time", "has_method"]

_NONE: frozenset[str] = frozenset()
_KNOWN: dict[Any, tuple[frozenset[str], frozenset[str]]] = {}
"""What `_names` has found; `torch.compile` warns of a cache of functools."""
MOST_KNOWN = 512
LARGEST_TIME = 2**24
"""Up to this number float32 holds every whole number."""


def has_method(part: Any, name: str) -> bool:
    """Say whether a part of a model has a method. A submodule can be called too, and is none."""
    found = getattr(part, name, None)
    return callable(found) and not isinstance(found, nn.Module)


class StepCalls:
    """The methods of a cell, called with what they name.

    Args:
        cell: the cell.

    Attributes:
        cell: the cell.
        has_penalty: whether the cell adds to the loss.
        counts: whether some method names `time`.
    """

    def __init__(self, cell: Any) -> None:
        self.cell = cell
        self._forward = _further(cell.forward) & {"time"}
        self._output = _further(cell.output) & {"time", "before"}
        self.has_penalty = has_method(cell, "penalty")
        self._penalty = _further(cell.penalty) & {"time", "before"} if self.has_penalty else _NONE
        self.counts = "time" in self._forward | self._output | self._penalty

    def step(self, x: Tensor, state: State, time: Tensor | None) -> State:
        """Return the state after a step.

        Args:
            x: (batch, input size).
            state: the state before the step.
            time: (batch, 1) the number of the step, in the type of x; None if no method names it.
        """
        return self.cell(x, state, time=time) if self._forward else self.cell(x, state)

    def output(self, x: Tensor, state: State, before: State, time: Tensor | None) -> Tensor:
        """Return a step's output.

        Args:
            x: (batch, input size).
            state: the state after the step.
            before: the state before the step.
            time: as in `step`.
        """
        if not self._output:
            return self.cell.output(x, state)
        further = {"time": time, "before": before}
        return self.cell.output(x, state, **{name: further[name] for name in self._output})

    def penalty(self, x: Tensor, state: State, before: State, time: Tensor | None) -> Tensor:
        """Return what a step adds to the loss, (batch,); see `output`.

        Raises:
            ValueError: if the cell returns anything else.
        """
        further = {"time": time, "before": before}
        found: Any = self.cell.penalty(x, state, **{name: further[name] for name in self._penalty})
        with torch._C.DisableTorchFunction():  # a recorder notes who asks for a shape
            wrong = not isinstance(found, Tensor) or found.shape != x.shape[:1]
        if wrong:
            kind = type(found).__name__
            said = f"shape {tuple(found.shape)}" if isinstance(found, Tensor) else f"a {kind}"
            raise ValueError(
                f"penalty must return a tensor (batch,), here {tuple(x.shape[:1])}, got {said}"
            )
        return found

    def times(
        self, inputs: Tensor, lengths: Tensor | None, start: Tensor | None
    ) -> Callable[[int], Tensor | None]:
        """Return what gives the number of each step of a loop, (batch, 1) in the inputs' type.

        Args:
            inputs: (batch, time, features).
            lengths: (batch,) int64; past its end, an instance repeats its last step.
            start: (batch,) int64, the number of each instance's first step; None for 0.
        """
        if not self.counts:
            return lambda step: None
        first = inputs.new_zeros(inputs.shape[0], 1, dtype=torch.int64)
        if start is not None:
            first = first + start[:, None]
        if lengths is None:
            return lambda step: (first + step).to(inputs.dtype)
        last = (lengths - 1).clamp(min=0)[:, None]
        return lambda step: (first + last.clamp(max=step)).to(inputs.dtype)


def checked_time(cells: Any, inputs: Tensor, state: Any, time: Tensor | int | None) -> Any:
    """Return the number of each instance's first step, (batch,) int64; None for 0.

    Args:
        cells: the cells that the inputs pass through.
        inputs: (batch, time, ...).
        state: the state to start from, or None.
        time: the number of the first step, for all instances or (batch,) for each.

    Raises:
        ValueError: if a cell names `time`, and a state is given without the number of the step
            that it stands before; or if the number is no whole number of at least 0.
    """
    if time is None:
        if state is not None and any(StepCalls(cell).counts for cell in cells):
            raise ValueError(
                "a cell names `time`, and it starts from a given state: say which step comes next, "
                "as in time=10 after 10 steps, or time=0 at the beginning"
            )
        return None
    batch = inputs.shape[0]
    given = torch.as_tensor(time)
    if given.is_floating_point() or given.is_complex() or given.dtype == torch.bool:
        raise ValueError(f"time must be whole numbers, got {given.dtype}")
    if given.dim() and given.shape != (batch,):
        raise ValueError(f"time must be a number or of shape ({batch},), got {tuple(given.shape)}")
    given = given.to(inputs.device, torch.int64).expand(batch)
    if batch and not 0 <= int(given.min()) <= int(given.max()) < LARGEST_TIME:
        raise ValueError(f"time must be at least 0 and below {LARGEST_TIME:,}, got {time}")
    return given


def _further(method: Any) -> frozenset[str]:
    """Return the names of a method's arguments after x and the state."""
    function = getattr(method, "__func__", None)
    try:
        return _names(method)[0] if function is None else _names(function)[1]
    except (TypeError, ValueError):  # it has no signature, or no hash
        return _NONE


def _names(function: Any) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names after the first two arguments, and after the first three."""
    known = _KNOWN.get(function)
    if known is None:
        if len(_KNOWN) >= MOST_KNOWN:
            _KNOWN.clear()
        known = _KNOWN[function] = _read_names(function)
    return known


def _read_names(function: Any) -> tuple[frozenset[str], frozenset[str]]:
    parameters = inspect.signature(function).parameters.values()
    usual = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
    names = [one.name for one in parameters if one.kind not in usual]
    return frozenset(names[2:]), frozenset(names[3:])
