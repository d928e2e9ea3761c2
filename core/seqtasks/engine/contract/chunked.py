"""Run a forward pass without gradients in chunks of steps, reusing one block of memory."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.contract.protocol import Passes
from seqtasks.engine.record.batch_layout import without_padding

__all__ = ["Memories", "forward_alone"]

Memories = dict[tuple[int, int], Any]
"""By (batch, time), what a program has worked in."""
LEAST_STEPS = 32
"""States are turned over between portions, which a few steps would not repay."""
NUMBERS = {"cpu": 2**20}
"""Numbers in the states of a portion's steps, so that they stay in the processor's caches."""
MOST_NUMBERS = 2**26
"""The same elsewhere, where many steps at once are faster; the memory is bounded alone."""


def forward_alone(
    program: Passes,
    inputs: Tensor,
    lengths: Tensor | None,
    given: Sequence[Tensor] | None,
    histories: bool,
    kept: Memories,
) -> tuple[tuple[Tensor, list[Tensor], list[Tensor]], Memories]:
    """Run a batch of which no gradient will be asked for.

    A pass back needs the states of all steps, which a program's memory holds. Forward alone, each
    portion of the steps goes on from the final states of the one before it.

    Args:
        program: that is run.
        inputs: (batch, time) ids or (batch, time, features), contiguous.
        lengths: (batch,) steps of each instance, or None.
        given: the states to start from; None for the initial ones.
        histories: whether the states of every step are wanted.
        kept: memories of an earlier call.

    Returns:
        predictions, final states, and the states of every step; and the memories of this call.
    """
    batch, time = inputs.shape[:2]
    used: Memories = {}
    predictions: list[Tensor] = []
    pasts: list[list[Tensor]] = []
    states = given
    portions = _portions(program, batch, time, inputs.device)
    if lengths is not None and len(portions) > 1:
        inputs = without_padding(inputs, lengths)  # an instance has ended before some portions
    for first, steps in portions:
        if (batch, steps) not in used:
            memory = kept.get((batch, steps))
            used[batch, steps] = program.memory(batch, steps) if memory is None else memory
        left = None if lengths is None else (lengths - first).clamp(0, steps)
        piece = inputs[:, first : first + steps].contiguous()
        found, states, past = program.forward(piece, left, states, used[batch, steps], histories)
        predictions.append(found)
        pasts.append(past)
    if len(predictions) == 1:
        return (predictions[0], list(states or ()), pasts[0]), used
    whole = [torch.cat(parts, 1) for parts in zip(*pasts, strict=True)]
    return (torch.cat(predictions, 1), list(states or ()), whole), used


def _portions(
    program: Passes, batch: int, time: int, device: torch.device
) -> list[tuple[int, int]]:
    """Return each portion's first step, and how many steps it has."""
    numbers = batch * sum(part.previous.size for part in program.analysis.parts)
    most = max(LEAST_STEPS, NUMBERS.get(device.type, MOST_NUMBERS) // numbers)
    return [(first, min(most, time - first)) for first in range(0, time, most)]
