"""Comparisons of two samples without pairs: which is larger, and tests of their difference."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from seqtasks.randomness.streams import stream
from seqtasks.statistics.paired_tests import RESAMPLES, TestResult
from seqtasks.statistics.scipy_edge import logrank_p
from seqtasks.statistics.shares import CONFIDENCE, Interval, share_intervals

__all__ = ["label_permutation_tests", "logrank_test", "probability_larger"]

Array = NDArray[np.float64]

_NUMBERS_AT_ONCE = 4_000_000
_ROUNDING = 1e-11


def label_permutation_tests(
    samples: Sequence[tuple[Array, Array]],
    resamples: int = RESAMPLES,
    rng: np.random.Generator | None = None,
) -> list[TestResult]:
    """Test for each two samples whether they have one mean, by giving out the values at random.

    It is the test of `scipy.stats.permutation_test(permutation_type="independent")` for a sample of
    all rearrangements. Samples of equal sizes share the rearrangements.

    Args:
        samples: (runs,) and (other runs,) finite values each.
        resamples: the number of sampled rearrangements.
        rng: the source of the rearrangements; by default a stream for each two sizes.
    """
    found: list[TestResult | None] = [None] * len(samples)
    by_sizes: dict[tuple[int, int], list[int]] = {}
    for place, (first, second) in enumerate(samples):
        if min(len(first), len(second)) == 0:
            found[place] = TestResult(np.nan, np.nan, True)
        elif first.min() == second.min() == first.max() == second.max():
            found[place] = TestResult(1.0, 1.0, True)
        else:
            by_sizes.setdefault((len(first), len(second)), []).append(place)
    for sizes, places in by_sizes.items():
        values = np.stack([np.concatenate(samples[place]) for place in places], axis=1)
        source = stream(0, "labels", *sizes) if rng is None else rng
        for place, p in zip(places, _shuffled(values, sizes[0], resamples, source), strict=True):
            found[place] = TestResult(float(p), 1 / (resamples + 1), False)
    return [one for one in found if one is not None]


def _shuffled(values: Array, runs: int, resamples: int, rng: np.random.Generator) -> Array:
    """Return the p-value of each column of (all runs, columns) values."""
    centred = values - values.mean(axis=0)
    # The difference of the means is the sum of the first sample, but for a factor.
    limits = np.abs(centred[:runs].sum(axis=0)) - _ROUNDING * np.abs(centred).sum(axis=0)
    labels = np.arange(len(values)) < runs
    at_once = max(1, _NUMBERS_AT_ONCE // max(values.shape))
    farther = np.zeros(values.shape[1])
    for start in range(0, resamples, at_once):
        count = min(at_once, resamples - start)
        chosen = rng.permuted(np.broadcast_to(labels, (count, len(labels))), axis=1)
        farther += (np.abs(chosen.astype(np.float64) @ centred) >= limits).sum(axis=0)
    return (farther + 1) / (resamples + 1)


def logrank_test(first: Array, second: Array, limit: float) -> TestResult:
    """Test whether times to an event have one distribution: `scipy.stats.logrank`.

    Args:
        first: (runs,) times; infinite if the event never came.
        second: (other runs,) times.
        limit: the time up to which the runs were watched.

    Source: N. Mantel, Cancer Chemotherapy Reports 50, 1966.
    """
    if min(len(first), len(second)) == 0:
        return TestResult(np.nan, np.nan, True)
    seen = [times <= limit for times in (first, second)]
    watched = [np.minimum(times, limit) for times in (first, second)]
    if not np.concatenate(seen).any() or np.ptp(np.concatenate(watched)) == 0:
        return TestResult(1.0, 1.0, False)
    return TestResult(logrank_p(watched[0], seen[0], watched[1], seen[1]), 0.0, False)


def probability_larger(
    first: Array, second: Array, confidence: float = CONFIDENCE
) -> tuple[float, Interval]:
    """Return the probability that a value of the first sample is larger, with its interval.

    It is the share of all pairs of a value of each sample, ties counted half. Its variance is
    estimated from the shares of each value alone; the interval is Wilson's, for the number of pairs
    of their own that would vary as much.

    Args:
        first: (runs,) values; infinities count, NaN does not.
        second: (other runs,) values.
        confidence: the share of intervals that hold the truth.

    Source: E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson, Biometrics 44, 1988.
    """
    if min(len(first), len(second)) < 2:
        return np.nan, Interval(np.nan, np.nan)
    of_first = _share_below(np.sort(second), first)
    of_second = 1 - _share_below(np.sort(first), second)
    share = float(of_first.mean())
    if first.min() == second.min() == first.max() == second.max():
        return share, Interval(share, share, spread=False)
    variance = float(of_first.var(ddof=1) / len(first) + of_second.var(ddof=1) / len(second))
    fewest = float(min(len(first), len(second)))
    inside = share * (1 - share)
    runs = fewest if variance <= 0 or inside <= 0 else max(inside / variance, 1.0)
    low, high = share_intervals(np.array([share]), np.array([runs]), confidence=confidence)
    return share, Interval(float(low[0]), float(high[0]))


def _share_below(ordered: Array, values: Array) -> Array:
    """Return, for each value, the share of ordered values below it, ties counted half."""
    below = np.searchsorted(ordered, values, side="left")
    up_to = np.searchsorted(ordered, values, side="right")
    return (below + up_to) / 2 / len(ordered)
