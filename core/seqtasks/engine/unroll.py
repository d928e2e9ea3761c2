"""The plain loop, which defines what every faster execution must compute."""

from collections.abc import Callable
from typing import Any, Literal, overload

import torch
from torch import Tensor

from seqtasks.cells import Cell, State

__all__ = ["brought_to", "map_state", "past_end", "unroll"]


@overload
def unroll(
    cell: Cell,
    inputs: Tensor,
    state: State | None = None,
    lengths: Tensor | None = None,
    return_states: Literal[False] = False,
) -> tuple[Tensor, State]: ...
@overload
def unroll(
    cell: Cell,
    inputs: Tensor,
    state: State | None = None,
    lengths: Tensor | None = None,
    *,
    return_states: Literal[True],
) -> tuple[Tensor, State, State]: ...
@overload
def unroll(
    cell: Cell,
    inputs: Tensor,
    state: State | None,
    lengths: Tensor | None,
    return_states: Literal[True],
) -> tuple[Tensor, State, State]: ...
def unroll(
    cell: Cell,
    inputs: Tensor,
    state: State | None = None,
    lengths: Tensor | None = None,
    return_states: bool = False,
) -> tuple[Tensor, State] | tuple[Tensor, State, State]:
    """Run a cell along a sequence.

    Args:
        cell: the transition of one step.
        inputs: (batch, time, features).
        state: the state before the first step; None for the cell's own initial state.
        lengths: (batch,) whole numbers, the steps of each instance; None for all of them.
        return_states: whether to keep and return the state after every step.

    Returns:
        The outputs, (batch, time, output size), zero past an instance's length; the state of each
        instance after its own last step; and, if asked for, the states after every step, shaped
        as a state with a time axis, (batch, time, ...).

    Raises:
        ValueError: if inputs are not (batch, time, features), there is no step, or a length lies
            outside 0 .. time.
    """
    _check(inputs, lengths)
    batch_size, steps = inputs.shape[:2]
    if lengths is not None:
        inputs = inputs.masked_fill(past_end(steps, lengths)[..., None], 0)
    if state is None:
        state = brought_to(inputs.dtype, inputs.device, cell.initial_state(batch_size, steps))
    outputs: list[Tensor] = []
    states: list[State] = []
    for step, x in enumerate(inputs.unbind(1)):
        following = cell(x, state)
        output = cell.output(x, following)
        if lengths is not None:
            running = lengths > step
            following = _where(running, following, state)
            output = _where(running, output, torch.zeros_like(output))
        state = following
        outputs.append(output)
        if return_states:
            states.append(state)
    stacked = torch.stack(outputs, 1)
    if return_states:
        return stacked, state, map_state(lambda *steps: torch.stack(steps, 1), *states)
    return stacked, state


def past_end(steps: int, lengths: Tensor) -> Tensor:
    """Return which positions lie past their instance's length, (batch, steps) bool."""
    return torch.arange(steps, device=lengths.device) >= lengths[:, None]


def map_state(function: Callable[..., Tensor], *states: State) -> State:
    """Apply a function to the corresponding tensors of states."""
    if isinstance(states[0], Tensor):
        return function(*states)
    return tuple(function(*tensors) for tensors in zip(*states, strict=True))


def _where(running: Tensor, following: State, before: State) -> State:
    def choose(new: Tensor, old: Tensor) -> Tensor:
        return torch.where(running.view(-1, *[1] * (new.dim() - 1)), new, old)

    return map_state(choose, following, before)


def brought_to(dtype: torch.dtype, device: torch.device, state: State) -> State:
    """Bring a cell's initial state to a device, and its floats to a type."""

    def brought(tensor: Tensor) -> Tensor:
        return tensor.to(device=device, dtype=dtype if tensor.is_floating_point() else tensor.dtype)

    return map_state(brought, state)


def _check(inputs: Tensor, lengths: Any) -> None:
    if inputs.dim() != 3:
        raise ValueError(f"inputs must be (batch, time, features), got {tuple(inputs.shape)}")
    if inputs.shape[1] == 0:
        raise ValueError("inputs must have at least one step, got a time axis of length 0")
    if lengths is None:
        return
    if not isinstance(lengths, Tensor) or lengths.shape != inputs.shape[:1]:
        raise ValueError(f"lengths must be a tensor of shape ({inputs.shape[0]},), got {lengths!r}")
    if lengths.is_floating_point() or lengths.dtype == torch.bool:
        raise ValueError(f"lengths must be whole numbers, got {lengths.dtype}")
    if lengths.numel() and not 0 <= int(lengths.min()) <= int(lengths.max()) <= inputs.shape[1]:
        raise ValueError(f"lengths must lie within 0 and {inputs.shape[1]}, got {lengths.tolist()}")
