"""Intervals hold the truth, and tests err, as often as the documentation says; by simulation."""

import coverage_tables as coverage
import numpy as np
import pytest

QUICK = 300
"""Repetitions of a quick test: its promise is wider by 4 standard deviations."""


def near(share: float, low: float, high: float, repetitions: int) -> bool:
    """Say whether a simulated share is from low to high, but for 4 standard deviations."""
    ends = np.array([low, high])
    within = 4 * np.sqrt(ends * (1 - ends) / repetitions)
    return bool(low - within[0] <= share <= high + within[1])


@pytest.mark.parametrize("runs", [10, 20, 50, 200])
def test_wilsons_intervals_hold_95_percent_on_average(runs):
    assert 0.945 <= coverage.wilson(runs) <= 0.96


@pytest.mark.parametrize("sample", ["normal", "uniform", "accuracies"])
def test_intervals_of_means_hold_from_50_seeds_on(sample):
    assert near(coverage.bca_mean(sample, 50, QUICK), 0.93, 0.97, QUICK)


def test_intervals_of_differences_hold_from_50_seeds_on():
    assert near(coverage.bca_paired("accuracies", 50, QUICK), 0.93, 0.97, QUICK)
    assert near(coverage.bca_unpaired("normal", 50, QUICK), 0.93, 0.97, QUICK)


def test_intervals_of_better_and_of_the_median_steps_hold():
    assert near(coverage.better(50, QUICK), 0.93, 0.97, QUICK)
    assert near(coverage.better_unpaired(50, QUICK), 0.93, 0.97, QUICK)
    assert near(coverage.median_steps(50, QUICK), 0.93, 1.0, QUICK)


@pytest.mark.parametrize("draw", [coverage.steps, coverage.accuracies])
def test_sign_flips_find_5_percent_of_what_is_not_there(draw):
    assert near(coverage.sign_flips_under_null(draw, 20, QUICK), 0.04, 0.06, QUICK)


def test_tests_without_pairs_find_5_percent_of_what_is_not_there():
    assert near(coverage.labels_under_null(coverage.accuracies, 20, 200), 0.04, 0.06, 200)
    assert near(coverage.logrank_under_null(20, 200), 0.04, 0.06, 200)


@pytest.mark.parametrize("name", coverage.UNTIL_SURE)
def test_few_studies_that_add_seeds_find_what_is_not_there(name):
    wrong, _ = coverage.until_sure(coverage.UNTIL_SURE[name], repetitions=QUICK)
    assert near(wrong, 0.0, 0.06, QUICK)


def test_the_last_look_of_until_sure_finds_nearly_what_one_look_would():
    share, seeds = coverage.until_sure(coverage.differences_of_steps, 0.05, 200)
    assert share > 0.7
    assert seeds < 900


@pytest.mark.slow
@pytest.mark.parametrize("runs", [50, 100, 200, 1000])
@pytest.mark.parametrize("sample", ["normal", "uniform", "exponential", "accuracies"])
def test_intervals_of_means_hold_as_the_table_says(sample, runs):
    assert 0.93 <= coverage.bca_mean(sample, runs) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("runs", [200, 1000])
def test_intervals_of_means_of_lognormal_values_hold_from_200_seeds_on(runs):
    assert 0.93 <= coverage.bca_mean("lognormal", runs) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("runs", [50, 200, 1000])
def test_intervals_of_better_hold_as_the_table_says(runs):
    assert 0.93 <= coverage.better(runs) <= 0.97
    assert 0.93 <= coverage.better_unpaired(runs) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("runs", [20, 50, 200])
def test_tests_find_4_to_6_percent_of_what_is_not_there(runs):
    for draw in (coverage.steps, coverage.accuracies):
        assert 0.04 <= coverage.sign_flips_under_null(draw, runs) <= 0.06
        assert 0.04 <= coverage.labels_under_null(draw, runs) <= 0.06
    assert 0.04 <= coverage.logrank_under_null(runs, 10_000) <= 0.06


@pytest.mark.slow
@pytest.mark.parametrize("name", coverage.UNTIL_SURE)
def test_at_most_6_percent_of_studies_that_add_seeds_find_what_is_not_there(name):
    wrong, _ = coverage.until_sure(coverage.UNTIL_SURE[name], repetitions=4000)
    assert wrong <= 0.06


@pytest.mark.slow
@pytest.mark.parametrize("runs", [20, 50, 200])
def test_a_planted_difference_is_found_at_the_power_that_is_told(runs):
    normal = coverage.SAMPLES["normal"][0]
    assert coverage.power(runs, normal, np.sqrt(2)) == pytest.approx(0.8, abs=0.03)
