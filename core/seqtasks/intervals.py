"""95 % intervals for scores."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Interval", "fraction_interval", "mean_interval"]

_Z = 1.959963984540054


class Interval(NamedTuple):
    """The ends of a 95 % interval."""

    low: float
    high: float


def fraction_interval(rights: NDArray[np.float64], trials: NDArray[np.float64]) -> Interval:
    """Return Wilson's score interval of a share of rights among trials, grouped by instance.

    The trials of one instance depend on one another, so their number is replaced by that of
    independent trials which would vary as much between instances as these do. To estimate that
    where nearly all trials agree, a quarter of an all-right and of an all-wrong instance is added.

    Args:
        rights: (instances,) rights of each instance.
        trials: (instances,) trials of each instance.

    Source: E. B. Wilson, J. Amer. Stat. Assoc. 22, 1927; the effective sample size after
    E. L. Korn and B. I. Graubard, Survey Methodology 24(2), 1998.
    """
    instances, total = len(rights), trials.sum()
    share = rights.sum() / total
    spread = share * (1 - share)
    mean_trials = total / instances
    counts = np.append(np.ones(instances), [0.25, 0.25])
    weights = np.append(trials, [mean_trials, mean_trials])
    sums = np.append(rights, [0.0, mean_trials])
    mixed = (counts * sums).sum() / (counts * weights).sum()
    alike = (counts * (sums - mixed * weights) ** 2).sum()
    alike /= mixed * (1 - mixed) * (counts * weights).sum()
    effective = float(np.clip(total / alike, 1.0, total))
    centre = (share + _Z**2 / (2 * effective)) / (1 + _Z**2 / effective)
    half = _Z * math.sqrt(spread / effective + _Z**2 / (4 * effective**2))
    half /= 1 + _Z**2 / effective
    low = 0.0 if share == 0 else max(0.0, float(centre - half))
    return Interval(low, 1.0 if share == 1 else min(1.0, float(centre + half)))


def mean_interval(sums: NDArray[np.float64], weights: NDArray[np.float64]) -> Interval:
    """Return the normal interval of a ratio of sums over instances, such as a mean error."""
    instances, total = len(sums), weights.sum()
    mean = sums.sum() / total
    if instances < 2:
        return Interval(-math.inf, math.inf)
    residuals = sums - mean * weights
    variance = instances / (instances - 1) * (residuals**2).sum() / total**2
    half = _Z * math.sqrt(variance)
    return Interval(float(mean - half), float(mean + half))
