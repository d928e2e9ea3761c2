"""The numbers by which runs are compared, one for each run: steps to solve, solved, scores.

A run that diverged, failed or was killed has no model at its end. So it never solved the task,
whatever it scored before, and as it answers nothing right, its accuracy counts as 0.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.outcomes import Outcomes
from seqtasks.tasks.metrics import Metric

__all__ = [
    "LOST",
    "Measure",
    "MetricScores",
    "is_fraction",
    "lower_is_better",
    "measure_name",
    "measures_of",
    "metrics_of",
    "number_or_none",
    "score_values",
    "steps_to_solve",
]

LOST = ("diverged", "failed", "killed")
"""The ends of runs that leave no model."""


@dataclass(frozen=True, eq=False)
class MetricScores:
    """A score of each run.

    Attributes:
        values: (runs,) the scores; NaN where a run has none, and none can be said of it.
        counted_as_zero: (runs,) whether a run has no model, and its accuracy counts as 0.
    """

    values: NDArray[np.float64]
    counted_as_zero: NDArray[np.bool_]

    @property
    def known(self) -> NDArray[np.bool_]:
        """(runs,) whether a run has a value."""
        return np.isfinite(self.values)


def steps_to_solve(outcomes: Outcomes) -> NDArray[np.float64]:
    """Return the (runs,) steps after which the runs solved the task; infinite if one never did."""
    lost = np.isin(outcomes.statuses, LOST) | (outcomes.solved_at > outcomes.step_limit)
    return np.where(lost, np.inf, outcomes.solved_at)


def score_values(
    outcomes: Outcomes, length: str, metric: str, metrics: Sequence[Metric] = ()
) -> MetricScores:
    """Return the score of each run by one metric at one length or range.

    Args:
        outcomes: the runs.
        length: the length or range, such as `10` or `41..500`.
        metric: the metric's name.
        metrics: the task's metrics.
    """
    given = outcomes.scores.get(length, {}).get(metric)
    values = np.full(len(outcomes.seeds), np.nan) if given is None else given
    values = np.where(np.isfinite(values), values, np.nan)
    lost = np.isin(outcomes.statuses, LOST) & np.isnan(values)
    if not is_fraction(metric, metrics):
        lost = np.zeros_like(lost)
    return MetricScores(np.where(lost, 0.0, values), lost)


@dataclass(frozen=True, eq=False)
class Measure:
    """A number of each run by which settings are compared.

    Attributes:
        values: (runs,) the numbers; NaN where a run has none.
        ranked: (runs,) the numbers by which runs are ranked, where they differ from the values: a
            run that never solved the task comes after one that solved it at the step limit.
        lower_is_better: whether a smaller number is better.
        largest: the largest number that is possible, from 0 on; None if there is none.
        metric: the metric of a score, else None.
        length: the length or range of a score, such as `10` or `41..500`, else None.
    """

    values: NDArray[np.float64]
    ranked: NDArray[np.float64]
    lower_is_better: bool
    largest: float | None
    metric: str | None = None
    length: str | None = None


def measures_of(
    outcomes: Outcomes, metrics: Sequence[Metric] = (), limit: int | None = None
) -> dict[str, Measure]:
    """Return all measures of runs by name: `solved`, `steps_to_solve`, `token_accuracy at 10`.

    Steps to solve are up to the step limit: a run that never solved the task has the limit.

    Args:
        outcomes: the runs.
        metrics: the task's metrics.
        limit: a step limit up to which to compare, if it is below the runs' own limit.
    """
    limit = min(outcomes.step_limit, limit or outcomes.step_limit)
    steps = steps_to_solve(outcomes)
    steps = np.where(steps <= limit, steps, np.inf)
    solved = np.isfinite(steps).astype(np.float64)
    found = {
        "solved": Measure(solved, solved, False, 1.0),
        "steps_to_solve": Measure(np.minimum(steps, limit), steps, True, float(limit)),
    }
    for length, by_name in outcomes.scores.items():
        for name in by_name:
            values = score_values(outcomes, length, name, metrics).values
            largest = 1.0 if is_fraction(name, metrics) else None
            lower = lower_is_better(name, metrics)
            found[measure_name(name, length)] = Measure(
                values, values, lower, largest, name, length
            )
    return found


def measure_name(metric: str, length: str) -> str:
    """Return the name of a score as a measure: `token_accuracy at 10`, or `over 41..500`."""
    return f"{metric} {'over' if '..' in length else 'at'} {length}"


def is_fraction(metric: str, metrics: Sequence[Metric] = ()) -> bool:
    """Say whether a metric is a share of right answers, as its task says, or else its name."""
    found = _find(metric, metrics)
    return metric.endswith("accuracy") if found is None else found.fraction


def lower_is_better(metric: str, metrics: Sequence[Metric] = ()) -> bool:
    """Say whether a metric is an error, as its task says."""
    found = _find(metric, metrics)
    return found is not None and found.lower_is_better


def metrics_of(experiment: Experiment) -> tuple[Metric, ...]:
    """Return the metrics of an experiment's task."""
    return tuple(experiment.make_task().metrics)


def number_or_none(value: float) -> float | None:
    """Return a number for JSON, which has no NaN and no infinity: None in their place."""
    return float(value) if math.isfinite(value) else None


def _find(metric: str, metrics: Sequence[Metric]) -> Metric | None:
    return next((one for one in metrics if one.name == metric), None)
