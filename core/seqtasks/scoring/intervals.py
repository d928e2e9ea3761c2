"""95 % intervals for scores."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Interval",
    "Stratum",
    "fraction_interval",
    "intervals_from_json",
    "intervals_to_json",
    "mean_interval",
    "strata_interval",
]

_Z = 1.959963984540054


class Interval(NamedTuple):
    """The ends of a 95 % interval."""

    low: float
    high: float


class Stratum(NamedTuple):
    """One of several populations whose mean score is wanted, such as a length.

    Attributes:
        sums: (instances,) each instance's share of the score.
        weights: (instances,) each instance's weight.
        exact: whether the instances are the whole population.
    """

    sums: NDArray[np.float64]
    weights: NDArray[np.float64]
    exact: bool = False

    @property
    def value(self) -> float:
        """The score."""
        return float(self.sums.sum() / self.weights.sum())

    def variance(self) -> float:
        """Return the interval of the score; infinite if one instance is too little to tell."""
        instances = len(self.sums)
        if self.exact:
            return 0.0
        if instances < 2:
            return math.inf
        residuals = self.sums - self.value * self.weights
        total = self.weights.sum()
        return float(instances / (instances - 1) * (residuals**2).sum() / total**2)


def fraction_interval(rights: NDArray[np.float64], trials: NDArray[np.float64]) -> Interval:
    """Return Wilson's score interval of a share of right trials, grouped by instance.

    The trials of one instance depend on one another, so their number is replaced by the number of
    independent trials that would vary as much between instances. To estimate this if nearly all
    trials agree, a quarter of an all-right and of an all-wrong instance is added.

    Args:
        rights: (instances,) right trials of each instance.
        trials: (instances,) trials of each instance.

    Source: E. B. Wilson, J. Amer. Stat. Assoc. 22, 1927; the effective sample size after
    E. L. Korn and B. I. Graubard, Survey Methodology 24(2), 1998.
    """
    instances, total = len(rights), trials.sum()
    share = rights.sum() / total
    mean_trials = total / instances
    counts = np.append(np.ones(instances), [0.25, 0.25])
    weights = np.append(trials, [mean_trials, mean_trials])
    sums = np.append(rights, [0.0, mean_trials])
    mixed = (counts * sums).sum() / (counts * weights).sum()
    alike = (counts * (sums - mixed * weights) ** 2).sum()
    alike /= mixed * (1 - mixed) * (counts * weights).sum()
    return _wilson(float(share), float(np.clip(total / alike, 1.0, total)))


def mean_interval(sums: NDArray[np.float64], weights: NDArray[np.float64]) -> Interval:
    """Return the normal interval of a ratio of sums over instances, such as a mean error."""
    stratum = Stratum(sums, weights)
    return _normal(stratum.value, stratum.variance())


def strata_interval(strata: Sequence[Stratum], fraction: bool) -> Interval:
    """Return the interval of the mean of the strata's scores, where strata have equal weight.

    The strata are fixed, so only variation within them counts. A share of right answers gets
    Wilson's interval for the number of independent trials that would vary as much. As for one
    stratum, half an instance is added. Any other score gets a normal interval.
    """
    count = len(strata)
    mean = math.fsum(stratum.value for stratum in strata) / count
    variance = math.fsum(stratum.variance() for stratum in strata) / count**2
    sampled = [stratum for stratum in strata if not stratum.exact]
    if not sampled:
        return Interval(mean, mean)
    if not fraction or math.isinf(variance):
        return _normal(mean, variance)
    # The numbers of instances and trials that would tell as much if all strata had equal numbers.
    instances = count**2 / math.fsum(1 / len(stratum.sums) for stratum in sampled)
    trials = count**2 / math.fsum(1 / float(stratum.weights.sum()) for stratum in sampled)
    mixed = (instances * mean + 0.25) / (instances + 0.5)
    added = 0.25 * (mixed**2 + (1 - mixed) ** 2) / (instances * (instances + 0.5))
    effective = mixed * (1 - mixed) / (variance + added)
    return _wilson(mean, min(max(effective, 1.0), trials))


def intervals_to_json(intervals: dict[str, Interval]) -> dict[str, list[float | None]]:
    """Return intervals for JSON, which has no infinity: an unknown end becomes None."""
    return {
        name: [end if math.isfinite(end) else None for end in ends]
        for name, ends in intervals.items()
    }


def intervals_from_json(data: dict[str, Any]) -> dict[str, Interval]:
    """Read intervals that `intervals_to_json` returned."""
    return {
        name: Interval(-math.inf if low is None else low, math.inf if high is None else high)
        for name, (low, high) in data.items()
    }


def _wilson(share: float, trials: float) -> Interval:
    """Return Wilson's score interval of a share of independent trials."""
    centre = (share + _Z**2 / (2 * trials)) / (1 + _Z**2 / trials)
    half = _Z * math.sqrt(share * (1 - share) / trials + _Z**2 / (4 * trials**2))
    half /= 1 + _Z**2 / trials
    low = 0.0 if share == 0 else max(0.0, centre - half)
    return Interval(low, 1.0 if share == 1 else min(1.0, centre + half))


def _normal(mean: float, variance: float) -> Interval:
    half = _Z * math.sqrt(variance)
    return Interval(mean - half, mean + half)
