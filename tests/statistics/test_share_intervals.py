"""Intervals of shares, and the probability that one of a pair is better."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from seqtasks.statistics.shares import share_better, share_interval, share_intervals

Z = 1.959963984540054


@pytest.mark.parametrize(
    ("right", "trials", "low", "high"),
    # R. G. Newcombe, Statistics in Medicine 17, 1998, table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_an_interval_is_wilsons_as_published(right, trials, low, high):
    interval = share_interval(right, trials)
    assert interval.low == pytest.approx(low, abs=5e-5)
    assert interval.high == pytest.approx(high, abs=5e-5)


@settings(deadline=None)
@given(st.integers(1, 2000), st.data())
def test_without_ties_the_interval_of_many_shares_is_scipys(trials, data):
    right = data.draw(st.integers(0, trials))
    expected = stats.binomtest(right, trials).proportion_ci(0.95, method="wilson")
    low, high = share_intervals(np.array([right / trials]), np.array([float(trials)]))
    assert low[0] == pytest.approx(expected.low, abs=1e-12)
    assert high[0] == pytest.approx(expected.high, abs=1e-12)


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(0, 300), st.integers(0, 300))
def test_each_end_is_z_deviations_from_the_share_if_it_were_the_truth(wins, losses, ties):
    trials = wins + losses + ties
    share = (wins + ties / 2) / trials
    low, high = share_intervals(np.array([share]), np.array([float(trials)]), ties / trials)
    for end in (float(low[0]), float(high[0])):
        if 0 < end < 1:
            variance = end * (1 - end) - ties / trials / 4
            assert abs(share - end) == pytest.approx(Z * np.sqrt(variance / trials), rel=1e-9)
    assert 0 <= low[0] <= share <= high[0] <= 1


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40),
    st.integers(1, 5),
)
def test_better_counts_each_pair_once_and_ties_half(pairs, unsolved):
    first = np.array([np.inf if a == unsolved else a for a, _ in pairs], dtype=float)
    second = np.array([np.inf if b == unsolved else b for _, b in pairs], dtype=float)
    counted = sum(
        1.0 if a > b else 0.5 if a == b else 0.0 for a, b in zip(first, second, strict=True)
    )
    share, interval = share_better(first, second)
    other, mirrored = share_better(second, first)
    assert share == pytest.approx(counted / len(pairs))
    assert share + other == pytest.approx(1)
    assert interval.low == pytest.approx(1 - mirrored.high)
    assert interval.low <= share <= interval.high


def test_188_wins_of_200_are_94_percent_between_90_and_97():
    share, interval = share_better(np.r_[np.ones(188), np.zeros(12)], np.full(200, 0.5))
    assert (round(share, 2), round(interval.low, 2), round(interval.high, 2)) == (0.94, 0.90, 0.97)


def test_pairs_that_are_all_equal_have_no_spread_and_no_nan():
    share, interval = share_better(np.full(7, np.inf), np.full(7, np.inf))
    assert (share, *interval, interval.note) == (0.5, 0.5, 0.5, False, "no spread")


def test_no_trials_have_no_interval():
    assert np.isnan(share_interval(0, 0)[:2]).all()
    share, interval = share_better(np.zeros(0), np.zeros(0))
    assert np.isnan([share, *interval[:2]]).all()
