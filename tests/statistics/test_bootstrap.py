"""BCa intervals: held against scipy's, and what they do with data that have no spread."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from seqtasks.statistics.bootstrap import (
    difference_intervals,
    mean_interval,
    mean_intervals,
    median_interval,
)


def drawn(name: str, size: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return {
        "normal": lambda: rng.normal(size=size),
        "lognormal": lambda: rng.lognormal(size=size),
        "accuracies": lambda: rng.binomial(256, 0.9, size=size) / 256,
        "shares of thousands": lambda: 1 - rng.binomial(1000, 0.01, size=size) / 1000,
        "solved or not": lambda: (rng.random(size) < 0.8).astype(float),
    }[name]()


SAMPLES = ("normal", "lognormal", "accuracies", "shares of thousands", "solved or not")


def scipys(data, statistic, seed, **options):
    rng = np.random.default_rng(seed)
    found = stats.bootstrap(data, statistic, vectorized=True, method="BCa", rng=rng, **options)
    return tuple(found.confidence_interval)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("size", [20, 211])
def test_the_interval_of_a_mean_is_scipys_with_the_same_generator(name, size):
    values = drawn(name, size, 3)
    interval = mean_interval(values, resamples=2999, rng=np.random.default_rng(8))
    expected = scipys((values,), np.mean, 8, n_resamples=2999)
    assert interval[:2] == pytest.approx(expected, abs=1e-12)


def test_four_values_have_scipys_interval_whatever_the_resamples():
    """A tenth of the resamples have the mean of the values, some but for a rounding."""
    values = np.array([0.879, 0, 0.957, 0.929])
    assert mean_interval(values)[:2] == pytest.approx((0, 0.9305), abs=1e-12)


@pytest.mark.parametrize("size", [3, 4, 5])
@pytest.mark.parametrize("seed", range(8))
def test_few_values_have_scipys_interval_where_many_means_are_equal(size, seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, (4, 1000)[seed % 2], (size, 3)) / (10, 1000)[seed % 2]
    values[0] += 0.3
    for column, found in zip(
        values.T, mean_intervals(list(values.T), rng=np.random.default_rng(seed)), strict=True
    ):
        if np.ptp(column):
            assert found[:2] == pytest.approx(scipys((column,), np.mean, seed), abs=1e-12)


def test_the_interval_of_a_difference_without_pairs_is_scipys():
    first, second = drawn("lognormal", 40, 1), drawn("normal", 25, 2)

    def difference(a, b, axis):
        return np.mean(a, axis=axis) - np.mean(b, axis=axis)

    expected = scipys((first, second), difference, 5)
    [interval] = difference_intervals([(first, second)], rng=np.random.default_rng(5))
    assert interval[:2] == pytest.approx(expected, abs=1e-12)
    few = np.array([0.3, 0.1, 0.7]), np.array([0.2, 0.1, 0.9, 0.4])
    [interval] = difference_intervals([few], rng=np.random.default_rng(5))
    assert interval[:2] == pytest.approx(scipys(few, difference, 5), abs=1e-12)


@pytest.mark.parametrize("size", [21, 40])
def test_the_interval_of_a_median_is_scipys(size):
    values = drawn("lognormal", size, 4)
    interval = median_interval(values, resamples=999, rng=np.random.default_rng(5))
    assert interval[:2] == pytest.approx(scipys((values,), np.median, 5, n_resamples=999))


def test_a_column_has_the_same_interval_alone_and_among_others():
    columns = [drawn("normal", 30, seed) for seed in range(4)] + [drawn("normal", 12, 9)]
    for together, column in zip(mean_intervals(columns), columns, strict=True):
        assert together == pytest.approx(mean_interval(column), abs=1e-12)


def test_more_columns_than_are_resampled_at_once_have_the_same_intervals():
    column = drawn("normal", 8, 1)
    ends = np.array([one[:2] for one in mean_intervals([column] * 1001, resamples=99)])
    np.testing.assert_allclose(ends, np.broadcast_to(ends[0], ends.shape), atol=1e-12)


@settings(deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=12),
    st.sampled_from([0.125, 0.5, 4.0]),
    st.integers(-100, 100),
)
def test_an_interval_lies_in_the_range_and_moves_with_the_unit(values, factor, shift):
    values = np.array(values)
    low, high, spread = mean_interval(values, resamples=199)
    assert values.min() - 1e-6 <= low <= high <= values.max() + 1e-6
    assert spread == bool(np.ptp(values) > 0)
    # Of whole numbers and such factors sums have no rounding, which could break ties otherwise.
    low, high, _ = mean_interval(np.rint(values), resamples=199)
    other = mean_interval(np.rint(values) * factor + shift, resamples=199)
    size = np.abs(values).max() * factor + abs(shift) + 1
    assert other[:2] == pytest.approx(
        (low * factor + shift, high * factor + shift), abs=1e-9 * size
    )


@pytest.mark.parametrize("interval_of", [mean_interval, median_interval])
def test_values_that_are_all_equal_have_no_spread_and_no_nan(interval_of):
    interval = interval_of(np.full(20, 0.1))
    assert (*interval, interval.note) == (0.1, 0.1, False, "no spread")


def test_two_samples_without_spread_have_their_difference():
    assert difference_intervals([(np.full(9, 2.0), np.full(4, 3.0))]) == [(-1.0, -1.0, False)]


def test_a_median_of_values_nearly_all_equal_is_no_nan():
    interval = median_interval(np.r_[np.ones(40), np.zeros(3)])
    assert interval[:2] == (1.0, 1.0)
    mixed = median_interval(np.r_[np.ones(11), np.zeros(9)])
    assert mixed[:2] == (0.0, 1.0)


@pytest.mark.parametrize("interval_of", [mean_interval, median_interval])
def test_one_value_has_no_interval(interval_of):
    assert np.isnan(interval_of(np.array([0.5]))[:2]).all()
    assert np.isnan(difference_intervals([(np.ones(1), np.ones(4))])[0][:2]).all()


def test_a_value_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="finite"):
        mean_interval(np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match="one length"):
        mean_intervals([np.arange(3.0), np.arange(4.0)], rng=np.random.default_rng(0))
