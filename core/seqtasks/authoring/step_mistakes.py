"""Find the mistakes of a cell's author by making one step."""

from typing import Any

import torch
from torch import Tensor

from seqtasks.cells import Cell
from seqtasks.cells.plain_loop import brought_to
from seqtasks.errors import UsageError
from seqtasks.randomness.torch_streams import torch_stream

__all__ = ["check_in_place", "is_detached", "step_mistakes"]

ROWS, STEPS = 3, 4


def step_mistakes(cell: Cell) -> list[str]:
    """Return the mistakes in the shapes and kinds of a cell's results.

    Errors that the cell itself raises are not reported here: whoever runs the cell reports them.

    Args:
        cell: a copy, which the step may change.
    """
    given = _given(cell)
    if given is None:
        return []
    x, state = given
    wrong = _wrong_start(state)
    if wrong:
        return [wrong]
    wide = [p for p in _parts(state) if p.is_floating_point() and p.itemsize > x.itemsize]
    if wide:
        types = f"{wide[0].dtype}, where the cell's numbers are {x.dtype}"
        return [f"initial_state returns {types}: use self.zeros"]
    state = brought_to(x.dtype, x.device, state)
    try:
        with torch.no_grad(), torch_stream(0, "trial").drawing():
            following = cell(x, state)
    except Exception:
        return []
    wrong = _wrong_state(state, following)
    if wrong:
        return [wrong]
    try:
        with torch.no_grad(), torch_stream(0, "trial").drawing():
            output = cell.output(x, following)
    except Exception:
        return []
    if not isinstance(output, Tensor):
        return [f"output returns {_kind(output)}, where a tensor (batch, output size) is due"]
    if output.dim() != 2 or output.shape != (ROWS, cell.output_size):
        due = f"(batch, {cell.output_size}) is due, as output_size says"
        return [f"output returns shape {_shape(output)}, where {due}"]
    return []


def check_in_place(cell: Cell, title: str) -> None:
    """Refuse a cell that writes into the input or the state that it receives.

    Other steps still need both: all outputs of a sequence would become its last state.

    Args:
        cell: a copy, which the step may change.
        title: the cell's name in messages.

    Raises:
        UsageError: if the cell writes into either.
    """
    found = _given(cell)
    if found is None or _wrong_start(found[1]):
        return
    x, state = found
    state = brought_to(x.dtype, x.device, state)
    states = [part.clone() for part in _parts(state)]
    before = [x.clone(), *(part.clone() for part in states)]
    given = states[0] if isinstance(state, Tensor) else tuple(states)
    versions = [part._version for part in (x, *states)]
    try:
        with torch.no_grad(), torch_stream(0, "trial").drawing():
            cell(x, given)
    except Exception:
        return
    for name, now, then, version in zip(
        ["input", *["state"] * len(states)], [x, *states], before, versions, strict=True
    ):
        if now._version != version or not torch.allclose(now, then, 0, 0, equal_nan=True):
            raise UsageError(
                f"{title} changes the {name} that it is given in place, which other steps still "
                f"need: make a new tensor instead (`{name} = {name} + ...`, not "
                f"`{name} += ...`)"
            )


def is_detached(cell: Cell) -> bool:
    """Say whether a step depends on the state before it, but no gradient goes back to it."""
    given = _given(cell)
    if given is None or _wrong_start(given[1]):
        return False
    x, state = given
    generator = torch.Generator().manual_seed(1)

    def numbers(like: Tensor) -> Tensor:
        drawn = torch.randn(like.shape, dtype=torch.float64, generator=generator)
        return (0.5 * drawn).to(x)

    states = [numbers(p) if p.is_floating_point() else p for p in _parts(state)]
    floating = [part.requires_grad_() for part in states if part.is_floating_point()]

    def made(parts: list[Tensor]) -> list[Tensor]:
        with torch.enable_grad(), torch_stream(0, "trial").drawing():
            following = cell(x, parts[0] if isinstance(state, Tensor) else tuple(parts))
        return [part for part in _parts(following) if part.is_floating_point()]

    try:
        following = made(states)
        others = [numbers(p) if p.is_floating_point() else p for p in states]
        changed = made(others)
        if all(torch.equal(one, other) for one, other in zip(following, changed, strict=True)):
            return False
        total = torch.stack([(part * numbers(part)).sum() for part in following]).sum()
        if not total.requires_grad:
            return True
        gradients: Any = torch.autograd.grad(total, floating, allow_unused=True)
    except Exception:  # whoever runs the cell reports it
        return False
    return all(one is None or not one.any() for one in gradients)


def _given(cell: Any) -> tuple[Tensor, Any] | None:
    """Return an input and the initial state of a cell; None if it cannot run alone."""
    if not isinstance(cell, Cell) or hasattr(cell, "scan"):
        return None
    held = [t for t in [*cell.parameters(), *cell.buffers()] if t.is_floating_point()]
    like = held[0] if held else torch.zeros(())
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, cell.input_size, dtype=torch.float64, generator=generator).to(like)
    try:
        with torch.no_grad(), torch_stream(0, "trial").drawing():
            return x, cell.initial_state(ROWS, STEPS)
    except Exception:
        return None


def _wrong_start(state: Any) -> str | None:
    parts = _parts(state)
    if not parts or not all(isinstance(part, Tensor) for part in parts):
        return f"initial_state returns {_kind(state)}, where a tensor or a tuple of tensors is due"
    for part in parts:
        if part.dim() == 0 or len(part) != ROWS:
            return (
                f"initial_state returns shape {_shape(part)} for a batch of {ROWS}: the state must "
                "have a row for each instance, (batch, ...)"
            )
    return None


def _wrong_state(state: Any, following: Any) -> str | None:
    """Say what is wrong with the state that a step returns."""
    if following is None:
        return "forward returns None: it must return the next state"
    if isinstance(state, Tensor) and isinstance(following, tuple | list):
        return (
            f"forward returns {_kind(following)}, where the initial state is one tensor: it must "
            "return the next state alone; define `output` for what a step puts out"
        )
    parts, old = _parts(following), _parts(state)
    if not all(isinstance(part, Tensor) for part in parts) or len(parts) != len(old):
        return f"forward returns {_kind(following)}, where the initial state is {_kind(state)}"
    for new, before in zip(parts, old, strict=True):
        if new.shape != before.shape:
            return (
                f"forward returns a state of shape {_shape(new)}, where the state before it has "
                f"{_shape(before)}"
            )
        if new.dtype != before.dtype:
            return f"forward returns a state of {new.dtype}, where the one before is {before.dtype}"
    return None


def _parts(state: Any) -> list[Any]:
    return list(state) if isinstance(state, tuple | list) else [state]  # pyright: ignore


def _shape(tensor: Tensor) -> str:
    """Return a shape that names the batch axis."""
    sizes = ["batch" if len(tensor) == ROWS else str(len(tensor)), *map(str, tensor.shape[1:])]
    return f"({', '.join(sizes)})" if tensor.dim() > 1 else f"({sizes[0]},)"


def _kind(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"  # pyright: ignore
    return (
        "one tensor" if isinstance(value, Tensor) else f"an object of type {type(value).__name__}"
    )
