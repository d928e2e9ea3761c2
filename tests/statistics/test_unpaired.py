"""Comparisons of two samples without pairs."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from seqtasks.statistics.unpaired import label_permutation_tests, logrank_test, probability_larger


def test_the_p_value_is_the_share_of_all_ways_to_give_out_the_values():
    first, second = np.array([3.0, 5, 6, 9]), np.array([1.0, 2, 4, 5, 3])
    values = np.concatenate([first, second])
    observed = abs(first.mean() - second.mean())
    ways = [
        abs(values[list(chosen)].mean() - np.delete(values, chosen).mean()) >= observed - 1e-12
        for chosen in combinations(range(9), 4)
    ]
    [found] = label_permutation_tests([(first, second)])
    assert found.p_value == pytest.approx(np.mean(ways), abs=0.01)


def test_equal_samples_have_p_1_and_missing_ones_none():
    assert label_permutation_tests([(np.ones(3), np.ones(9))])[0].p_value == 1
    assert np.isnan(label_permutation_tests([(np.ones(3), np.ones(0))])[0].p_value)
    assert logrank_test(np.full(5, np.inf), np.full(3, np.inf), 100.0).p_value == 1
    assert logrank_test(np.full(5, 10.0), np.full(3, 10.0), 100.0).p_value == 1


def test_the_log_rank_test_is_as_published():
    # Remission under 6-MP and placebo, up to week 35: E. J. Freireich et al., Blood 21, 1963.
    # D. Collett, Modelling Survival Data, gives a chi-square of 16.79.
    drug = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    samples = [
        stats.CensoredData(uncensored=drug, right=censored),
        stats.CensoredData(uncensored=placebo),
    ]
    expected = stats.logrank(*samples)
    assert expected.statistic**2 == pytest.approx(16.79, abs=0.01)
    # Ours are watched equally long: at week 22 both are cut.
    first = np.array([*drug, *[np.inf] * 12], dtype=float)
    second = np.array(placebo, dtype=float)
    cut = [
        stats.CensoredData(uncensored=times[times <= 22], right=np.full((times > 22).sum(), 22.0))
        for times in (first, second)
    ]
    assert logrank_test(first, second, 22.0).p_value == pytest.approx(stats.logrank(*cut).pvalue)


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 5), min_size=2, max_size=9),
    st.lists(st.integers(0, 5), min_size=2, max_size=9),
)
def test_the_probability_counts_all_pairs_and_ties_half(first, second):
    one, other = np.array(first, dtype=float), np.array(second, dtype=float)
    counted = np.mean([(a > b) + 0.5 * (a == b) for a in first for b in second])
    share, interval = probability_larger(one, other)
    assert share == pytest.approx(counted)
    assert 0 <= interval.low <= share <= interval.high <= 1
    assert interval.spread == (len({*first, *second}) > 1)


def test_a_sample_that_is_always_larger_does_not_have_an_interval_of_one_number():
    share, interval = probability_larger(np.arange(10.0, 30), np.arange(-20.0, 0))
    assert share == 1
    assert interval.low == pytest.approx(stats.binomtest(20, 20).proportion_ci(method="wilson").low)


def test_one_run_has_no_interval():
    assert np.isnan(probability_larger(np.ones(1), np.zeros(5))[1][:2]).all()
