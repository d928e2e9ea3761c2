"""Pass a batch through a program: gradients, empty instances, kept memory."""

import operator
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from seqtasks.cells import State
from seqtasks.cells.padding import checked_lengths
from seqtasks.engine.contract.autograd import differentiable_pass
from seqtasks.engine.contract.chunked import IdleMemories, forward_alone
from seqtasks.engine.contract.computed_values import with_values
from seqtasks.engine.contract.passes import Passes
from seqtasks.engine.record.batch_layout import (
    flattened,
    nested,
    parted,
    without_padding,
    without_steps,
)
from seqtasks.randomness.counted_draws import DrawKey

__all__ = ["call_program"]

_REQUIRES_GRAD = operator.attrgetter("requires_grad")


def call_program(
    program: Passes,
    inputs: Tensor,
    given: list[Tensor] | None,
    lengths: Tensor | None,
    histories: bool,
    *,
    idle: IdleMemories,
    initial: Callable[[], Sequence[State]] | None = None,
    key: DrawKey | None = None,
) -> tuple[Tensor, list[State], list[State], Tensor | None]:
    """Run a batch through a program, with gradients if torch keeps them.

    Args:
        program: the program to run.
        inputs: (batch, time) ids or (batch, time, features).
        given: the states to start from, as one list; None for the initial states.
        lengths: (batch,) steps of each instance, or None.
        histories: whether to return the states of every step.
        idle: the memory of an earlier call without gradients.
        initial: makes the initial states of all layers for this batch, for instances without steps.
        key: which random numbers a model that draws gets.

    Returns:
        The predictions, each layer's final state, each layer's states at every step, and the
        penalties, (batch, time), if the model has any.
    """
    model_graph = program.model_graph
    empty = None
    if lengths is not None:
        lengths = checked_lengths(inputs, lengths)
        if int(lengths.min()) == 0:
            empty, inputs = lengths == 0, without_padding(inputs, lengths)
            lengths = lengths.clamp(min=1)
    inputs = inputs.contiguous().resolve_neg()
    passed = _passed(program, inputs, lengths, given, histories, idle, key)
    predictions, finals, past, penalties = passed
    if empty is not None and initial is not None:
        start = given or flattened(model_graph, initial(), inputs.shape[0]) or []
        predictions, finals, past = without_steps(empty, start, *passed[:3])
        penalties = None if penalties is None else penalties.masked_fill(empty[:, None], 0)
    histories_of = nested(model_graph, past) if past else []
    return predictions, nested(model_graph, finals), histories_of, penalties


def _passed(
    program: Passes,
    inputs: Tensor,
    lengths: Tensor | None,
    given: list[Tensor] | None,
    histories: bool,
    idle: IdleMemories,
    key: DrawKey | None,
) -> tuple[Tensor, list[Tensor], list[Tensor], Tensor | None]:
    kept_for = program
    if key is not None and program.model_graph.draws:
        program = program.drawing(key)
    program, tensors = with_values(program)
    sources = (inputs, *(given or ()), *tensors)
    if not torch.is_grad_enabled() or not any(map(_REQUIRES_GRAD, sources)):
        kept = idle.take(kept_for)
        with torch.no_grad():
            results, used = forward_alone(program, inputs, lengths, given, histories, kept)
        idle.give_back(kept_for, used)
        joint, finals, past = results
        predictions, penalties = parted(program.model_graph, joint)
        return predictions, finals, past, penalties
    count = -1 if given is None else len(given)
    found: Sequence[Tensor] = differentiable_pass(program, lengths, count, histories, *sources)
    penalties = None
    if program.model_graph.penalty is not None:
        *found, penalties = found
    parts = (len(found) - 1) // 2 if histories else len(found) - 1
    return found[0], list(found[1 : 1 + parts]), list(found[1 + parts :]), penalties
