"""The curves of a setting that pictures and pages draw: medians and bands of its runs.

All functions go from outcomes to arrays. A curve after the end of a run carries its last value on;
`carried` says in how many runs. A run that diverged, failed or was killed has no model from then
on, so its accuracy is 0 afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.statistics.bootstrap import mean_intervals
from seqtasks.statistics.survival import TimesToEvent, times_to_event
from seqtasks.studies.measures import LOST, is_fraction, score_values, steps_to_solve
from seqtasks.studies.outcomes import Outcomes
from seqtasks.tasks.metrics import Metric

__all__ = [
    "BANDS",
    "LengthCurve",
    "ShareSolved",
    "StepCurve",
    "losses_over_steps",
    "score_over_length",
    "share_solved",
    "solving_times",
    "validation_over_steps",
]

Array = NDArray[np.float64]

BANDS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles of a band: half of the runs lie inside the inner one, 90 % inside the outer."""


@dataclass(frozen=True, eq=False)
class ShareSolved:
    """The share of runs that have solved the task, by step.

    Attributes:
        steps: (evaluations + 1,) 0 and the steps of the evaluations.
        share: (evaluations + 1,) the share that has solved the task by then.
        low, high: (evaluations + 1,) the ends of the 95 % interval of the share at each step.
    """

    steps: Array
    share: Array
    low: Array
    high: Array


@dataclass(frozen=True, eq=False)
class StepCurve:
    """The values of all runs over steps.

    Attributes:
        steps: (points,) the steps.
        values: (runs, points) the value of each run, carried on after its end; NaN if it has none.
        bands: (len(BANDS), points) the quantiles of the runs that have a value.
        carried: (points,) the number of runs whose last value is carried on.
    """

    steps: Array
    values: Array
    bands: Array
    carried: NDArray[np.int64]

    @property
    def median(self) -> Array:
        """(points,) the median of the runs."""
        return self.bands[BANDS.index(0.5)]

    @property
    def note(self) -> str | None:
        """A sentence that says that values are carried on, or None if none is."""
        most = int(self.carried.max(initial=0))
        if most == 0:
            return None
        runs = f"{most} run{'' if most == 1 else 's'}"
        return f"{runs} ended before the last step: the last value is carried on"


@dataclass(frozen=True, eq=False)
class LengthCurve:
    """The scores of all runs over length.

    Attributes:
        lengths: (lengths,) the lengths, in order.
        values: (runs, lengths) the score of each run; NaN if it has none.
        mean: (lengths,) the mean.
        low, high: (lengths,) the ends of its 95 % BCa interval.
        bands: (len(BANDS), lengths) the quantiles of the runs.
    """

    lengths: NDArray[np.int64]
    values: Array
    mean: Array
    low: Array
    high: Array
    bands: Array

    @property
    def median(self) -> Array:
        """(lengths,) the median of the runs."""
        return self.bands[BANDS.index(0.5)]


def solving_times(outcomes: Outcomes) -> TimesToEvent:
    """Return the Kaplan-Meier estimate of the steps to solve.

    A run that never solves, a diverged one too, counts as watched up to the step limit.
    """
    steps = steps_to_solve(outcomes)
    solved = np.isfinite(steps)
    return times_to_event(np.where(solved, steps, outcomes.step_limit), solved)


def share_solved(outcomes: Outcomes) -> ShareSolved:
    """Return the share of runs that have solved the task by each evaluation."""
    every, limit = outcomes.evaluate_every, outcomes.step_limit
    steps = np.arange(0, limit + 1, every, dtype=np.float64)
    if steps[-1] < limit:
        steps = np.append(steps, float(limit))
    if len(outcomes.seeds) == 0:
        nothing = np.full(len(steps), np.nan)
        return ShareSolved(steps, nothing, nothing, nothing)
    share, low, high = solving_times(outcomes).at(steps)
    low, high = np.where(steps > 0, low, 0.0), np.where(steps > 0, high, 0.0)
    return ShareSolved(steps, share, low, high)


def validation_over_steps(
    outcomes: Outcomes, metric: str, metrics: Sequence[Metric] = ()
) -> StepCurve:
    """Return the validation scores of all runs over steps, carried on after a run's end."""
    values = outcomes.validation.get(metric)
    if values is None:
        values = np.full((len(outcomes.seeds), 0), np.nan)
    lost = np.isin(outcomes.statuses, LOST)
    after = 0.0 if is_fraction(metric, metrics) else np.nan
    return _over_steps(values, outcomes.evaluate_every, lost, after)


def losses_over_steps(outcomes: Outcomes) -> StepCurve:
    """Return the training losses of all runs over steps, carried on after a run's end.

    A run that diverged, failed or was killed has no loss afterwards.
    """
    lost = np.isin(outcomes.statuses, LOST)
    return _over_steps(outcomes.losses, outcomes.log_every, lost, np.nan)


def score_over_length(
    outcomes: Outcomes, metric: str, metrics: Sequence[Metric] = ()
) -> LengthCurve:
    """Return the scores of all runs over the evaluation lengths, with the interval of the mean."""
    lengths = sorted(int(length) for length in outcomes.scores if length.isdecimal())
    columns = [score_values(outcomes, str(n), metric, metrics).values for n in lengths]
    values = np.stack(columns, axis=1) if columns else np.zeros((len(outcomes.seeds), 0))
    known = [column[np.isfinite(column)] for column in columns]
    intervals = mean_intervals(known)
    return LengthCurve(
        np.array(lengths, dtype=np.int64),
        values,
        np.array([column.mean() if len(column) else np.nan for column in known]),
        np.array([interval.low for interval in intervals]),
        np.array([interval.high for interval in intervals]),
        _quantiles(values),
    )


def _over_steps(values: Array, every: int, lost: NDArray[np.bool_], after: float) -> StepCurve:
    runs, points = values.shape
    steps = (np.arange(points, dtype=np.float64) + 1) * every
    columns = np.arange(points)
    known = np.isfinite(values)
    last = np.where(known, columns, -1).max(axis=1, initial=-1)
    past = columns > last[:, None]
    ends = np.full(runs, np.nan)
    begun = last >= 0
    ends[begun] = values[begun, last[begun]]
    ends[lost] = after
    filled = np.where(past, ends[:, None], np.where(known, values, np.nan))
    carried = (past & begun[:, None] & ~lost[:, None]).sum(axis=0)
    return StepCurve(steps, filled, _quantiles(filled), carried)


def _quantiles(values: Array) -> Array:
    """Return (len(BANDS), points) quantiles of the runs that have a value; NaN where none has."""
    found = np.full((len(BANDS), values.shape[1]), np.nan)
    whole = np.isfinite(values).all(axis=0) & (len(values) > 0)
    found[:, whole] = np.quantile(values[:, whole], BANDS, axis=0) if whole.any() else 0.0
    for point in np.flatnonzero(~whole):
        known = values[np.isfinite(values[:, point]), point]
        if len(known):
            found[:, point] = np.quantile(known, BANDS)
    return found
