"""Find the mistakes of a cell's author by making one step.

Each function tries a copy of a cell, which the step may change. An error that the cell itself
raises goes through.
"""

from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from seqtasks.cells import Cell
from seqtasks.cells.plain_loop import brought_to, map_state
from seqtasks.cells.state_tree import joined, split, tensors_of
from seqtasks.cells.step_calls import StepCalls
from seqtasks.errors import UsageError
from seqtasks.randomness.torch_streams import torch_stream

__all__ = [
    "changed_in_place",
    "check_in_place",
    "is_detached",
    "step_mistakes",
    "wrong_output",
    "wrong_penalty",
    "wrong_start",
    "wrong_state",
]

ROWS, STEPS = 3, 4


def step_mistakes(cell: Any) -> list[str]:
    """Return the mistakes in the shapes and kinds of a cell's results.

    Errors that the cell itself raises are not reported here: whoever runs the cell reports them.
    """
    for mistake_in in (
        (wrong_start, wrong_state, wrong_output, wrong_penalty) if _runs_by_steps(cell) else ()
    ):
        with suppress(Exception):
            found = mistake_in(cell)
            if found:
                return [found]
    return []


def wrong_start(cell: Cell) -> str | None:
    """Say what is wrong with the state before the first step, or return None."""
    x, state = _given(cell)
    wrong = _wrong_kind(state)
    wide = [] if wrong else [p for p in _floating(state) if p.itemsize > x.itemsize]
    if wide:
        types = f"{wide[0].dtype}, where the cell's numbers are {x.dtype}"
        return f"initial_state returns {types}: use self.zeros"
    return wrong


def wrong_state(cell: Cell) -> str | None:
    """Say what is wrong with the state that a step returns, or return None."""
    x, state = _given(cell)
    state = brought_to(x.dtype, x.device, state)
    return _wrong_following(state, _step(cell, x, state))


def wrong_output(cell: Cell) -> str | None:
    """Say what is wrong with the output of a step, or return None."""
    x, state = _given(cell)
    state = brought_to(x.dtype, x.device, state)
    output: Any = _output(cell, x, _step(cell, x, state), state)
    if not isinstance(output, Tensor):
        return f"output returns {_kind(output)}, where a tensor (batch, output size) is due"
    if output.dim() != 2 or output.shape != (ROWS, cell.output_size):
        due = f"(batch, {cell.output_size}) is due, as output_size says"
        return f"output returns shape {_shape(output)}, where {due}"
    return None


def wrong_penalty(cell: Cell) -> str | None:
    """Say what is wrong with what a step adds to the loss, or return None."""
    calls = StepCalls(cell)
    if not calls.has_penalty:
        return None
    x, state = _given(cell)
    state = brought_to(x.dtype, x.device, state)
    following = _step(cell, x, state)
    with torch.no_grad(), torch_stream(0, "trial").drawing():
        try:
            added = calls.penalty(x, following, state, _first_time(x))
        except ValueError as error:  # of another shape
            return str(error)
    if added.dtype != x.dtype:
        return f"penalty returns numbers of {added.dtype}, where {x.dtype} is due"
    return None


def check_in_place(cell: Any, title: str) -> None:
    """Refuse a cell that writes into the input or the state that it receives.

    Args:
        cell: a copy, which the step may change.
        title: the cell's name in messages.

    Raises:
        UsageError: if the cell writes into either.
    """
    changed = None
    if _runs_by_steps(cell):
        with suppress(Exception):  # whoever runs the cell reports it
            changed = changed_in_place(cell)
    if changed:
        raise UsageError(f"{title} {changed}")


def changed_in_place(cell: Cell) -> str | None:
    """Say whether a cell writes into the input or the state that it receives, or return None.

    Other steps still need both: all outputs of a sequence would become its last state.
    """
    x, state = _given(cell)
    state = brought_to(x.dtype, x.device, state)
    given = map_state(Tensor.clone, state)
    untouched = _Untouched([x, *tensors_of(given)])
    following = _step(cell, x, given)
    changed = untouched.changed()
    if changed is not None:
        name = "state" if changed else "input"
        return (
            f"changes the {name} that it is given in place, which other steps still need: make "
            f"a new tensor instead (`{name} = {name} + ...`, not `{name} += ...`)"
        )
    untouched = _Untouched([x, *tensors_of(following), *tensors_of(given)])
    _output(cell, x, following, given)
    where = "output"
    if untouched.changed() is None and StepCalls(cell).has_penalty:
        where = "penalty"
        with torch.no_grad(), suppress(ValueError), torch_stream(0, "trial").drawing():
            StepCalls(cell).penalty(x, following, given, _first_time(x))
    changed = untouched.changed()
    if changed is not None:
        name = "state" if changed else "input"
        return (
            f"changes the {name} in place in its {where}, which the next step still needs: make a "
            "new tensor instead"
        )
    return None


class _Untouched:
    """Tensors that must stay as they are."""

    def __init__(self, tensors: list[Tensor]) -> None:
        self._tensors = tensors
        self._copies = [tensor.clone() for tensor in tensors]
        self._versions = [tensor._version for tensor in tensors]

    def changed(self) -> int | None:
        """Return the place of the first tensor that was written into, or None."""
        found = zip(self._tensors, self._copies, self._versions, strict=True)
        for place, (now, then, version) in enumerate(found):
            if now._version != version or not torch.allclose(now, then, 0, 0, equal_nan=True):
                return place
        return None


def is_detached(cell: Any) -> bool:
    """Say whether a step depends on the state before it, but no gradient goes back to it."""
    x, state = _given(cell)
    generator = torch.Generator().manual_seed(1)

    def numbers(like: Tensor) -> Tensor:
        drawn = torch.randn(like.shape, dtype=torch.float64, generator=generator)
        return (0.5 * drawn).to(x)

    states = [numbers(p) if p.is_floating_point() else p for p in tensors_of(state)]
    floating = [part.requires_grad_() for part in states if part.is_floating_point()]

    def made(parts: list[Tensor]) -> list[Tensor]:
        with torch.enable_grad(), torch_stream(0, "trial").drawing():
            given = joined(split(state)[0], parts)
            following = StepCalls(cell).step(x, given, _first_time(x))
        return _floating(following)

    following = made(states)
    others = [numbers(p) if p.is_floating_point() else p for p in states]
    changed = made(others)
    if all(torch.equal(one, other) for one, other in zip(following, changed, strict=True)):
        return False
    total = torch.stack([(part * numbers(part)).sum() for part in following]).sum()
    if not total.requires_grad:
        return True
    gradients: Any = torch.autograd.grad(total, floating, allow_unused=True)
    return all(one is None or not one.any() for one in gradients)


def _runs_by_steps(cell: Any) -> bool:
    """Say whether a model runs a cell step by step; it runs a `scan` in place of its steps."""
    return isinstance(cell, Cell) and not hasattr(cell, "scan")


def _given(cell: Cell) -> tuple[Tensor, Any]:
    """Return an input and the initial state of a cell."""
    held = [t for t in [*cell.parameters(), *cell.buffers()] if t.is_floating_point()]
    like = held[0] if held else torch.zeros(())
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, cell.input_size, dtype=torch.float64, generator=generator).to(like)
    with torch.no_grad(), torch_stream(0, "trial").drawing():
        return x, cell.initial_state(ROWS, STEPS)


def _step(cell: Cell, x: Tensor, state: Any) -> Any:
    with torch.no_grad(), torch_stream(0, "trial").drawing():
        return StepCalls(cell).step(x, state, _first_time(x))


def _output(cell: Cell, x: Tensor, state: Any, before: Any) -> Any:
    with torch.no_grad(), torch_stream(0, "trial").drawing():
        return StepCalls(cell).output(x, state, before, _first_time(x))


def _first_time(x: Tensor) -> Tensor:
    return x.new_zeros(len(x), 1)


def _wrong_kind(state: Any) -> str | None:
    """Say what is wrong with the kinds and shapes of an initial state."""
    parts = tensors_of(state)
    if not parts or not all(isinstance(part, Tensor) for part in parts):
        return f"initial_state returns {_kind(state)}, where a tensor or a tuple of tensors is due"
    for part in parts:
        if part.dim() == 0 or len(part) != ROWS:
            return (
                f"initial_state returns shape {_shape(part)} for a batch of {ROWS}: the state must "
                "have a row for each instance, (batch, ...)"
            )
    return None


def _wrong_following(state: Any, following: Any) -> str | None:
    """Say what is wrong with the state that a step returns, after the state that it was given."""
    if following is None:
        return "forward returns None: it must return the next state"
    if isinstance(state, Tensor) and isinstance(following, tuple | list):
        return (
            f"forward returns {_kind(following)}, where the initial state is one tensor: it must "
            "return the next state alone; define `output` for what a step puts out"
        )
    parts, old = tensors_of(following), tensors_of(state)
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


def _floating(state: Any) -> list[Tensor]:
    """Return the floating-point tensors of a state."""
    return [part for part in tensors_of(state) if part.is_floating_point()]


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
