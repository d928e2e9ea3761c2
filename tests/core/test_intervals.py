"""The 95 % intervals are Wilson's where trials are independent, and hold where they are not."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from grids import one_quick_in
from hypothesis import given, settings
from hypothesis import strategies as some

from seqtasks.scoring.intervals import (
    Stratum,
    fraction_interval,
    mean_interval,
    strata_interval,
)

Z = 1.959963984540054  # the normal distribution's 97.5 % point
RUNS = 1500


def independent(right, trials):
    """Return the interval of `right` among `trials`, an instance for every trial."""
    return fraction_interval(np.repeat([1.0, 0.0], [right, trials - right]), np.ones(trials))


def wilson(right, trials):
    """Return Wilson's closed form."""
    share, square = right / trials, Z * Z
    root = Z * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    middle, scale = share + square / (2 * trials), 1 + square / trials
    return (middle - root) / scale, (middle + root) / scale


def test_the_closed_form_used_here_solves_the_equation_that_defines_it():
    for right, trials in ((1, 29), (15, 148), (81, 263), (0, 20), (20, 20)):
        for end in map(Fraction, wilson(right, trials)):
            gap = (Fraction(right, trials) - end) ** 2 - Fraction(Z) ** 2 * end * (1 - end) / trials
            assert abs(gap) < 1e-12


@pytest.mark.parametrize(
    ("right", "trials", "low", "high"),
    [  # R. G. Newcombe, Statistics in Medicine 17, 1998, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_independent_trials_have_the_published_intervals(right, trials, low, high):
    assert wilson(right, trials) == pytest.approx((low, high), abs=5.1e-5)
    assert independent(right, trials) == pytest.approx((low, high), abs=5.1e-5)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(some.integers(1, 500).flatmap(lambda n: some.tuples(some.integers(0, n), some.just(n))))
def test_independent_trials_have_wilsons_interval(counts):
    low, high = wilson(*counts)
    assert independent(*counts) == pytest.approx((max(low, 0.0), min(high, 1.0)), abs=1e-12)


def test_a_thousand_right_of_a_thousand_are_no_proof_of_perfection():
    low, high = independent(1000, 1000)
    assert low == pytest.approx(1000 / (1000 + Z * Z), abs=1e-12)
    assert low == pytest.approx(0.9962, abs=5e-5)
    assert high == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("right", [0, 10])
def test_trials_that_all_agree_count_as_one_for_each_instance(right):
    many = fraction_interval(np.full(100, float(right)), np.full(100, 10.0))
    assert many == pytest.approx(wilson(right * 10, 100), abs=1e-12)


@pytest.mark.parametrize("right", [0, 3, 50, 97, 100])
def test_instances_wholly_right_or_wholly_wrong_count_as_one_trial_each(right):
    rights = np.repeat([10.0, 0.0], [right, 100 - right])
    interval = fraction_interval(rights, np.full(100, 10.0))
    low, high = wilson(right, 100)
    assert interval == pytest.approx((max(low, 0.0), min(high, 1.0)), abs=1e-12)


def test_independent_trials_within_instances_count_nearly_one_by_one():
    rights = np.random.default_rng(0).binomial(10, 0.7, 1000).astype(float)
    low, high = fraction_interval(rights, np.full(1000, 10.0))
    alone = wilson(rights.sum(), 10_000)
    assert high - low == pytest.approx(alone[1] - alone[0], rel=0.1)


def test_more_rights_never_lower_either_end():
    ends = [independent(right, 60) for right in range(61)]
    assert all(a.low <= b.low and a.high <= b.high for a, b in pairwise(ends))
    assert (ends[0].low, ends[-1].high) == pytest.approx((0.0, 1.0), abs=1e-12)


def test_more_instances_of_the_same_share_narrow_the_interval():
    widths = [high - low for low, high in (independent(7 * n, 10 * n) for n in (1, 2, 5, 50, 500))]
    assert widths == sorted(widths, reverse=True)
    assert widths[-2] / widths[-1] == pytest.approx(math.sqrt(10), rel=0.01)


counts = some.lists(
    some.integers(1, 20).flatmap(lambda n: some.tuples(some.integers(0, n), some.just(n))),
    min_size=1,
    max_size=30,
)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(counts)
def test_an_interval_holds_its_share_and_mirrors_that_of_the_errors(pairs):
    rights, trials = np.array(pairs, dtype=float).T
    low, high = fraction_interval(rights, trials)
    assert 0 <= low <= rights.sum() / trials.sum() + 1e-12
    assert rights.sum() / trials.sum() - 1e-12 <= high <= 1
    errors = fraction_interval(trials - rights, trials)
    assert errors == pytest.approx((1 - high, 1 - low), abs=1e-9)


def coverage(interval, truth, draw):
    """Return the share of simulated data sets whose interval holds the truth."""
    rng = np.random.default_rng(11)
    found = (interval(*draw(rng)) for _ in range(RUNS))
    return sum(low <= truth <= high for low, high in found) / RUNS


def clustered(instances, trials, share, alike):
    """Return a generator of rights: each instance has a share of its own, Beta distributed."""

    def draw(rng):
        shares = rng.beta(share * alike, (1 - share) * alike, instances)
        return rng.binomial(trials, shares).astype(float), np.full(instances, float(trials))

    return draw


@pytest.mark.parametrize("alike", [1.0, 20.0, 1e6])  # from all-or-nothing to independent
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_the_interval_of_clustered_trials_holds_the_truth(share, alike):
    held = coverage(fraction_interval, share, clustered(200, 10, share, alike))
    assert 0.93 <= held <= 0.975


@pytest.mark.parametrize("alike", [1.0, 20.0])
def test_the_interval_of_a_thousand_instances_holds_near_a_perfect_score(alike):
    assert coverage(fraction_interval, 0.99, clustered(1000, 10, 0.99, alike)) >= 0.93


@pytest.mark.parametrize("instances", [100, 256])
def test_the_interval_of_few_instances_holds_near_a_perfect_score(instances):
    assert coverage(fraction_interval, 0.99, clustered(instances, 10, 0.99, 1.0)) >= 0.93


def test_instances_of_different_sizes_are_weighed_by_their_trials():
    def draw(rng):
        trials = rng.integers(1, 30, 200)
        shares = np.where(rng.random(200) < 0.6, 0.95, 0.3)  # 0.69 in the mean
        return rng.binomial(trials, shares).astype(float), trials.astype(float)

    assert coverage(fraction_interval, 0.69, draw) >= 0.93


def test_wilsons_interval_of_all_trials_would_not_hold():
    def as_if_independent(rights, trials):
        return wilson(rights.sum(), trials.sum())

    assert coverage(as_if_independent, 0.9, clustered(200, 10, 0.9, 1.0)) < 0.7


def test_one_instance_says_as_much_as_one_trial_at_least_and_as_its_trials_at_most():
    for right in (0, 10):
        interval = fraction_interval(np.array([float(right)]), np.array([10.0]))
        assert interval == pytest.approx(wilson(right / 10, 1), abs=1e-12)
    low, high = fraction_interval(np.array([7.0]), np.array([10.0]))
    (least, most), (first, last) = wilson(0.7, 1), wilson(7, 10)
    assert least - 1e-12 <= low <= first
    assert last <= high <= most + 1e-12


def test_the_interval_of_a_mean_is_the_textbooks_for_equal_weights():
    errors = np.random.default_rng(1).exponential(size=80)
    half = Z * np.std(errors, ddof=1) / math.sqrt(80)
    interval = mean_interval(errors * 5, np.full(80, 5.0))
    assert interval == pytest.approx((errors.mean() - half, errors.mean() + half), abs=1e-12)


def test_the_interval_of_a_ratio_of_sums_holds_the_truth():
    def draw(rng):
        weights = rng.integers(1, 30, 300).astype(float)
        return weights * rng.exponential(2.0, 300), weights

    assert 0.93 <= coverage(mean_interval, 2.0, draw) <= 0.975


def test_the_mean_of_one_instance_has_no_interval_and_equal_errors_have_none_to_spare():
    assert mean_interval(np.array([3.0]), np.array([1.0])) == (-math.inf, math.inf)
    assert mean_interval(np.full(9, 6.0), np.full(9, 2.0)) == (3.0, 3.0)


@settings(deadline=None)
@given(some.integers(0, 10**6), some.integers(2, 400), some.integers(1, 9))
def test_one_stratum_has_nearly_the_interval_of_its_instances(seed, instances, trials):
    rng = np.random.default_rng(seed)
    weights = np.full(instances, float(trials))
    sums = rng.binomial(trials, rng.random(), size=instances).astype(float)
    one, other = strata_interval([Stratum(sums, weights)], True), fraction_interval(sums, weights)
    width = other.high - other.low
    assert abs(one.low - other.low) < 0.35 * width / instances**0.5 + 1e-9
    assert abs(one.high - other.high) < 0.35 * width / instances**0.5 + 1e-9
    one = strata_interval([Stratum(sums, weights)], False)
    assert tuple(one) == pytest.approx(tuple(mean_interval(sums, weights)))


def strata_drawn(rng, chances, instances, trials, alike):
    """Return strata of instances whose trials agree with each other with a chance."""
    made = []
    for chance, count in zip(chances, trials, strict=True):
        rights = rng.binomial(count, chance, size=instances)
        same = rng.random(instances) < alike
        rights[same] = count * (rng.random(same.sum()) < chance)
        made.append(Stratum(rights.astype(float), np.full(instances, float(count))))
    return made


MEANS = [
    (0.5, 0.5, 8, (1, 1)),
    (1.0, 0.5, 8, (1, 1)),
    (0.99, 0.9, 4, (1, 9)),
    (0.9, 0.3, 16, (5, 50)),
]


@one_quick_in(2, **{"first, last, instances, trials": MEANS}, alike=[0.0, 0.5])
def test_the_interval_of_a_mean_of_strata_holds_as_often_as_it_says(
    first, last, instances, trials, alike
):
    rng = np.random.default_rng(12)
    chances = np.linspace(first, last, 20)
    counts = np.linspace(*trials, 20).astype(int)
    held = 0
    for _ in range(RUNS):
        strata = strata_drawn(rng, chances, instances, counts, alike)
        low, high = strata_interval(strata, True)
        held += low <= chances.mean() <= high
    assert held / RUNS > 0.93


def test_strata_that_differ_do_not_widen_the_interval():
    """Each stratum is known well, though they are far apart."""
    rng = np.random.default_rng(5)
    strata = strata_drawn(rng, [0.99, 0.01] * 10, 50, [100] * 20, 0.0)
    low, high = strata_interval(strata, True)
    assert high - low < 0.01


def test_exact_strata_add_nothing_and_all_of_them_are_a_point():
    rng = np.random.default_rng(6)
    (sampled,) = strata_drawn(rng, [0.5], 100, [1], 0.0)
    exact = Stratum(np.array([1.0, 0.0]), np.ones(2), exact=True)
    assert strata_interval([exact, exact._replace(sums=np.ones(2))], True) == (0.75, 0.75)
    alone, halved = strata_interval([sampled], True), strata_interval([sampled, exact], True)
    assert halved.high - halved.low == pytest.approx((alone.high - alone.low) / 2, rel=0.05)


def test_where_all_is_right_the_interval_is_that_of_all_instances():
    strata = [Stratum(np.ones(4), np.ones(4))] * 25
    assert strata_interval(strata, True) == pytest.approx(wilson(100, 100), abs=0.001)


def test_a_single_instance_of_reals_tells_nothing_of_the_mean():
    strata = [Stratum(np.ones(1), np.ones(1)), Stratum(np.ones(4), np.ones(4))]
    assert strata_interval(strata, False) == (-math.inf, math.inf)
