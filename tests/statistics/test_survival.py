"""Kaplan-Meier estimates: published examples, the plain product, and Wilson's intervals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from seqtasks.statistics.survival import times_to_event

# Weeks of remission under 6-MP: E. J. Freireich et al., Blood 21, 1963; the estimates are table 1.1
# of D. R. Cox and D. Oakes, Analysis of Survival Data, 1984.
REMISSION = [6, 6, 6, 7, 10, 13, 16, 22, 23]
NO_RELAPSE = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def estimate(events, censored):
    times = np.array([*events, *censored], dtype=float)
    came = np.array([True] * len(events) + [False] * len(censored))
    return times_to_event(times, came)


def test_the_estimate_is_as_published():
    found = estimate(REMISSION, NO_RELAPSE)
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    share, _, _ = found.at(np.array([*published], dtype=float))
    assert 1 - share == pytest.approx(list(published.values()), abs=6e-4)
    assert (found.quantile(0.25), found.quantile(0.5), found.quantile(0.75)) == (13, 23, None)
    assert found.quantile_interval(0.5) == (13, None)


def by_hand(times, came, time):
    """The product of the shares that stay, over the event times up to a time."""
    left = 1.0
    for event in sorted({t for t, c in zip(times, came, strict=True) if c and t <= time}):
        at_risk = sum(t >= event for t in times)
        events = sum(c and t == event for t, c in zip(times, came, strict=True))
        left *= 1 - events / at_risk
    return left


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=1, max_size=25))
def test_the_estimate_is_the_product_by_hand(runs):
    times, came = zip(*runs, strict=True)
    found = times_to_event(np.array(times, dtype=float), np.array(came))
    share, low, high = found.at(np.arange(0.0, 11.0))
    assert 1 - share == pytest.approx([by_hand(times, came, t) for t in range(11)], abs=1e-12)
    assert np.isfinite([low, high]).all()
    assert ((low <= share + 1e-12) & (share <= high + 1e-12)).all()
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) >= 0).all()


@settings(deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=60))
def test_runs_watched_to_the_end_have_wilsons_intervals_at_each_time(steps):
    times = np.minimum(steps, 5).astype(float)
    came = np.array(steps) <= 5
    found = times_to_event(times, came)
    for time in sorted({*times}):
        count = int(sum(step <= time for step in steps if step <= 5))
        expected = stats.binomtest(count, len(steps)).proportion_ci(0.95, method="wilson")
        share, low, high = (float(one[0]) for one in found.at(np.array([time])))
        assert share == pytest.approx(count / len(steps), abs=1e-12)
        if 0 < count < len(steps):
            assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@settings(deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=50))
def test_a_quantile_is_the_first_time_by_which_enough_events_came(steps):
    found = times_to_event(np.array(steps, dtype=float), np.ones(len(steps), dtype=bool))
    ordered = sorted(steps)
    for share in (0.25, 0.5, 0.75):
        assert found.quantile(share) == ordered[int(np.ceil(share * len(steps) - 1e-9)) - 1]
        low, high = found.quantile_interval(share)
        assert low is not None
        assert low <= found.quantile(share) <= (np.inf if high is None else high)


def test_what_never_comes_is_not_reached():
    found = estimate([], [100] * 20)
    assert found.quantile(0.25) is None
    assert found.quantile_interval(0.25) == (None, None)
    assert found.at(np.array([100.0]))[0] == [0]


def test_half_of_the_runs_are_enough_for_a_median():
    found = estimate([10, 20], [30, 30])
    assert found.quantile(0.5) == 20
    assert found.quantile_interval(0.5) == (10, None)


def test_with_few_runs_the_median_may_lie_before_the_first_event_seen():
    # Of 2 runs watched at time 20, none had the event; the share could still be 66 %.
    assert estimate([30, 30], []).quantile_interval(0.5) == (0, None)
