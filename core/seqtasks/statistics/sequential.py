"""A test that may be looked at several times while seeds are added: group-sequential intervals.

An interval of 95 % that is looked at after each batch of seeds is wrong far more often than in 5 %
of studies. Here the error is spent over looks that are planned beforehand, so that in 95 % of
studies the intervals of all looks together hold the truth, however one decides to stop.

Sources: the error spent at each look, of Pocock's type: K. K. G. Lan and D. L. DeMets, Discrete
Sequential Boundaries for Clinical Trials, Biometrika 70, 1983. The intervals: C. Jennison and
B. W. Turnbull, Interim Analyses: the Repeated Confidence Interval Approach, J. R. Statist. Soc. B
51, 1989. The integrals: P. Armitage, C. K. McPherson and B. C. Rowe, J. R. Statist. Soc. A 132,
1969.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from seqtasks.statistics.scipy_edge import (
    normal_cdf,
    normal_quantile,
    root,
    student_quantile,
    student_tail,
)
from seqtasks.statistics.shares import Interval

__all__ = [
    "critical_values",
    "doubling_looks",
    "pocock_spending",
    "repeated_interval",
    "repeated_p_value",
]

_NODES = 128
_FARTHEST = 12.0
_RATES = 1000


def doubling_looks(first: int, most: int) -> tuple[int, ...]:
    """Return the numbers of seeds at which to look: doubled each time, up to the most.

    Example:
        >>> doubling_looks(25, 1000)
        (25, 50, 100, 200, 400, 800, 1000)
    """
    looks: list[int] = []
    while first < most:
        looks.append(first)
        first *= 2
    return (*looks, most)


def pocock_spending(share: float, error: float) -> float:
    """Return the error that may be spent when a share of all seeds has been looked at."""
    return error * math.log(1 + (math.e - 1) * share)


@lru_cache(maxsize=10_000)
def critical_values(looks: tuple[int, ...], error: float) -> tuple[float, ...]:
    """Return the standard deviations from 0 beyond which a difference is found, at each look.

    Args:
        looks: the planned numbers of pairs, increasing; the last spends what is left of the error.
        error: the probability that a difference of 0 is found at any look.

    Example:
        >>> [round(value, 2) for value in critical_values((25, 50, 100, 200, 400, 800, 1000), 0.05)]
        [3.08, 3.04, 2.84, 2.64, 2.45, 2.28, 2.36]
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    times = np.array(looks, dtype=np.float64) / looks[-1]
    spent = [pocock_spending(float(time), error) for time in times]
    found: list[float] = []
    # The sum of differences is a walk. `places` and `density` describe the walks not yet ended.
    places, density = np.zeros(1), np.ones(1)
    before, paid = 0.0, 0.0
    for time, due in zip(times, spent, strict=True):
        deviation = math.sqrt(time - before)
        size = math.sqrt(time)

        def leaving(critical: float) -> float:
            beyond = normal_cdf((-critical * size - places) / deviation)  # noqa: B023
            beyond = beyond + normal_cdf((places - critical * size) / deviation)  # noqa: B023
            return float(density @ beyond)  # noqa: B023

        critical = root(lambda value: leaving(value) - (due - paid), 0.0, _FARTHEST)  # noqa: B023
        found.append(critical)
        here = nodes * critical * size
        moves = (here[:, None] - places[None, :]) / deviation
        kernel = np.exp(-(moves**2) / 2) / (math.sqrt(2 * math.pi) * deviation)
        density = weights * critical * size * (kernel @ density)
        places, before, paid = here, float(time), due
    return tuple(found)


def repeated_interval(differences: NDArray[np.float64], bound: float, critical: float) -> Interval:
    """Return the interval of the mean of paired differences at one look.

    It is Student's interval at the level of the critical value. To the squares of the differences
    comes one of the largest difference possible, so that the interval of a few equal differences is
    not empty: what was not seen yet may be large.

    Args:
        differences: (pairs,) finite differences so far.
        bound: the largest size that a difference can have.
        critical: the critical value of this look.
    """
    pairs = len(differences)
    if pairs < 2:
        return Interval(-bound, bound)
    mean, half = float(differences.mean()), _half_width(differences, bound, critical)
    return Interval(max(mean - half, -bound), min(mean + half, bound))


def repeated_p_value(
    differences: NDArray[np.float64], bound: float, looks: tuple[int, ...]
) -> float:
    """Return the smallest error rate at which a look so far would have found a difference.

    It holds however the study was ended. Looks for which there are not enough pairs do not count.
    The rate is rounded up, by 3 % of itself at most.

    Args:
        differences: (pairs,) finite differences in the order in which they came.
        bound: the largest size that a difference can have.
        looks: the planned numbers of pairs.
    """
    seen = [number for number, look in enumerate(looks) if 2 <= look <= len(differences)]
    sizes = [_size(differences[: looks[number]], bound) for number in seen]

    def found(error: float) -> bool:
        values = critical_values(looks, error)
        return any(size > values[number] for number, size in zip(seen, sizes, strict=True))

    return _least(found)


def _least(found: Callable[[float], bool]) -> float:
    """Return the least of some error rates at which a difference is found; 1 if at none is."""
    rates = np.geomspace(1e-12, 1.0, _RATES)[:-1]
    low, high = 0, len(rates)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if found(float(rates[middle])) else (middle + 1, high)
    return float(rates[low]) if low < len(rates) else 1.0


def _deviation(differences: NDArray[np.float64], bound: float) -> float:
    """Return the standard error of the mean, with one difference of the largest size added."""
    pairs = len(differences)
    squares = float(((differences - differences.mean()) ** 2).sum()) + bound**2
    return math.sqrt(squares / (pairs * (pairs - 1)))


def _half_width(differences: NDArray[np.float64], bound: float, critical: float) -> float:
    tail = float(normal_cdf(-critical))
    quantile = student_quantile(tail, len(differences) - 1)
    return quantile * _deviation(differences, bound)


def _size(differences: NDArray[np.float64], bound: float) -> float:
    """Return the distance of the mean from 0, as the normal deviation that is as unlikely."""
    value = abs(float(differences.mean())) / _deviation(differences, bound)
    return -float(normal_quantile(student_tail(value, len(differences) - 1)))
