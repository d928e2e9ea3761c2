"""The data of a setting's row in `result.json`: how often, how soon and how well it learned."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqtasks.statistics.best_of import expected_best
from seqtasks.statistics.bootstrap import mean_intervals
from seqtasks.statistics.shares import share_interval
from seqtasks.studies.curves import solving_times
from seqtasks.studies.lines import STATUSES
from seqtasks.studies.measures import (
    MetricScores,
    lower_is_better,
    metrics_of,
    number_or_none,
    score_values,
    steps_to_solve,
)
from seqtasks.studies.outcomes import Outcomes
from seqtasks.studies.settings import Setting
from seqtasks.studies.study_record import plain

__all__ = ["BEST_OF", "METHODS", "summary_of"]

BEST_OF = (3, 5, 10)
"""Papers report the best of this many runs."""

METHODS = (
    "share of seeds: Wilson's 95 % score interval (scipy.stats.binomtest)",
    "steps to solve: Kaplan-Meier (scipy.stats.ecdf, censored at the step limit)",
    "median steps: interval of Brookmeyer and Crowley, from Wilson's intervals of the shares",
    "means: 95 % BCa bootstrap interval, 9,999 resamples, as scipy.stats.bootstrap",
    "expected best of n: exact, drawn with replacement (Dodge et al. 2019)",
)
"""The methods of these numbers, by name."""


def summary_of(
    setting: Setting, outcomes: Outcomes, asked: int, parameters: int | None
) -> dict[str, Any]:
    """Return the numbers of one setting, as `result.json` holds them.

    Every run that has ended counts in every share. Runs that are not among the outcomes are told
    of as `unfinished`, and count in nothing else.

    Args:
        setting: the setting.
        outcomes: its runs that have ended.
        asked: the number of runs that were asked for.
        parameters: the number of trained numbers of its model, or None if it is not known.

    Returns:
        Plain data. None stands for a number that does not exist: a median that was not reached, an
        interval of one value, a score that no run has.
    """
    runs = len(outcomes.seeds)
    solved = int(np.isfinite(steps_to_solve(outcomes)).sum())
    counts = {status: int((outcomes.statuses == status).sum()) for status in STATUSES}
    return {
        "label": setting.label,
        "changes": plain(setting.changes),
        "parameters": parameters,
        "runs": asked,
        **counts,
        "unfinished": asked - runs,
        "solved": {
            "count": solved,
            "of": runs,
            "share": solved / runs if runs else None,
            "interval": [number_or_none(end) for end in share_interval(solved, runs)[:2]],
        },
        "steps_to_solve": _steps(outcomes, solved),
        "scores": _scores(setting, outcomes),
    }


def _steps(outcomes: Outcomes, solved: int) -> dict[str, Any]:
    times = solving_times(outcomes)
    up_to_limit = np.minimum(steps_to_solve(outcomes), outcomes.step_limit)
    return {
        "grid": outcomes.evaluate_every,
        "limit": outcomes.step_limit,
        "reached": solved,
        "mean_up_to_limit": float(up_to_limit.mean()) if len(up_to_limit) else None,
        "median": _step(times.quantile(0.5)),
        "quartiles": [_step(times.quantile(0.25)), _step(times.quantile(0.75))],
        "interval": [_step(end, outcomes.evaluate_every) for end in times.quantile_interval(0.5)],
    }


def _step(time: float | None, least: int = 0) -> int | None:
    """Return a time as a step; no run solves the task before the first evaluation."""
    return None if time is None else max(int(time), least)


def _scores(setting: Setting, outcomes: Outcomes) -> dict[str, dict[str, Any]]:
    metrics = metrics_of(setting.experiment)
    places = [(length, name) for length, by_name in outcomes.scores.items() for name in by_name]
    scores = [score_values(outcomes, length, name, metrics) for length, name in places]
    intervals = mean_intervals([one.values[one.known] for one in scores])
    found: dict[str, dict[str, Any]] = {length: {} for length in outcomes.scores}
    for (length, name), one, interval in zip(places, scores, intervals, strict=True):
        described = _score(one, outcomes.seeds, lower_is_better(name, metrics))
        described["interval"] = [number_or_none(end) for end in interval[:2]]
        if interval.note:
            described["note"] = interval.note
        found[length][name] = described
    return found


def _score(scores: MetricScores, seeds: NDArray[np.int64], lower: bool) -> dict[str, Any]:
    values, known_seeds = scores.values[scores.known], seeds[scores.known]
    described: dict[str, Any] = {
        "mean": float(values.mean()) if len(values) else None,
        "interval": [None, None],
        "median": float(np.median(values)) if len(values) else None,
        "best": None,
        "worst": None,
        "expected_best": {str(n): expected_best(values, n, lower) for n in BEST_OF},
        "n": len(values),
        "counted_as_zero": int(scores.counted_as_zero.sum()),
    }
    if len(values):
        largest, smallest = (
            {"seed": int(known_seeds[place]), "value": float(values[place])}
            for place in (values.argmax(), values.argmin())
        )
        ordered = (smallest, largest) if lower else (largest, smallest)
        described["best"], described["worst"] = ordered
    return described
