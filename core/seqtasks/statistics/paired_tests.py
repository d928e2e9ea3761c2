"""Tests of paired differences by flipping their signs, and Holm's correction for many tests."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqtasks.randomness.streams import stream

__all__ = ["RESAMPLES", "TestResult", "holm", "pairs_needed", "resamples_for", "sign_flip_tests"]

RESAMPLES = 99_999
"""The least number of resamples of a test that is not exact."""

_NUMBERS_AT_ONCE = 4_000_000
_ROUNDING = 1e-11
"""Sums that differ by less, as a share of the sum of all sizes, differ by rounding alone."""


class TestResult(NamedTuple):
    """The result of a test.

    Attributes:
        p_value: the p-value, both sides; NaN if there are no values.
        least: the smallest p-value that these data could have given.
        exact: whether all rearrangements were counted, rather than a sample of them.
    """

    p_value: float
    least: float
    exact: bool


def sign_flip_tests(
    columns: Sequence[NDArray[np.float64]],
    resamples: int = RESAMPLES,
    rng: np.random.Generator | None = None,
) -> list[TestResult]:
    """Test for each column of paired differences whether its mean is 0, by flipping signs.

    If both of a pair have one distribution, each difference is as likely with the other sign. The
    p-value is the share of all 2^n choices of signs whose mean is as far from 0, or farther. All of
    them are counted if they are not more than the resamples; else a sample is, and the choice that
    was seen. Differences of 0 change no mean, so n counts the others. Columns of equal length share
    their sample. It is the test of `scipy.stats.permutation_test(permutation_type="samples")`, for
    many columns at once.

    Args:
        columns: (pairs,) finite differences each.
        resamples: the number of sampled choices.
        rng: the source of the sample; by default a stream for each length of column.

    Source: R. A. Fisher, The Design of Experiments, 1935, section 21; p-values of a sample after
    B. Phipson and G. K. Smyth, Stat. Appl. Genet. Mol. Biol. 9, 2010.

    Example:
        >>> import numpy as np
        >>> [result] = sign_flip_tests([np.arange(1.0, 7.0)])
        >>> result.p_value == 2 / 2**6
        True
    """
    found: list[TestResult | None] = [None] * len(columns)
    sampled: dict[int, list[int]] = {}
    for place, column in enumerate(columns):
        if not np.isfinite(column).all():
            raise ValueError("a test takes finite differences; leave out the others, and say so")
        changing = column[column != 0]
        if len(column) == 0:
            found[place] = TestResult(np.nan, np.nan, True)
        elif len(changing) == 0:
            found[place] = TestResult(1.0, 1.0, True)
        elif 2 ** min(len(changing), 60) <= resamples + 1:
            found[place] = _all_signs(changing)
        else:
            sampled.setdefault(len(column), []).append(place)
    for length, places in sampled.items():
        values = np.stack([columns[place] for place in places], axis=1)
        source = stream(0, "sign flips", length) if rng is None else rng
        for place, p in zip(places, _sampled_signs(values, resamples, source), strict=True):
            found[place] = TestResult(float(p), 1 / (resamples + 1), False)
    return [one for one in found if one is not None]


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number; NaN stays NaN and does not count.

    Source: S. Holm, Scand. J. Statist. 6, 1979.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    given = np.asarray(p_values, dtype=np.float64)
    corrected = np.full(len(given), np.nan)
    known = np.flatnonzero(~np.isnan(given))
    ordered = known[np.argsort(given[known], kind="stable")]
    factors = np.arange(len(ordered), 0, -1)
    corrected[ordered] = np.minimum(np.maximum.accumulate(given[ordered] * factors), 1.0)
    return corrected.tolist()


def resamples_for(tests: int) -> int:
    """Return enough resamples for p < 0.001 after Holm's correction over a number of tests."""
    return max(RESAMPLES, 2000 * tests - 1)


def pairs_needed(tests: int, error: float = 0.05) -> int:
    """Return how many pairs can be significant at all by flipping signs, after Holm's correction.

    Example:
        >>> pairs_needed(1), pairs_needed(45)
        (6, 11)
    """
    pairs = 1
    while tests * 2.0 ** (1 - pairs) > error:
        pairs += 1
    return pairs


def _all_signs(values: NDArray[np.float64]) -> TestResult:
    # The sign of the first may stay: both sides of the distribution of means are alike.
    sums = values[:1]
    for value in values[1:]:
        sums = np.concatenate([sums + value, sums - value])
    farther = np.abs(sums) >= abs(values.sum()) - _ROUNDING * np.abs(values).sum()
    return TestResult(float(farther.mean()), 1 / len(sums), True)


def _sampled_signs(
    values: NDArray[np.float64], resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the p-value of each column of (pairs, columns) differences."""
    pairs, columns = values.shape
    limits = np.abs(values.sum(axis=0)) - _ROUNDING * np.abs(values).sum(axis=0)
    farther = np.zeros(columns)
    octets = -(-pairs // 8)
    at_once = max(1, _NUMBERS_AT_ONCE // max(pairs, columns))
    for start in range(0, resamples, at_once):
        count = min(at_once, resamples - start)
        drawn = np.frombuffer(rng.bytes(count * octets), dtype=np.uint8).reshape(count, octets)
        signs = np.unpackbits(drawn, axis=1, count=pairs).astype(np.float64)
        signs *= 2
        signs -= 1
        farther += (np.abs(signs @ values) >= limits).sum(axis=0)
    return (farther + 1) / (resamples + 1)
