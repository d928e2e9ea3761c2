"""Order settings by how well their seeds learned: the best first."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from seqtasks.experiments.experiment import Experiment
from seqtasks.specs.seeds import Seeds
from seqtasks.studies.measures import lower_is_better, metrics_of, score_values, steps_to_solve
from seqtasks.studies.outcomes import Outcomes

__all__ = ["RANKED_BY", "best_first", "only_seeds"]

RANKED_BY = "share of seeds that solved the task, then mean steps to solve, then mean score"
"""The order of settings in words. An unsolved run counts with its step limit."""


def best_first(
    outcomes: Mapping[int, Outcomes], experiments: Mapping[int, Experiment]
) -> list[int]:
    """Return the indices of settings, the best first; equal ones in the order of their indices.

    A setting is better if a larger share of its seeds solved the task; among equals, if they took
    fewer steps on average, where a run that did not solve the task counts with its step limit;
    among equals, if the mean of the first metric at the first length is better. A run that failed
    or diverged counts as unsolved, and as worst.

    Args:
        outcomes: the runs of each setting.
        experiments: the experiment of each setting.
    """
    return sorted(outcomes, key=lambda index: (*_key(outcomes[index], experiments[index]), index))


def only_seeds(outcomes: Outcomes, seeds: Seeds) -> Outcomes:
    """Return the runs of some seeds alone."""
    chosen = np.array([int(seed) in seeds for seed in outcomes.seeds], dtype=bool)

    def rows(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values[chosen]

    return Outcomes(
        seeds=outcomes.seeds[chosen],
        statuses=outcomes.statuses[chosen],
        steps=outcomes.steps[chosen],
        solved_at=rows(outcomes.solved_at),
        scores={
            length: {name: rows(values) for name, values in by_name.items()}
            for length, by_name in outcomes.scores.items()
        },
        losses=rows(outcomes.losses),
        validation={name: rows(values) for name, values in outcomes.validation.items()},
        seconds=rows(outcomes.seconds),
        log_every=outcomes.log_every,
        evaluate_every=outcomes.evaluate_every,
        step_limit=outcomes.step_limit,
        solved_after=outcomes.solved_after,
    )


def _key(outcomes: Outcomes, experiment: Experiment) -> tuple[float, float, float]:
    """Return numbers that are smaller for a better setting."""
    if not len(outcomes.seeds):
        return 0.0, float("inf"), float("inf")
    steps = steps_to_solve(outcomes)
    restricted = np.minimum(steps, outcomes.step_limit)
    return (
        -float(np.isfinite(steps).mean()),
        float(restricted.mean()) / outcomes.step_limit,
        _mean_error(outcomes, experiment),
    )


def _mean_error(outcomes: Outcomes, experiment: Experiment) -> float:
    """Return the mean of the first metric at the first length, so that less is better."""
    metrics = metrics_of(experiment)
    length = next(iter(outcomes.scores), None)
    if length is None:
        return float("inf")
    values = score_values(outcomes, length, metrics[0].name, metrics).values
    lower = lower_is_better(metrics[0].name, metrics)
    worst = np.inf if lower else -np.inf
    mean = float(np.where(np.isfinite(values), values, worst).mean())
    return mean if lower else -mean
