"""Means of values drawn with replacement, many columns at once; ties as scipy rounds them."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "NUMBERS_AT_ONCE",
    "exact_means",
    "means_of",
    "near_means",
    "portions",
    "resampled_means",
]

Array = NDArray[np.float64]

NUMBERS_AT_ONCE = 2_000_000
"""The most numbers that are drawn at once."""

_ROUNDING = 1e-12
"""Means that differ by less, as a share of the largest value, may differ by rounding alone."""
_BINARY_PLACES = 2.0**20


def resampled_means(values: Array, resamples: int, rng: np.random.Generator) -> Array:
    """Return (resamples, columns) means of rows drawn with replacement, equal for all columns."""
    runs = len(values)
    means = np.empty((resamples, values.shape[1]))
    done = 0
    for drawn in _draws(runs, resamples, rng):
        count = len(drawn)
        drawn += np.arange(count)[:, None] * runs
        weights = np.bincount(drawn.ravel(), minlength=count * runs).reshape(count, runs)
        means[done : done + count] = weights.astype(np.float64) @ values / runs
        done += count
    return means


def exact_means(values: Array, wanted: NDArray[np.bool_], rng: np.random.Generator) -> Array:
    """Return (resamples, columns) means, added as scipy adds them, where wanted; 0 elsewhere.

    Sums of the same numbers in another order are a rounding apart. scipy counts such means as
    different from the observed one, and with few values they are many. The generator stands where
    `resampled_means` began.
    """
    exact = np.zeros(wanted.shape)
    own = np.ascontiguousarray(values.T)
    done = 0
    for drawn in _draws(len(values), len(wanted), rng):
        some = wanted[done : done + len(drawn)]
        for column in np.flatnonzero(some.any(axis=0)):
            rows = np.flatnonzero(some[:, column])
            exact[done + rows, column] = own[column][drawn[rows]].mean(axis=1)
        done += len(drawn)
    return exact


def near_means(distribution: Array, observed: Array, values: Array) -> NDArray[np.bool_]:
    """Say where (resamples, columns) values may be equal to the observed but for rounding.

    In columns of whole numbers, or of few binary places, every order of addition gives one sum.
    """
    scaled = np.abs(values) * _BINARY_PLACES
    one_sum = (scaled == np.rint(scaled)).all(axis=0)
    one_sum &= scaled.max(axis=0) * len(values) < 2.0**53
    return (np.abs(distribution - observed) <= _ROUNDING * np.abs(values).max(axis=0)) & ~one_sum


def means_of(values: Array) -> Array:
    """Return the means of (runs, columns), added in the order in which scipy adds them."""
    return np.ascontiguousarray(values.T).mean(axis=1)


def _draws(runs: int, resamples: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Yield (some resamples, runs) places drawn with replacement, in portions."""
    for count in portions(resamples, max(1, NUMBERS_AT_ONCE // runs)):
        yield rng.integers(0, runs, (count, runs))


def portions(total: int, most: int) -> list[int]:
    """Return how many to take at a time, so that no portion has more than `most`."""
    return [min(most, total - start) for start in range(0, total, most)]
