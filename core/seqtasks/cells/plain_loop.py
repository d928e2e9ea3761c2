"""The plain loop: the definition that every faster execution must reproduce."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, overload

import torch
from torch import Tensor

from seqtasks.cells import Cell, State
from seqtasks.cells.padding import checked_lengths, last_repeated, past_end
from seqtasks.cells.spectral_norms import iterated_once
from seqtasks.cells.state_tree import is_flat, joined, leaves_like, split
from seqtasks.cells.step_calls import StepCalls, checked_time
from seqtasks.randomness.counted_draws import counted_draws, started

__all__ = ["Along", "brought_to", "map_state", "past_end", "scanned", "states_along", "unroll"]


@overload
def unroll(
    cell: Cell,
    inputs: Tensor,
    state: State | None = None,
    lengths: Tensor | None = None,
    return_states: Literal[False] = False,
    time: Tensor | int | None = None,
) -> tuple[Tensor, State]: ...
@overload
def unroll(
    cell: Cell,
    inputs: Tensor,
    state: State | None = None,
    lengths: Tensor | None = None,
    *,
    return_states: Literal[True],
    time: Tensor | int | None = None,
) -> tuple[Tensor, State, State]: ...
@overload
def unroll(
    cell: Cell,
    inputs: Tensor,
    state: State | None,
    lengths: Tensor | None,
    return_states: Literal[True],
    time: Tensor | int | None = None,
) -> tuple[Tensor, State, State]: ...
def unroll(
    cell: Cell,
    inputs: Tensor,
    state: State | None = None,
    lengths: Tensor | None = None,
    return_states: bool = False,
    time: Tensor | int | None = None,
) -> tuple[Tensor, State] | tuple[Tensor, State, State]:
    """Run a cell along a sequence.

    Args:
        cell: the transition of one step.
        inputs: (batch, time, features).
        state: the state before the first step; None for the cell's own initial state.
        lengths: (batch,) whole numbers, the steps of each instance; None for all of them.
        return_states: whether to keep and return the state after every step.
        time: for a cell that names `time`, the number of the first step: one for all instances,
            or (batch,). Without a given state it is 0.

    Returns:
        The outputs, (batch, time, output size), zero beyond an instance's length; the state of each
        instance after its own last step; and, if requested, the states after every step, shaped
        like a state with a time axis, (batch, time, ...).

    Raises:
        ValueError: if inputs are not (batch, time, features), if there is no step, or if lengths
            are not (batch,) whole numbers from 0 to time; or if a state is given to a cell that
            names `time`, without the number of the next step.
    """
    _check(inputs)
    start = checked_time([cell], inputs, state, time)
    if lengths is not None:
        lengths = checked_lengths(inputs, lengths)
    with iterated_once(cell):
        along = states_along(cell, inputs, state, lengths, return_states, start)
    outputs, final, states, _ = along
    if lengths is not None:
        ended = past_end(inputs.shape[1], lengths)
        outputs = outputs.masked_fill(ended.view(*ended.shape, *[1] * (outputs.dim() - 2)), 0)
    return (outputs, final, states[0]) if return_states else (outputs, final)


class Along(NamedTuple):
    """What a cell makes of a sequence.

    Attributes:
        outputs: (batch, time, output size).
        final: each instance's state after its own last step.
        states: a list with the states of every step, if requested.
        penalties: (batch, time) what each step adds to the loss, if requested and if the cell has
            penalties; zero beyond an instance's length.
    """

    outputs: Tensor
    final: State
    states: list[State]
    penalties: Tensor | None


def states_along(
    cell: Cell,
    inputs: Tensor,
    state: State | None,
    lengths: Tensor | None,
    return_states: bool,
    start: Tensor | None = None,
    layer: int = 0,
    with_penalty: bool = False,
) -> Along:
    """Run the loop of `unroll`, but repeat an instance's last output beyond its end.

    Beyond its end, an instance receives its last input and the state before it again. The same step
    is computed once more, and its result is discarded. An instance of length 0 receives its first
    input and its initial state. `start` holds the number of each instance's first step, (batch,)
    int64; None for 0. `layer` is the cell's place in its model.
    """
    _check(inputs)
    batch_size, steps = inputs.shape[:2]
    if lengths is not None:
        inputs = last_repeated(inputs, lengths)
    if state is None:
        state = brought_to(inputs.dtype, inputs.device, started(cell, layer, batch_size, steps))
    draws = counted_draws()
    final = state
    outputs: list[Tensor] = []
    states: list[State] = []
    calls = StepCalls(cell)
    with_penalty = with_penalty and calls.has_penalty
    penalties: list[Tensor] = []
    time_of = calls.times(inputs, lengths, start)
    for step, x in enumerate(inputs.unbind(1)):
        time = time_of(step)
        if draws is None:
            following = calls.step(x, state, time)
            outputs.append(calls.output(x, following, state, time))
            if with_penalty:
                penalties.append(calls.penalty(x, following, state, time))
        else:
            where = layer, step, lengths
            following = draws.run("step", cell, _step, (x, state, time), *where)
            args = x, following, state, time
            outputs.append(draws.run("output", cell, _output, args, *where))
            if with_penalty:
                penalties.append(draws.run("penalty", cell, _penalty, args, *where))
        final = following if lengths is None else _where(lengths > step, following, final)
        state = following if lengths is None else _where(lengths > step + 1, following, state)
        if return_states:
            states.append(final)
    histories = [map_state(lambda *each: torch.stack(each, 1), *states)] if return_states else []
    added = torch.stack(penalties, 1) if with_penalty else None
    if added is not None and lengths is not None:
        added = added.masked_fill(past_end(inputs.shape[1], lengths), 0)
    return Along(torch.stack(outputs, 1), final, histories, added)


def _step(cell: Any, *args: Any) -> State:
    return StepCalls(cell).step(*args)


def _output(cell: Any, *args: Any) -> Tensor:
    return StepCalls(cell).output(*args)


def _penalty(cell: Any, *args: Any) -> Tensor:
    return StepCalls(cell).penalty(*args)


def scanned(
    cell: Any, inputs: Tensor, state: State | None, lengths: Tensor | None
) -> tuple[Tensor, State]:
    """Run a cell's own `scan`; return the same as `states_along`.

    Args:
        cell: a cell with a `scan`.
        inputs: (batch, time, features).
        state: the state before the first step; None for the cell's own initial state.
        lengths: (batch,) int64, or None.
    """
    if lengths is None:
        return cell.scan(inputs, state, None)
    outputs, final = cell.scan(last_repeated(inputs, lengths), state, lengths.clamp(min=1))
    empty = lengths == 0
    if empty.any():
        if state is None:
            state = cell.initial_state(*inputs.shape[:2])
            state = brought_to(inputs.dtype, inputs.device, state)
        final = _where(empty, state, final)
    return last_repeated(outputs, lengths), final


def map_state(function: Callable[..., Tensor], *states: State) -> State:
    """Apply a function to the corresponding tensors of states, nested as the first of them."""
    if isinstance(states[0], Tensor):
        return function(*states)
    if all(map(is_flat, states)) and len(set(map(len, states))) == 1:
        return tuple(map(function, *states))
    tree, first = split(states[0])
    others = [leaves_like(tree, state) for state in states[1:]]
    parts = [
        function(*tensors) if isinstance(tensors[0], Tensor) else tensors[0]
        for tensors in zip(first, *others, strict=True)
    ]
    return joined(tree, parts)


def _where(chosen: Tensor, state: State, other: State) -> State:
    """Return the states of the chosen instances, and another state for the rest."""

    def choose(one: Tensor, another: Tensor) -> Tensor:
        return torch.where(chosen.view(-1, *[1] * (one.dim() - 1)), one, another)

    return map_state(choose, state, other)


def brought_to(dtype: torch.dtype, device: torch.device, state: State) -> State:
    """Move a cell's initial state to a device, and its floats to a type."""

    def brought(tensor: Tensor) -> Tensor:
        kind = dtype.to_complex() if tensor.is_complex() else tensor.dtype
        return tensor.to(device=device, dtype=dtype if tensor.is_floating_point() else kind)

    return map_state(brought, state)


def _check(inputs: Tensor) -> None:
    if inputs.dim() != 3:
        raise ValueError(f"inputs must be (batch, time, features), got {tuple(inputs.shape)}")
    if inputs.shape[1] == 0:
        raise ValueError("inputs must have at least one step, got a time axis of length 0")
