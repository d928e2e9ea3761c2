"""What became of the runs of one setting, as arrays with a place for each seed."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Outcomes"]


@dataclass(frozen=True, eq=False)
class Outcomes:
    """The runs of one setting that have ended, in the order of their seeds.

    Attributes:
        seeds: (runs,) the seed of each.
        statuses: (runs,) `ended`, `diverged`, `pruned`, `failed` or `killed`.
        steps: (runs,) the training steps that each made.
        solved_at: (runs,) the step of the first evaluation of the first error-free row of them;
            infinite if the run never solved the task.
        scores: by length (`"10"`) or range (`"41..500"`), by metric: (runs,) values, NaN where a
            run has none.
        losses: (runs, lines) the mean loss since the line before; NaN past a run's end. Column k is
            of step (k + 1) * log_every.
        validation: by metric: (runs, evaluations); NaN past a run's end. Column k is of step
            (k + 1) * evaluate_every.
        seconds: (runs,) the time of each run.
        log_every, evaluate_every: the steps between lines of loss, and between evaluations.
        step_limit: the most steps of a run.
        solved_after: how many evaluations in a row must be without errors.
    """

    seeds: NDArray[np.int64]
    statuses: NDArray[np.str_]
    steps: NDArray[np.int64]
    solved_at: NDArray[np.float64]
    scores: Mapping[str, Mapping[str, NDArray[np.float64]]]
    losses: NDArray[np.float64]
    validation: Mapping[str, NDArray[np.float64]]
    seconds: NDArray[np.float64]
    log_every: int
    evaluate_every: int
    step_limit: int
    solved_after: int

    @property
    def solved(self) -> NDArray[np.bool_]:
        """(runs,) whether each run solved the task."""
        return np.isfinite(self.solved_at)
