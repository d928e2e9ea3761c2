"""Group-sequential intervals: published boundaries, and error rates by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.statistics.sequential import (
    critical_values,
    doubling_looks,
    repeated_interval,
    repeated_p_value,
)

LOOKS = doubling_looks(25, 1000)


def test_the_boundaries_are_as_published_for_five_equal_looks():
    # K. K. G. Lan and D. L. DeMets, Biometrika 70, 1983, as the R package ldbounds prints them.
    published = [2.4380, 2.4268, 2.4101, 2.3966, 2.3859]
    assert critical_values((1, 2, 3, 4, 5), 0.05) == pytest.approx(published, abs=1e-4)


def test_one_look_has_the_usual_boundary():
    assert critical_values((100,), 0.05) == pytest.approx([1.959964], abs=1e-6)


@pytest.mark.parametrize("error", [0.05, 0.01])
def test_the_boundaries_are_crossed_as_often_as_the_error_says(error):
    rng = np.random.default_rng(1)
    walks = 400_000
    steps = np.diff((0, *LOOKS))
    sums = np.cumsum(rng.normal(size=(walks, len(LOOKS))) * np.sqrt(steps), axis=1)
    crossed = np.abs(sums) / np.sqrt(LOOKS) > critical_values(LOOKS, error)
    share = crossed.any(axis=1).mean()
    assert share == pytest.approx(error, abs=4 * np.sqrt(error / walks))


@settings(deadline=None)
@given(st.floats(1e-6, 0.3), st.floats(1.05, 3))
def test_a_smaller_error_has_wider_boundaries(error, factor):
    wide, narrow = critical_values(LOOKS, error), critical_values(LOOKS, error * factor)
    assert all(a > b for a, b in zip(wide, narrow, strict=True))


def test_an_interval_of_equal_differences_is_not_empty():
    low, high, _ = repeated_interval(np.zeros(25), 1.0, critical_values(LOOKS, 0.05)[0])
    assert low == -high
    assert 0.05 < high < 0.25
    assert repeated_interval(np.zeros(1), 1.0, 3.0)[:2] == (-1, 1)


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.3])
def test_the_p_value_is_at_most_the_error_exactly_if_a_look_found_a_difference(shift):
    rng = np.random.default_rng(3)
    for _ in range(20):
        differences = np.clip(rng.normal(shift, 0.5, size=400), -1, 1)
        found = False
        for look, critical in zip(LOOKS, critical_values(LOOKS, 0.05), strict=True):
            if look <= len(differences):
                low, high, _ = repeated_interval(differences[:look], 1.0, critical)
                found = found or low > 0 or high < 0
        p = repeated_p_value(differences, 1.0, LOOKS)
        assert found == (p <= 0.05) or p == pytest.approx(0.05, rel=0.05)


def test_no_complete_look_has_p_1():
    assert repeated_p_value(np.ones(24), 1.0, LOOKS) == 1
    assert repeated_p_value(np.zeros(1000), 1.0, LOOKS) == 1
