"""Checks of memory: only the state carries something from one step to the next."""

from seqtasks.authoring.rows_and_memory import (
    DRAWS,
    DRAWS_OUTSIDE,
    TRAINS_ONCE,
    draws_outside,
    memory_of,
    trains_once,
)
from seqtasks.testing.check import CheckFailedError
from seqtasks.testing.modules.specimen import Specimen
from seqtasks.testing.modules.trial import batches, model_of

__all__ = ["gives_the_same_twice", "keeps_nothing_on_self"]


def gives_the_same_twice(specimen: Specimen) -> None:
    """Steps draw no random numbers in evaluation, and in training only by torch."""
    some, others = batches()
    found = memory_of(model_of(specimen), some, others)
    if found.draws_outside or draws_outside(model_of(specimen).train(), some):
        raise CheckFailedError(f"{DRAWS_OUTSIDE}: draw by torch, and only in training")
    if found.draws:
        raise CheckFailedError(f"{DRAWS}: draw only `if self.training`, as nn.Dropout does")


def keeps_nothing_on_self(specimen: Specimen) -> None:
    """Nothing is kept on self from one sequence to the next: all memory is in the state."""
    some, others = batches()
    others = others[:, 1:]  # what is kept may depend on whether the number of steps is even
    found = memory_of(model_of(specimen), some, others)
    if found.names or found.differs:
        raise CheckFailedError(f"{found.describe()}: make it a part of the state, and ask no clock")
    if trains_once(model_of(specimen), some, others):
        raise CheckFailedError(TRAINS_ONCE)
