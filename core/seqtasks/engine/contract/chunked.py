"""Run a forward pass without gradients in chunks of steps, reusing one block of memory."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.contract.passes import Passes
from seqtasks.engine.record.batch_layout import without_padding

__all__ = ["IdleMemories", "Memories", "chunks", "forward_alone"]

Memories = dict[tuple[int, int], Any]
"""By (batch, time), the memory in which a program has worked."""
LEAST_STEPS = 32
"""The fewest steps in a chunk: states are passed on between chunks, which costs time."""
NUMBERS = {"cpu": 2**20}
"""The most state elements in a chunk on this device, so that they stay in the processor's
caches."""
MOST_NUMBERS = 2**26
"""The same for other devices, where many steps at once are faster: it only bounds the memory."""


class IdleMemories:
    """The memories of a model's last forward pass, between two calls."""

    def __init__(self) -> None:
        self._idle: list[tuple[Passes, Memories]] = []

    def take(self, program: Passes) -> Memories:
        """Return the memories of a program, and keep them no more.

        Another thread may run the same model meanwhile, so memories in use belong to one call.
        """
        try:
            made_for, memories = self._idle.pop()  # no second thread can take what was popped
        except IndexError:
            return {}
        return memories if made_for is program else {}

    def give_back(self, program: Passes, used: Memories) -> None:
        """Keep the memories of a call that has ended."""
        self._idle[:] = [(program, used)]


def forward_alone(
    program: Passes,
    inputs: Tensor,
    lengths: Tensor | None,
    given: Sequence[Tensor] | None,
    histories: bool,
    kept: Memories,
) -> tuple[tuple[Tensor, list[Tensor], list[Tensor]], Memories]:
    """Run a batch that needs no gradient.

    A backward pass needs the states of all steps, which a program's memory holds. Without one, each
    chunk of steps continues from the final states of the chunk before it. The native engine does so
    within C, if all rows have full length and nobody asks for the states of every step.

    Args:
        program: the program to run.
        inputs: (batch, time) ids or (batch, time, features), contiguous.
        lengths: (batch,) steps of each instance, or None.
        given: the states to start from; None for the initial states.
        histories: whether to return the states of every step.
        kept: the memories of an earlier call.

    Returns:
        The predictions, the final states, the states of every step, and the memories of this call.
    """
    if lengths is None and not histories:
        along = program.along(inputs, given)
        if along is not None:
            return (*along, []), {}
    batch, time = inputs.shape[:2]
    used: Memories = {}
    predictions: list[Tensor] = []
    pasts: list[list[Tensor]] = []
    states = given
    key = program.draws
    portions = chunks(program, batch, time, inputs.device)
    if lengths is not None and len(portions) > 1:
        inputs = without_padding(inputs, lengths)  # an instance may end before the last chunk
    for first, steps in portions:
        if (batch, steps) not in used:
            memory = kept.get((batch, steps))
            used[batch, steps] = program.memory(batch, steps) if memory is None else memory
        left = None if lengths is None else (lengths - first).clamp(0, steps)
        if key is not None:
            program = program.drawing(key.later(first))
        piece = inputs[:, first : first + steps].contiguous()
        found, states, past = program.forward(piece, left, states, used[batch, steps], histories)
        predictions.append(found)
        pasts.append(past)
    if len(predictions) == 1:
        return (predictions[0], list(states or ()), pasts[0]), used
    whole = [torch.cat(parts, 1) for parts in zip(*pasts, strict=True)]
    return (torch.cat(predictions, 1), list(states or ()), whole), used


def chunks(program: Passes, batch: int, time: int, device: torch.device) -> list[tuple[int, int]]:
    """Return each chunk's first step and its number of steps."""
    numbers = batch * sum(part.previous.size for part in program.model_graph.parts)
    most = max(LEAST_STEPS, NUMBERS.get(device.type, MOST_NUMBERS) // numbers)
    return [(first, min(most, time - first)) for first in range(0, time, most)]
