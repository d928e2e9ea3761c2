"""Find the mistakes of a model's author by running copies on a few instances.

A cell that breaks the rules for cells still trains, and its scores look like any other's: its rows
mix, it keeps something from one sequence to the next, or it computes with tensors that are never
trained. Each mistake becomes a line for the author. None is an error: the author may intend it.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from torch import Tensor, nn

from seqtasks.authoring.rows_and_memory import (
    DEPENDS_ON_PAST,
    DRAWS,
    DRAWS_OUTSIDE,
    KEPT,
    ROWS_MIX,
    TRAINS_ONCE,
    memory_of,
    rows_mix,
    trains_once,
)
from seqtasks.authoring.step_mistakes import check_in_place, is_detached, step_mistakes
from seqtasks.authoring.trial_copies import CannotCopyError, copied
from seqtasks.authoring.untrained import NO_GRADIENT, plain_tensors, untrained_by
from seqtasks.cells import Cell
from seqtasks.engine.record.outside_draws import states_kept
from seqtasks.models.model import Model

__all__ = ["DETACHED", "NO_GRADIENT", "TRAINS_ONCE", "check_steps", "model_mistakes", "two_batches"]

FoundT = TypeVar("FoundT")

ROWS, STEPS = 4, 6
"""The instances, and their first steps, that a model is tried on."""
DETACHED = (
    "a step depends on the state before it, but no gradient goes back to that state, as if it were "
    "detached"
)


def check_steps(model: nn.Module, title: str) -> list[str]:
    """Refuse a cell that changes its state in place; return the mistakes in what it returns.

    Raises:
        UsageError: if the cell changes its state in place.
    """
    found: list[str] = []
    for cell in model.cells if isinstance(model, Model) else ():
        with suppress(CannotCopyError), states_kept():
            check_in_place(copied(cell), title)
            found += step_mistakes(copied(cell))
    return list(dict.fromkeys(found))


def model_mistakes(model: nn.Module, inputs: Tensor) -> list[str]:
    """Return a model's mistakes, one line each, the gravest first.

    The model is not changed, nor are the caller's random states, unless other threads may draw.

    Args:
        model: from inputs to predictions, or to a tuple of predictions and a state.
        inputs: (rows, time) ids or (rows, time, features), twice ROWS instances.
    """
    with states_kept():
        try:
            return _found_in(model, inputs)
        except CannotCopyError:
            return []


def two_batches(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Return two batches of ROWS instances that share the row KEPT alone."""
    some, others = inputs[:ROWS], inputs[ROWS : 2 * ROWS].clone()
    others[KEPT] = some[KEPT]
    return some, others


def _found_in(model: nn.Module, inputs: Tensor) -> list[str]:
    is_ours = isinstance(model, Model)
    some, others = two_batches(inputs[:, :STEPS] if is_ours else inputs)  # it takes any steps
    found = [_tried(plain_tensors, copied(model), some)]
    memory = _tried(memory_of, copied(model), some, others)
    kept: str | None = None
    if memory and memory.draws_outside:
        kept = DRAWS_OUTSIDE
    elif memory and memory.names and (memory.differs or is_ours):  # other modules may keep counts
        kept = memory.describe()
    elif memory and memory.differs:
        kept = DEPENDS_ON_PAST
    elif memory and memory.draws:
        kept = DRAWS
    mixes = _tried(rows_mix, copied(model), copied(model), some, others)
    if kept in (DRAWS_OUTSIDE, DEPENDS_ON_PAST):  # either alone makes rows differ
        mixes = False
    once = _tried(trains_once, copied(model), some, others)
    untrained = [TRAINS_ONCE if once else None, *_untrained(model, some)]
    for cell in model.cells if is_ours else ():
        steps = isinstance(cell, Cell) and not hasattr(cell, "scan")
        untrained.append(DETACHED if steps and _tried(is_detached, copied(cell)) else None)
    lines = [ROWS_MIX if mixes else None, kept, *untrained, *found]
    told = dict.fromkeys(line for line in lines if line is not None)
    return sorted(told, key=lambda line: line == DRAWS)  # draws may be meant


def _untrained(model: nn.Module, inputs: Tensor) -> list[str | None]:
    found = _tried(untrained_by, copied(model), inputs)
    if found is None:
        return []
    if found.made_late:
        return [found.describe_made_late()]
    dead = found.describe_dead(f" in its first {STEPS} steps" if isinstance(model, Model) else "")
    strangers = found.describe_strangers()
    return [dead, strangers] if len(found.dead) == found.parameters else [strangers, dead]


def _tried(function: Callable[..., FoundT], *arguments: object) -> FoundT | None:
    """Return what a function finds; None if the model fails; its runner tells of that."""
    with suppress(Exception):
        return function(*arguments)
    return None
