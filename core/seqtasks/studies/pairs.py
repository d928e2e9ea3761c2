"""Compare settings two by two: the `pairs` of `result.json`."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqtasks.experiments.experiment import Experiment
from seqtasks.statistics.bootstrap import difference_intervals, mean_intervals
from seqtasks.statistics.paired_tests import (
    TestResult,
    holm,
    pairs_needed,
    resamples_for,
    sign_flip_tests,
)
from seqtasks.statistics.power import detectable_difference
from seqtasks.statistics.shares import Interval, share_better
from seqtasks.statistics.unpaired import label_permutation_tests, logrank_test, probability_larger
from seqtasks.studies.measures import Measure, measures_of, number_or_none
from seqtasks.studies.outcomes import Outcomes
from seqtasks.tasks.metrics import Metric

__all__ = ["METHODS", "SIGNIFICANT", "Entrant", "entrant_data", "pairs"]

Array = NDArray[np.float64]

SIGNIFICANT = 0.05
"""A difference is found if its p-value after Holm's correction is at most this."""

METHODS = (
    "pairs: two settings' runs of one seed, on the same data and evaluation instances",
    "difference of means: 95 % BCa bootstrap interval, 9,999 resamples, as scipy.stats.bootstrap",
    "better: share of seeds, ties count half (Bouthillier et al. 2021), Wilson's 95 % interval",
    "p-values: sign-flip permutation test of the mean difference (scipy.stats.permutation_test)",
    "p-values after Holm: over all pairs of settings, for each measure",
)
"""The methods of these numbers, by name."""

UNPAIRED_METHODS = (
    "not paired, p-values: permutation of labels (scipy.stats.permutation_test); steps: log-rank",
    "not paired, better: over all pairs of runs, interval by the variance of DeLong et al. 1988",
)
"""The methods of comparisons in which nothing is paired."""

_DATA = (
    "task",
    "length",
    "curriculum",
    "ponder",
    "blank_before_answer",
    "batch_size",
    "data",
    "training_inputs",
    "holdout",
    "validation_sequences",
    "evaluation_sequences",
    "score_sequences",
)

_UNKNOWN = Interval(np.nan, np.nan)
_UNTESTED = TestResult(np.nan, np.nan, True)


@dataclass(frozen=True, eq=False)
class Entrant:
    """A setting to compare with others.

    Attributes:
        label: its label.
        outcomes: its runs that have ended.
        task: what is equal for settings with one task; others are not compared.
        data: what is equal for settings whose runs of one seed have the same data.
        metrics: the task's metrics.
    """

    label: str
    outcomes: Outcomes
    task: Hashable = None
    data: Hashable = None
    metrics: Sequence[Metric] = ()


@dataclass(eq=False)
class _Comparison:
    """Two settings by one measure: the numbers that are compared, and what is found."""

    labels: tuple[str, str]
    name: str
    measure: Measure
    values: tuple[Array, Array]
    ranked: tuple[Array, Array]
    paired: bool
    notes: list[str]
    interval: Interval = _UNKNOWN
    test: TestResult = _UNTESTED

    @property
    def difference(self) -> float:
        first, second = self.values
        if min(len(first), len(second)) == 0:
            return np.nan
        if self.paired:
            return float((first - second).mean())
        return float(first.mean() - second.mean())


def entrant_data(experiment: Experiment) -> tuple[Hashable, Hashable]:
    """Return what is equal for experiments with one task, and for those with the same data."""
    described = experiment.to_json()[0]
    task = str(described["task"])
    return task, tuple(str(described[name]) for name in _DATA)


def pairs(entrants: Sequence[Entrant]) -> list[dict[str, Any]]:
    """Compare all settings of one task two by two, by every measure that both have.

    Runs are paired by equal seeds, if the settings have the same data. Otherwise nothing is paired,
    and an entry's `note` says so.

    Returns:
        An entry for each pair and measure, as `result.json` holds it. `difference` is a minus b:
        of the shares that solved the task, of the mean steps to solve up to the step limit, or of
        the mean scores. `better` is the probability that a is better than b, where fewer steps and
        smaller errors are better. `p_holm` is corrected for all pairs of the measure. `detectable`
        is the difference, in standard deviations of the differences, that these seeds would have
        found in 80 % of studies; None if none could be found.
    """
    couples = [(one, other) for one, other in combinations(entrants, 2) if one.task == other.task]
    comparisons = [found for one, other in couples for found in _comparisons(one, other)]
    _test(comparisons, len(couples))
    entries = [_entry(one, len(couples)) for one in comparisons]
    for name in dict.fromkeys(one.name for one in comparisons):
        places = [place for place, one in enumerate(comparisons) if one.name == name]
        corrected = holm([comparisons[place].test.p_value for place in places])
        for place, p in zip(places, corrected, strict=True):
            entries[place]["p_holm"] = number_or_none(p)
    return entries


def _comparisons(one: Entrant, other: Entrant) -> list[_Comparison]:
    """Return the comparisons of two settings, with the runs that they compare."""
    both = one.outcomes, other.outcomes
    limit = min(outcomes.step_limit for outcomes in both)
    seeds, *places = np.intersect1d(
        both[0].seeds, both[1].seeds, assume_unique=True, return_indices=True
    )
    paired = one.data == other.data and len(seeds) > 0
    notes: list[str] = []
    if not paired:
        why = "the data differ" if one.data != other.data else "no seed in common"
        notes.append(f"not paired: {why}")
        places = [np.arange(len(outcomes.seeds)) for outcomes in both]
    alone = sum(len(outcomes.seeds) for outcomes in both) - sum(map(len, places))
    if alone:
        notes.append(f"{alone} runs whose seed only one of the two has are left out")
    measures = [measures_of(entrant.outcomes, entrant.metrics, limit) for entrant in (one, other)]
    found: list[_Comparison] = []
    for name in measures[0]:
        if name not in measures[1]:
            continue
        owns = [own[name] for own in measures]
        known = [np.isfinite(own.values[place]) for own, place in zip(owns, places, strict=True)]
        if paired:
            known = [known[0] & known[1]] * 2
        kept = [place[each] for place, each in zip(places, known, strict=True)]
        said = [*notes, *_about(name, both, limit)]
        missing = sum(map(len, places)) - sum(map(len, kept))
        if missing:
            said.append(f"{missing} runs are left out, for a score that is missing")
        found.append(
            _Comparison(
                (one.label, other.label),
                name,
                owns[0],
                (owns[0].values[kept[0]], owns[1].values[kept[1]]),
                (owns[0].ranked[kept[0]], owns[1].ranked[kept[1]]),
                paired,
                said,
            )
        )
    return found


def _about(name: str, both: tuple[Outcomes, Outcomes], limit: int) -> list[str]:
    """Return notes on steps to solve under different limits and grids."""
    said: list[str] = []
    if name in ("solved", "steps_to_solve"):
        if both[0].step_limit != both[1].step_limit:
            said.append(f"compared up to step {limit}, the smaller limit")
        if both[0].evaluate_every != both[1].evaluate_every:
            grids = " and ".join(str(outcomes.evaluate_every) for outcomes in both)
            said.append(f"evaluated every {grids} steps")
    return said


def _test(comparisons: Sequence[_Comparison], tests: int) -> None:
    """Find the intervals and p-values of comparisons; equal kinds share their resamples."""
    paired = [one for one in comparisons if one.paired]
    differences = [one.values[0] - one.values[1] for one in paired]
    intervals = mean_intervals(differences)
    results = sign_flip_tests(differences, resamples_for(tests))
    for one, interval, result in zip(paired, intervals, results, strict=True):
        one.interval, one.test = interval, result
    unpaired = [one for one in comparisons if not one.paired]
    for one, interval in zip(
        unpaired, difference_intervals([one.values for one in unpaired]), strict=True
    ):
        one.interval = interval
    means = [one for one in unpaired if one.name != "steps_to_solve"]
    results = label_permutation_tests([one.values for one in means], resamples_for(tests))
    for one, result in zip(means, results, strict=True):
        one.test = result
    for one in unpaired:
        if one.name == "steps_to_solve":
            one.test = logrank_test(*one.ranked, one.measure.largest or np.inf)


def _entry(one: _Comparison, tests: int) -> dict[str, Any]:
    share, interval = _better(one)
    number = min(map(len, one.values))
    notes = list(one.notes)
    if one.interval.note:
        notes.insert(0, one.interval.note)
    if one.paired and number < pairs_needed(tests):
        over = "" if tests == 1 else f" over {tests} pairs of settings"
        notes.append(f"{number} seeds cannot reach significance{over}: {pairs_needed(tests)} can")
    if one.paired:
        test, telling = "sign-flip permutation", number
    else:
        test = "log-rank" if one.name == "steps_to_solve" else "label permutation"
        first, second = (max(len(own), 1) for own in one.values)
        telling = int(first * second / (first + second))
    entry: dict[str, Any] = {
        "a": one.labels[0],
        "b": one.labels[1],
        "measure": one.name,
        "metric": one.measure.metric,
        "length": one.measure.length,
        "lower_is_better": one.measure.lower_is_better,
        "n": number,
        "paired": one.paired,
        "difference": number_or_none(one.difference),
        "interval": [number_or_none(end) for end in one.interval[:2]],
        "p_value": number_or_none(one.test.p_value),
        "p_holm": None,
        "better": number_or_none(share),
        "better_interval": [number_or_none(end) for end in interval[:2]],
        "test": test,
        "detectable": detectable_difference(telling, tests) if telling > 1 else None,
    }
    if notes:
        entry["note"] = "; ".join(notes)
    return entry


def _better(one: _Comparison) -> tuple[float, Interval]:
    """Return the probability that the first is better, with its interval."""
    first, second = one.ranked[::-1] if one.measure.lower_is_better else one.ranked
    return share_better(first, second) if one.paired else probability_larger(first, second)
