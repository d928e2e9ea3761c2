"""Choose an engine by the number of programs that the training lengths need."""

import logging

from seqtasks.engine.engines import Engines
from seqtasks.engine.program_cache import MOST_PROGRAMS
from seqtasks.models.model import Model
from seqtasks.training.batches import BatchSource

__all__ = ["MOST_COMPILED", "with_few_programs"]

logger = logging.getLogger("seqtasks")

MOST_COMPILED = 16
"""The most programs that `auto` compiles for training. It takes minutes to compile more; the torch
engine makes a program in a second."""
TRIED_LENGTHS = 64
"""How many training lengths are looked at to see how many programs they need."""


def with_few_programs(model: Model, engines: Engines, source: BatchSource) -> Engines:
    """Return engines of `auto` that do not compile for minutes what few training steps use.

    If the initial state of a cell depends on the number of steps, a program holds for few numbers
    of steps, or for one. The training lengths alone decide, never the number of training steps, so
    that a run that is resumed for more steps has the engine of a run that had them from the start.

    Args:
        model: the model to train.
        engines: its engines; none has been chosen yet.
        source: the training batches.
    """
    lengths = source.number_of_lengths
    if lengths <= MOST_COMPILED:
        return engines
    shortest, longest = engines.alike(source.numbers_of_steps(2))
    if shortest == longest:
        return engines
    alike = engines.alike(source.numbers_of_steps(TRIED_LENGTHS))
    programs = lengths * len(set(alike)) // len(alike)
    needed = f"training at {lengths} lengths needs about {programs} programs"
    if programs > MOST_PROGRAMS:
        logger.warning(
            f"the plain loop trains the model: {needed}, more than can be kept; with fewer lengths "
            "a faster engine trains it"
        )
        return model.use_engine("plain")
    if programs > MOST_COMPILED:
        engines.leave_out_native(
            f"{needed}, and each takes seconds to compile; for a long training: --engine native"
        )
    return engines
