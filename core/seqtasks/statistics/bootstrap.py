"""BCa bootstrap intervals of means, medians and differences of means.

Means have resampling of their own, of many columns at once: it returns the interval that
`scipy.stats.bootstrap(method="BCa")` returns for each column with the same generator, some hundred
times as fast. Tests compare the two.

Source: B. Efron, Better Bootstrap Confidence Intervals, J. Amer. Stat. Assoc. 82, 1987.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from seqtasks.randomness.streams import stream
from seqtasks.statistics.resampled_means import (
    NUMBERS_AT_ONCE,
    exact_means,
    means_of,
    near_means,
    portions,
    resampled_means,
)
from seqtasks.statistics.scipy_edge import bootstrap_bca, normal_cdf, normal_quantile
from seqtasks.statistics.shares import CONFIDENCE, Interval

__all__ = [
    "RESAMPLES",
    "difference_intervals",
    "mean_interval",
    "mean_intervals",
    "median_interval",
]

RESAMPLES = 9_999
"""The resamples of an interval, as scipy's default."""

Array = NDArray[np.float64]

_COLUMNS_AT_ONCE = 500


def mean_intervals(
    columns: Sequence[Array],
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    rng: np.random.Generator | None = None,
) -> list[Interval]:
    """Return the BCa interval of the mean of each column.

    Columns of equal length share their resamples. Each has the resamples that it would have alone,
    so only the rounding of its interval depends on the other columns.

    Args:
        columns: (runs,) finite values each.
        confidence: the share of intervals that hold the truth.
        resamples: the number of resamples.
        rng: the source of the resamples; by default a stream for each length of column. With a
            generator, all columns must have one length.

    Returns:
        The intervals. The ends are NaN for a column of one value or none, and [x, x] marked "no
        spread" for a column whose values all are x.

    Example:
        >>> import numpy as np
        >>> mean_intervals([np.full(9, 0.25)])
        [Interval(low=0.25, high=0.25, spread=False)]
    """
    found = [_without_spread(column) for column in columns]
    lengths = sorted({len(c) for c, one in zip(columns, found, strict=True) if one is None})
    if rng is not None and len(lengths) > 1:
        raise ValueError(f"columns of one length expected with a generator, got {lengths}")
    for length in lengths:
        places = [
            place
            for place, column in enumerate(columns)
            if found[place] is None and len(column) == length
        ]
        source = stream(0, "bootstrap", length) if rng is None else rng
        for some in _restarting(places, source):
            values = np.stack([columns[place] for place in some], axis=1)
            low, high = _bca_of_means(values, confidence, resamples, source)
            for place, *ends in zip(some, low, high, strict=True):
                found[place] = Interval(float(ends[0]), float(ends[1]))
    return [one for one in found if one is not None]


def mean_interval(
    values: Array,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    rng: np.random.Generator | None = None,
) -> Interval:
    """Return the BCa interval of a mean, or of the mean of paired differences."""
    return mean_intervals([values], confidence, resamples, rng)[0]


def difference_intervals(
    samples: Sequence[tuple[Array, Array]],
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    rng: np.random.Generator | None = None,
) -> list[Interval]:
    """Return the BCa interval of the difference of the means of each two samples without pairs.

    For pairs, take `mean_interval` of the differences: it is narrower.

    Args:
        samples: (runs,) and (other runs,) finite values each. Those of equal sizes share resamples.
        confidence: the share of intervals that hold the truth.
        resamples: the number of resamples.
        rng: the source of the resamples; by default a stream for each two sizes.
    """
    found: list[Interval | None] = [None] * len(samples)
    by_sizes: dict[tuple[int, int], list[int]] = {}
    for place, (first, second) in enumerate(samples):
        alone = _without_spread(first), _without_spread(second)
        if min(len(first), len(second)) < 2:
            found[place] = Interval(np.nan, np.nan)
        elif alone[0] is not None and alone[1] is not None:
            difference = alone[0].low - alone[1].low
            found[place] = Interval(difference, difference, spread=False)
        else:
            by_sizes.setdefault((len(first), len(second)), []).append(place)
    for sizes, places in by_sizes.items():
        source = stream(0, "bootstrap", *sizes) if rng is None else rng
        for some in _restarting(places, source):
            one, other = (np.stack([samples[p][side] for p in some], axis=1) for side in (0, 1))
            low, high = _bca_of_differences(one, other, confidence, resamples, source)
            for place, *ends in zip(some, low, high, strict=True):
                found[place] = Interval(float(ends[0]), float(ends[1]))
    return [one for one in found if one is not None]


def median_interval(
    values: Array,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    rng: np.random.Generator | None = None,
) -> Interval:
    """Return the BCa interval of a median.

    Where many values are equal, a jackknife of the median has no spread, and scipy no BCa interval.
    The acceleration is then 0, which leaves the bias-corrected percentile interval.
    """
    constant = _without_spread(values)
    if constant is not None:
        return constant
    state = stream(0, "bootstrap", len(values)) if rng is None else rng
    before = state.bit_generator.state
    low, high = bootstrap_bca(values, np.median, confidence, resamples, state)
    if np.isfinite(low) and np.isfinite(high):
        return Interval(low, high)
    state.bit_generator.state = before
    batch = max(1, NUMBERS_AT_ONCE // len(values))
    medians = [
        np.median(values[state.integers(0, len(values), (count, len(values)))], axis=1)
        for count in portions(resamples, batch)
    ]
    ends = _bca(
        np.concatenate(medians)[:, None],
        np.array([np.median(values)]),
        np.zeros(1),
        confidence,
    )
    return Interval(float(ends[0][0]), float(ends[1][0]))


def _without_spread(values: Array) -> Interval | None:
    """Return the interval of values that need no resamples, or None for any others."""
    if not np.isfinite(values).all():
        raise ValueError("the bootstrap takes finite values; leave out the others, and say so")
    if len(values) < 2:
        return Interval(np.nan, np.nan)
    if np.ptp(values) == 0:
        return Interval(float(values[0]), float(values[0]), spread=False)
    return None


def _bca_of_means(
    values: Array, confidence: float, resamples: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return the (columns,) ends of the intervals of the means of (runs, columns) values."""
    means = means_of(values)
    # The jackknife of a mean in closed form: leaving out a value moves the mean by its distance.
    distances = values - means
    acceleration = (distances**3).sum(axis=0) / (6 * (distances**2).sum(axis=0) ** 1.5)
    state = rng.bit_generator.state
    distribution = resampled_means(values, resamples, rng)
    near = near_means(distribution, means, values)
    if near.any():
        rng.bit_generator.state = state
        distribution[near] = exact_means(values, near, rng)[near]
    return _bca(distribution, means, acceleration, confidence)


def _bca_of_differences(
    first: Array, second: Array, confidence: float, resamples: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return the (columns,) ends of intervals, from (runs, columns) and (other runs, columns)."""
    state = rng.bit_generator.state
    resampled = [resampled_means(values, resamples, rng) for values in (first, second)]
    means = means_of(first), means_of(second)
    # The jackknife in closed form: leaving out a value moves the difference by its distance.
    influences = (first - means[0]) / len(first), (means[1] - second) / len(second)
    cubes = sum((one**3).sum(axis=0) for one in influences)
    squares = sum((one**2).sum(axis=0) for one in influences)
    acceleration = np.asarray(cubes / (6 * squares**1.5))
    distribution, observed = resampled[0] - resampled[1], means[0] - means[1]
    near = near_means(distribution, observed, np.concatenate([first, second]))
    if near.any():
        rng.bit_generator.state = state
        exact = [exact_means(values, near, rng)[near] for values in (first, second)]
        distribution[near] = exact[0] - exact[1]
    return _bca(distribution, observed, acceleration, confidence)


def _bca(
    distribution: Array, observed: Array, acceleration: Array, confidence: float
) -> tuple[Array, Array]:
    """Return the (columns,) ends of BCa intervals, from (resamples, columns) resampled values."""
    resamples = len(distribution)
    below = (distribution < observed).mean(axis=0)
    below_or_equal = (distribution <= observed).mean(axis=0)
    share = np.clip((below + below_or_equal) / 2, 0.5 / resamples, 1 - 0.5 / resamples)
    bias = normal_quantile(share)
    ordered = np.sort(distribution, axis=0)
    z = float(normal_quantile(0.5 + confidence / 2))
    ends: list[Array] = []
    for deviation in (-z, z):
        shifted = bias + deviation
        corrected = normal_cdf(bias + shifted / (1 - acceleration * shifted))
        ends.append(_quantiles(ordered, np.asarray(corrected, dtype=np.float64)))
    return ends[0], ends[1]


def _quantiles(ordered: Array, probabilities: Array) -> Array:
    """Return a quantile of each column of (values, columns) in order, as `numpy.quantile` does."""
    places = probabilities * (len(ordered) - 1)
    lower = np.floor(places).astype(np.int64)
    upper = np.minimum(lower + 1, len(ordered) - 1)
    columns = np.arange(ordered.shape[1])
    below, above = ordered[lower, columns], ordered[upper, columns]
    return below + (places - lower) * (above - below)


def _restarting(places: Sequence[int], rng: np.random.Generator) -> Iterator[Sequence[int]]:
    """Yield places in groups that fit in memory; a generator starts anew for each group."""
    state = rng.bit_generator.state
    for start in range(0, len(places), _COLUMNS_AT_ONCE):
        rng.bit_generator.state = state
        yield places[start : start + _COLUMNS_AT_ONCE]
