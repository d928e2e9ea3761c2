"""Intervals of shares: of successes, and of pairs in which the first is better."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqtasks.statistics.scipy_edge import normal_quantile, wilson_interval

__all__ = ["CONFIDENCE", "Interval", "share_better", "share_interval", "share_intervals"]

CONFIDENCE = 0.95
"""The share of intervals that hold the truth, unless a caller asks for another."""


class Interval(NamedTuple):
    """The ends of an interval. An end is NaN if the data cannot tell, such as one value alone.

    Attributes:
        low, high: the ends.
        spread: whether the values differ. If all are equal, both ends are this value; this says
            nothing about values that were not seen.
    """

    low: float
    high: float
    spread: bool = True

    @property
    def note(self) -> str | None:
        """`no spread` if all values are equal, else None."""
        return None if self.spread else "no spread"


def share_interval(count: int, total: int, confidence: float = CONFIDENCE) -> Interval:
    """Return Wilson's score interval of a share of independent trials.

    Source: E. B. Wilson, J. Amer. Stat. Assoc. 22, 1927.

    Example:
        >>> low, high, _ = share_interval(188, 200)
        >>> f"{low:.3f} {high:.3f}"
        '0.898 0.965'
    """
    if total == 0:
        return Interval(np.nan, np.nan)
    return Interval(*wilson_interval(count, total, confidence))


def share_intervals(
    shares: NDArray[np.float64],
    totals: NDArray[np.float64],
    ties: NDArray[np.float64] | float = 0.0,
    confidence: float = CONFIDENCE,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Wilson's intervals of many shares; some trials may be ties, which count half.

    A trial with the values 0, 1/2 and 1 of mean p, in which a share t is 1/2, varies by
    p (1 - p) - t / 4. The interval holds each p whose distance to the share is at most z times the
    deviation of the share if p were right. Without ties this is Wilson's interval; scipy has it for
    one share at a time, and has no ties.

    Args:
        shares: (shares,) the shares, with ties counted half.
        totals: (shares,) the number of trials, or of independent trials that would vary as much.
        ties: the share of ties.
        confidence: the share of intervals that hold the truth.

    Returns:
        (shares,) the lower ends, and (shares,) the upper ends.
    """
    squared = float(normal_quantile(0.5 + confidence / 2)) ** 2 / totals
    centre = (shares + squared / 2) / (1 + squared)
    under = squared * (shares * (1 - shares) - ties / 4) + squared**2 * (1 - ties) / 4
    half = np.sqrt(np.maximum(under, 0.0)) / (1 + squared)
    low = np.where(shares <= 0, 0.0, np.clip(centre - half, 0.0, 1.0))
    return low, np.where(shares >= 1, 1.0, np.clip(centre + half, 0.0, 1.0))


def share_better(
    first: NDArray[np.float64], second: NDArray[np.float64], confidence: float = CONFIDENCE
) -> tuple[float, Interval]:
    """Return the probability that the first of a pair is larger, with its interval.

    Ties count half. The interval is Wilson's, with the variance that ties leave.

    Args:
        first: (pairs,) the first value of each pair; it may be infinite, but not NaN.
        second: (pairs,) the second one.
        confidence: the share of intervals that hold the truth.

    Source: X. Bouthillier et al., Accounting for Variance in Machine Learning Benchmarks,
    MLSys 2021.

    Example:
        >>> import numpy as np
        >>> share, interval = share_better(np.array([3.0, 2.0]), np.array([3.0, 2.0]))
        >>> share, interval.low, interval.high, interval.note
        (0.5, 0.5, 0.5, 'no spread')
    """
    if len(first) == 0:
        return np.nan, Interval(np.nan, np.nan)
    wins, ties = float(np.mean(first > second)), float(np.mean(first == second))
    share = wins + ties / 2
    low, high = share_intervals(np.array([share]), np.array([float(len(first))]), ties, confidence)
    return share, Interval(float(low[0]), float(high[0]), ties < 1)
