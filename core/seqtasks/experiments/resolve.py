"""Hold an experiment's settings against its task: lengths, curriculum, schedule, holdout."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seqtasks.errors import UsageError
from seqtasks.tasks import Task
from seqtasks.tasks.curricula import build_curriculum
from seqtasks.tasks.learning_rates import build_schedule
from seqtasks.tasks.lengths import LengthRange, check_number

if TYPE_CHECKING:
    from seqtasks.experiments.experiment import Experiment

__all__ = ["Resolved", "resolve"]

EVALUATION_MULTIPLES = (1, 2, 5, 10, 50)
"""By default a model is scored at these multiples of its longest training length."""


@dataclass(frozen=True)
class Resolved:
    """The settings that only the task makes definite.

    Attributes:
        evaluation_lengths: the lengths of the final scores.
        score: the range of the mean score in its written form, or None.
        score_also: a part of this range in its written form, or None.
    """

    evaluation_lengths: Sequence[int]
    score: str | None
    score_also: str | None


def resolve(experiment: "Experiment", task: Task) -> Resolved:
    """Check that settings fit a task, and make definite what they leave to it.

    Raises:
        UsageError: for lengths that the task does not have, an unknown curriculum or schedule, or
            a share of held-out inputs that cannot be taken.
    """
    allowed = task.lengths.select(experiment.length_range, task.known_as)
    build_curriculum(experiment.curriculum, allowed)
    build_schedule(experiment.lr_schedule)
    experiment.make_holdout(task)
    for length in experiment.evaluation_lengths or ():
        task.lengths.select(LengthRange(length, length), task.known_as)
    whole = None if experiment.score is None else LengthRange.parse(experiment.score)
    if whole is not None:
        check_number(len(task.lengths.select(whole, task.known_as)))
    part = experiment.score_also
    return Resolved(
        score=None if whole is None else str(whole),
        score_also=None if part is None else _part_of_score(part, whole, task),
        evaluation_lengths=_lengths_beyond(allowed[-1], task)
        if experiment.evaluation_lengths is None
        else experiment.evaluation_lengths,
    )


def _part_of_score(wanted: str, whole: LengthRange | None, task: Task) -> str:
    """Return `score_also` in the written form of a range, after checking it.

    Raises:
        UsageError: if it is not a part of the range `score`, or the task allows none of it.
    """
    part = LengthRange.parse(str(wanted))
    if whole is None or part.first < whole.first or part.last > whole.last:
        raise UsageError(f"score_also must be a part of score, got {part} of {whole}")
    task.lengths.select(part, task.known_as)
    return str(part)


def _lengths_beyond(trained: int, task: Task) -> tuple[int, ...]:
    """Return the lengths at which a model is scored by default, from the longest trained on."""
    multiples = (multiple * trained for multiple in EVALUATION_MULTIPLES)
    possible = (task.lengths.at_least(length) for length in multiples)
    return tuple(dict.fromkeys(length for length in possible if length is not None))
