"""The commonest symbol of each place, counts of symbols, and the mean over a range of lengths."""

import math

import numpy as np
import pytest

from seqtasks.registry.find import task as find_task
from seqtasks.scoring.baselines import (
    Baseline,
    baselines,
    best_baselines,
    is_no_better,
    range_baseline,
)
from seqtasks.scoring.intervals import Interval
from seqtasks.tasks.alphabets import (
    IGNORE,
)
from seqtasks.tasks.metrics import mean_squared_error, token_accuracy


def place_by_hand(task, length, count=2000):
    """Return what the commonest symbol of each place scores, chosen and scored on other inputs."""
    rng = np.random.default_rng(99)
    first, second = (task.batch(rng, count, length) for _ in range(2))
    right = total = 0
    for step in range(first.targets.shape[1]):
        seen = [target for target in first.targets[:, step].tolist() if target != IGNORE]
        due = [target for target in second.targets[:, step].tolist() if target != IGNORE]
        right += due.count(max(set(seen), key=seen.count)) if seen else 0
        total += len(due)
    return right / total


@pytest.mark.parametrize(
    ("spec", "length", "expected"),
    [
        ("bucket-sort", 40, 0.779),
        ("bucket-sort", 500, 0.936),
        ("binary-multiplication", 8, 0.567),
        ("copy-memory", 21, None),
    ],
)
def test_the_commonest_of_each_place_reads_nothing_but_the_length(spec, length, expected):
    found = {row.strategy: row for row in baselines(spec, length).rows}
    row = found["the commonest of each place"]
    by_hand = place_by_hand(find_task(spec), length)
    assert row.metrics["token_accuracy"] == pytest.approx(by_hand, abs=0.02)
    if expected is not None:
        assert row.metrics["token_accuracy"] == pytest.approx(expected, abs=0.01)
    best = best_baselines(find_task(spec), [length])[str(length)]
    assert best.strategy == row.strategy


@pytest.mark.parametrize("spec", ["parity", "bitflip", "reverse-string", "cycle-navigation"])
def test_a_place_that_tells_nothing_is_not_a_strategy(spec):
    assert not [row for row in baselines(spec, 12).rows if "place" in row.strategy]


@pytest.mark.parametrize(
    ("spec", "length", "least"),
    [
        ("tomita:number=5,mode=recognise", 20, 1.0),
        ("anbn:mode=recognise", 40, 0.92),
        ("embedded-reber:mode=recognise", 20, 0.86),
        ("dyck:mode=recognise", 20, 0.79),
    ],
)
def test_counts_of_symbols_alone_tell_much_of_some_languages(spec, length, least):
    found = {row.strategy: row.metrics for row in baselines(spec, length).rows}
    score = found["by the counts of symbols alone"]["token_accuracy"]
    assert score >= least
    assert score < 0.96 or least == 1.0


def test_only_a_task_that_asks_for_it_is_scored_by_counts():
    assert not [row for row in baselines("parity-check", 10).rows if "counts" in row.strategy]
    assert not [row for row in baselines("anbn", 40).rows if "counts" in row.strategy]


def test_the_mean_of_a_range_is_near_the_mean_of_all_its_lengths():
    task = find_task("bucket-sort")
    every = best_baselines(task, range(41, 80))
    mean = np.mean([one.metrics["token_accuracy"] for one in every.values()])
    found = range_baseline(task, "41..79")
    assert found.metrics["token_accuracy"] == pytest.approx(mean, abs=0.005)
    assert found.strategy == "the best at each of 12 lengths"


def share_right_by_place(length):
    """Return what the commonest sorted symbol of each place scores: exactly, by binomials."""
    counts = np.arange(length + 1)
    below = np.zeros(length)
    right = np.zeros(length)
    for share in (0.2, 0.4, 0.6, 0.8, 1.0):
        ways = [math.comb(length, int(k)) * share**k * (1 - share) ** (length - k) for k in counts]
        up_to = np.cumsum(ways[::-1])[::-1][1:]  # that this many symbols or more are no larger
        right = np.maximum(right, up_to - below)
        below = up_to
    return right.mean()


def test_the_mean_of_a_range_is_right_where_the_scores_bend_with_length():
    task = find_task("bucket-sort")
    exact = np.mean([share_right_by_place(length) for length in range(10, 121)])
    found = range_baseline(task, "10..120")
    assert found.metrics["token_accuracy"] == pytest.approx(exact, abs=5 * found.error)


def test_a_score_within_its_interval_of_what_learns_nothing_is_no_better():
    chance = Baseline("chance", {"token_accuracy": 0.5}, error=0.01)
    exact = Baseline("chance", {"token_accuracy": 0.5})
    cases = [
        (0.9, (0.88, 0.92), chance, False),
        (0.53, (0.51, 0.55), chance, True),  # the chance is known to within 0.04
        (0.53, (0.51, 0.55), exact, False),
        (0.53, (0.49, 0.57), exact, True),
        (0.5, (0.5, 0.5), exact, True),
        (0.2, (0.1, 0.3), exact, True),
        (math.nan, (0.9, 1.0), exact, True),
    ]
    for value, ends, baseline, expected in cases:
        assert is_no_better(token_accuracy, value, Interval(*ends), baseline) is expected
    mean = Baseline("always the mean", {"mean_squared_error": 1 / 6})
    for value, ends, expected in [(0.01, (0.005, 0.02), False), (0.16, (0.14, 0.18), True)]:
        assert is_no_better(mean_squared_error, value, Interval(*ends), mean) is expected
