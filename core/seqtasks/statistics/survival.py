"""Times to an event that sometimes never came: Kaplan-Meier estimates with their intervals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.statistics.scipy_edge import survival_function
from seqtasks.statistics.shares import CONFIDENCE, share_intervals

__all__ = ["TimesToEvent", "times_to_event"]

Array = NDArray[np.float64]
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class TimesToEvent:
    """The share of runs to which an event has come, by time.

    Events are seen on a grid: an event at time t came after the time of the grid before t. So each
    time here is the end of an interval that holds the true time.

    Attributes:
        times: (times,) the different times, in order.
        share: (times,) the Kaplan-Meier estimate of the share to which the event has come by then.
        low, high: (times,) the ends of the interval of this share at each time alone.
    """

    times: Array
    share: Array
    low: Array
    high: Array

    def quantile(self, share: float) -> float | None:
        """Return the first time by which the event came to a share of the runs; None if to fewer.

        Example:
            >>> import numpy as np
            >>> times = times_to_event(np.array([10.0, 20.0, 30.0, 30.0]), np.array([1, 1, 0, 0]))
            >>> times.quantile(0.5), times.quantile(0.75)
            (20.0, None)
        """
        return _first(self.times, self.share, share)

    def quantile_interval(self, share: float) -> tuple[float | None, float | None]:
        """Return the interval of a quantile; an end is None if it is not reached.

        The lower end is 0 if so few runs were watched that the event may come before the first
        that was seen.

        It holds the times at which the interval of the share holds the wanted share, after
        R. Brookmeyer and J. Crowley, Biometrics 38, 1982.
        """
        return _first(self.times, self.high, share), _first(self.times, self.low, share)

    def at(self, times: Array) -> tuple[Array, Array, Array]:
        """Return share, low and high at given times, (times,) each.

        Times must not lie before the first one on which the runs were looked at.
        """
        places = np.searchsorted(self.times, times, side="right") - 1
        return self.share[places], self.low[places], self.high[places]


def times_to_event(
    times: Array, came: NDArray[np.bool_], confidence: float = CONFIDENCE
) -> TimesToEvent:
    """Return the Kaplan-Meier estimate of times to an event, with its intervals.

    The interval at a time is Wilson's, for the number of independent runs that would vary as much
    as Greenwood's formula says. If all runs were watched equally long, it is Wilson's interval of
    the share of runs, at 0 and 1 too, where Greenwood's own interval is empty.

    Args:
        times: (runs,) the time of the event, or the time up to which none came.
        came: (runs,) whether the event came.
        confidence: the share of intervals that hold the truth.

    Source: E. L. Kaplan and P. Meier, J. Amer. Stat. Assoc. 53, 1958; the interval after
    K. J. Rothman, J. Chronic Diseases 31, 1978.
    """
    times = np.asarray(times, dtype=np.float64)
    came = np.asarray(came, dtype=np.bool_)
    if len(times) == 0:
        nothing = np.zeros(0)
        return TimesToEvent(nothing, nothing, nothing, nothing)
    different, survival = survival_function(times, came)
    # At time 0 nothing has come.
    different, survival = np.append(0.0, different), np.append(1.0, survival)
    survival = np.where(survival < _ROUNDING, 0.0, survival)
    share = 1 - survival
    events = np.array([float((times[came] == time).sum()) for time in different])
    at_risk = np.array([float((times >= time).sum()) for time in different])
    totals = _independent_runs(survival, events, at_risk)
    low, high = share_intervals(share, totals, confidence=confidence)
    # A share only grows, so what bounds it later bounds it now, and the other way round.
    low = np.maximum.accumulate(low)
    high = np.minimum.accumulate(high[::-1])[::-1]
    return TimesToEvent(different, share, low, high)


def _independent_runs(survival: Array, events: Array, at_risk: Array) -> Array:
    """Return (times,) the runs, all watched to the end, whose share would vary as much."""
    previous = np.append(1.0, survival[:-1])
    left = at_risk - events
    terms = np.divide(events, at_risk * left, out=np.zeros_like(events), where=left > 0)
    greenwood = survival * np.cumsum(terms)
    # Where the event has come to all, Greenwood's terms are infinite; this is their limit.
    greenwood = np.where(left > 0, greenwood, previous / np.maximum(at_risk, 1))
    runs = np.full_like(survival, at_risk[0])
    return np.divide(1 - survival, greenwood, out=runs, where=(survival < 1) & (greenwood > 0))


def _first(times: Array, shares: Array, share: float) -> float | None:
    reached = np.flatnonzero(shares >= share - _ROUNDING)
    return float(times[reached[0]]) if len(reached) else None
