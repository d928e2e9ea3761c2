"""Sign-flip tests against brute force and scipy, Holm's correction, and power."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from seqtasks.statistics.paired_tests import holm, pairs_needed, resamples_for, sign_flip_tests
from seqtasks.statistics.power import detectable_difference


def p_of(values, **options):
    return sign_flip_tests([np.array(values, dtype=float)], **options)[0].p_value


@settings(deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_few_pairs_are_tested_over_all_choices_of_signs(values):
    sums = [
        sum(s * v for s, v in zip(signs, values, strict=True))
        for signs in product((-1, 1), repeat=len(values))
    ]
    assert p_of(values) == np.mean(np.abs(sums) >= abs(sum(values)))


@pytest.mark.parametrize("seed", range(3))
def test_few_pairs_have_scipys_p_value(seed):
    values = np.random.default_rng(seed).normal(0.4, 1, size=11)
    expected = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", vectorized=True, n_resamples=np.inf
    )
    assert p_of(values) == pytest.approx(expected.pvalue, abs=1e-12)


def test_solved_or_not_gives_the_exact_test_of_mcnemar():
    differences = np.r_[np.ones(9), -np.ones(2), np.zeros(189)]
    [found] = sign_flip_tests([differences])
    assert found.exact
    assert found.p_value == pytest.approx(stats.binomtest(9, 11).pvalue)


def test_many_pairs_have_scipys_p_value_within_the_error_of_the_sample():
    values = np.random.default_rng(5).normal(0.25, 1, size=60)
    expected = stats.permutation_test(
        (values,),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=20_000,
        batch=2000,
        rng=np.random.default_rng(1),
    ).pvalue
    [found] = sign_flip_tests([values])
    assert not found.exact
    assert found.p_value == pytest.approx(expected, abs=5 * np.sqrt(expected / 20_000))


def test_no_sampled_p_value_is_0_and_rounding_breaks_no_tie():
    # 0.1 is not exact in binary: the sums of equal sizes differ by rounding alone.
    [found] = sign_flip_tests([np.full(40, 0.1)], resamples=999)
    assert (found.p_value, found.least) == (0.001, 0.001)
    shifted = np.r_[np.full(20, 0.1), np.full(20, -0.1)]
    assert sign_flip_tests([shifted], resamples=999)[0].p_value == 1


def test_a_column_has_the_same_p_value_alone_and_among_others():
    rng = np.random.default_rng(2)
    columns = [rng.normal(0.2, 1, size=50) for _ in range(3)] + [rng.normal(size=30)]
    together = [one.p_value for one in sign_flip_tests(columns, resamples=4999)]
    assert together == [p_of(column, resamples=4999) for column in columns]


def test_equal_pairs_have_p_1_and_no_pairs_have_none():
    assert p_of(np.zeros(500)) == 1
    assert np.isnan(p_of([]))
    with pytest.raises(ValueError, match="finite"):
        p_of([1.0, np.nan])


@settings(deadline=None)
@given(st.lists(st.floats(0, 1) | st.just(float("nan")), max_size=8))
def test_holm_is_the_step_down_procedure_by_hand(p_values):
    corrected = holm(p_values)
    for level in (0.01, 0.05, 0.2):
        # Reject the smallest as long as it is at most the level over the number that is left.
        left = sorted((p, place) for place, p in enumerate(p_values) if not np.isnan(p))
        rejected = set()
        for number, (p, place) in enumerate(left):
            if p * (len(left) - number) > level:
                break
            rejected.add(place)
        assert {place for place, p in enumerate(corrected) if p <= level} == rejected
    assert [np.isnan(p) for p in corrected] == [np.isnan(p) for p in p_values]


def test_holms_values_are_as_in_his_method_for_a_published_example():
    # S. P. Wright, Biometrics 48, 1992, table 1: the adjusted p-values of Holm's procedure.
    assert holm([0.0135, 0.0115, 0.0141, 0.0146]) == pytest.approx([0.046] * 4)


@pytest.mark.parametrize("tests", [1, 3, 45, 190])
def test_the_pairs_needed_are_the_first_whose_least_p_value_is_small_enough(tests):
    needed = pairs_needed(tests)
    least = [p_of(np.arange(1.0, 1 + number)) * tests for number in (needed - 1, needed)]
    assert least[1] <= 0.05 < least[0]


@pytest.mark.parametrize("tests", [1, 45, 190])
def test_resamples_are_enough_for_one_in_a_thousand_after_holm(tests):
    assert resamples_for(tests) >= 99_999
    assert tests / (resamples_for(tests) + 1) < 0.001


@pytest.mark.parametrize(
    ("pairs", "difference"),
    # J. Cohen, Statistical Power Analysis, 1988, table 2.4.1, by way of d = d_c / sqrt(2): G*Power
    # gives 34, 90 and 199 pairs for 0.5, 0.3 and 0.2 at 80 %.
    [(34, 0.5), (90, 0.3), (199, 0.2)],
)
def test_the_difference_that_is_found_is_as_in_tables(pairs, difference):
    assert detectable_difference(pairs) <= difference < detectable_difference(pairs - 1)


def test_too_few_seeds_can_find_nothing():
    assert detectable_difference(5) is None
    assert detectable_difference(6) is not None
    assert detectable_difference(10, tests=45) is None


@pytest.mark.parametrize("pairs", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_the_difference_is_found_in_80_percent_of_simulations(pairs):
    repetitions = 2000 if pairs == 200 else 600
    rng = np.random.default_rng(pairs)
    shift = detectable_difference(pairs)
    columns = list(rng.normal(shift, 1, size=(repetitions, pairs)))
    found = [one.p_value <= 0.05 for one in sign_flip_tests(columns, resamples=1999)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.05 if pairs == 20 else 0.03)
