"""The curves of a setting: shares, medians and bands of its runs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_outcomes import made_outcomes
from scipy import stats

from seqtasks.studies.curves import (
    BANDS,
    losses_over_steps,
    score_over_length,
    share_solved,
    validation_over_steps,
)

INF, NAN = np.inf, np.nan


@settings(deadline=None)
@given(st.lists(st.sampled_from([100, 200, 500, 1000, INF]), min_size=1, max_size=30))
def test_the_share_solved_at_a_step_is_counted_with_wilsons_interval(solved_at):
    curve = share_solved(made_outcomes(solved_at))
    assert list(curve.steps) == list(range(0, 1001, 100))
    for place, step in enumerate(curve.steps):
        count = sum(at <= step for at in solved_at)
        expected = stats.binomtest(count, len(solved_at)).proportion_ci(method="wilson")
        assert curve.share[place] == pytest.approx(count / len(solved_at))
        if count:
            assert curve.low[place] == pytest.approx(expected.low, abs=1e-9)
            assert curve.high[place] == pytest.approx(expected.high, abs=1e-9)
    assert (curve.low[0], curve.share[0], curve.high[0]) == (0, 0, 0)


def test_the_last_value_is_carried_on_and_the_curve_says_so():
    validation = [[0.5, 1.0, NAN], [0.5, 0.5, 0.5], [0.25, NAN, NAN]]
    outcomes = made_outcomes(
        [200, INF, INF], None, ["ended", "ended", "diverged"], validation=validation, limit=300
    )
    curve = validation_over_steps(outcomes, "token_accuracy")
    assert list(curve.steps) == [100, 200, 300]
    assert curve.values.tolist() == [[0.5, 1, 1], [0.5, 0.5, 0.5], [0.25, 0, 0]]
    assert curve.median.tolist() == [0.5, 0.5, 0.5]
    assert curve.carried.tolist() == [0, 0, 1]
    assert curve.note == "1 run ended before the last step: the last value is carried on"
    np.testing.assert_allclose(curve.bands[BANDS.index(0.75)], [0.5, 0.75, 0.75])


def test_a_loss_is_not_carried_on_past_a_divergence():
    losses = [[1.0, 0.5, NAN], [1.0, NAN, NAN]]
    outcomes = made_outcomes([200, INF], None, ["ended", "diverged"], losses=losses, limit=300)
    curve = losses_over_steps(outcomes)
    np.testing.assert_array_equal(curve.values, [[1, 0.5, 0.5], [1, NAN, NAN]])
    assert curve.median.tolist() == [1, 0.5, 0.5]


def test_runs_of_full_length_have_no_note():
    outcomes = made_outcomes([INF], validation=[[0.5, 0.5, 0.5]], limit=300)
    assert validation_over_steps(outcomes, "token_accuracy").note is None


def test_lengths_are_in_order_and_ranges_are_left_out():
    scores = {"100": [0.5, 0.7, 0.6], "10": [1, 1, 1], "41..500": [0, 0, 0], "20": [1, NAN, NAN]}
    outcomes = made_outcomes([INF] * 3, scores, ["ended", "ended", "diverged"])
    curve = score_over_length(outcomes, "token_accuracy")
    assert curve.lengths.tolist() == [10, 20, 100]
    np.testing.assert_array_equal(curve.values, [[1, 1, 0.5], [1, NAN, 0.7], [1, 0, 0.6]])
    assert curve.mean == pytest.approx([1, 0.5, 0.6])
    assert (curve.low[0], curve.high[0]) == (1, 1)
    assert 0.5 <= curve.low[2] < curve.median[2] < curve.high[2] <= 0.7


def test_curves_without_runs_or_evaluations_are_empty_and_no_error():
    none = made_outcomes([], {"10": []})
    assert np.isnan(share_solved(none).share).all()
    assert np.isnan(score_over_length(none, "token_accuracy").mean).all()
    assert np.isnan(validation_over_steps(none, "token_accuracy").median).all()
    short = made_outcomes([INF], every=100, limit=50)
    assert list(share_solved(short).steps) == [0, 50]
    assert validation_over_steps(short, "token_accuracy").values.shape == (1, 0)
    assert validation_over_steps(short, "unknown").values.shape == (1, 0)
