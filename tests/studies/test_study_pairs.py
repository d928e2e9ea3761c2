"""Settings compared two by two."""

import json
from itertools import product

import numpy as np
import pytest
from made_outcomes import made_outcomes
from scipy import stats

from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.pairs import Entrant, entrant_data, pairs
from seqtasks.tasks.metrics import Metric

INF, NAN = np.inf, np.nan


def by_measure(entries):
    return {entry["measure"]: entry for entry in entries}


def test_each_number_of_a_pair_is_as_by_brute_force():
    first = made_outcomes(
        [100, 200, 300, 100, INF, 400, 200, 100], {"10": [1, 1, 0.9, 1, 0.5, 1, 1, 1]}
    )
    second = made_outcomes(
        [200, 200, 500, INF, INF, 300, 900, 400], {"10": [1, 0.9, 0.8, 0.6, 0.7, 1, 1, 0.9]}
    )
    found = by_measure(pairs([Entrant("gru", first), Entrant("sum", second)]))
    assert list(found) == ["solved", "steps_to_solve", "token_accuracy at 10"]
    steps = found["steps_to_solve"]
    differences = np.minimum(first.solved_at, 1000) - np.minimum(second.solved_at, 1000)
    sums = [abs(np.dot(signs, differences)) for signs in product((-1, 1), repeat=8)]
    assert (steps["a"], steps["b"], steps["n"], steps["paired"]) == ("gru", "sum", 8, True)
    assert steps["difference"] == pytest.approx(differences.mean())
    assert steps["p_value"] == np.mean(sums >= abs(differences.sum()) - 1e-9)
    assert steps["p_holm"] == steps["p_value"]
    assert steps["better"] == (5 + 2 / 2) / 8  # fewer steps are better; 2 seeds are equal
    expected = stats.bootstrap(
        (differences,), np.mean, method="BCa", rng=np.random.default_rng(0)
    ).confidence_interval
    assert steps["interval"] == pytest.approx(tuple(expected), abs=20)
    assert found["solved"]["difference"] == pytest.approx(1 / 8)
    assert found["solved"]["p_value"] == 1  # one seed alone tells nothing
    assert found["solved"]["better"] == pytest.approx((1 + 7 / 2) / 8)
    score = found["token_accuracy at 10"]
    assert (score["metric"], score["length"]) == ("token_accuracy", "10")
    assert score["difference"] == pytest.approx(np.mean([0, 0.1, 0.1, 0.4, -0.2, 0, 0, 0.1]))
    assert score["better"] == (4 + 3 / 2) / 8


def test_a_cell_against_itself_has_difference_0_no_spread_p_1_and_no_nan():
    runs = made_outcomes(
        [100, INF, 300, 300], {"10": [1, NAN, 0.3, 1]}, ["ended", "diverged", "ended", "ended"]
    )
    entries = pairs([Entrant("gru", runs), Entrant("gru again", runs)])
    assert "NaN" not in json.dumps(entries)
    for entry in entries:
        assert (entry["difference"], entry["interval"]) == (0, [0, 0])
        assert (entry["p_value"], entry["p_holm"]) == (1, 1)
        assert (entry["better"], entry["better_interval"]) == (0.5, [0.5, 0.5])
        assert "no spread" in entry["note"]


def test_pairs_are_by_equal_seeds_whatever_their_order_and_number():
    first = made_outcomes([100, 200, 300], seeds=[5, 6, 7])
    second = made_outcomes([900, 200, 100, 300], seeds=[9, 6, 5, 7])
    steps = by_measure(pairs([Entrant("a", first), Entrant("b", second)]))["steps_to_solve"]
    assert (steps["n"], steps["difference"], steps["p_value"]) == (3, 0, 1)
    assert "1 runs whose seed only one of the two has are left out" in steps["note"]


@pytest.mark.parametrize("kind", ["data", "seeds"])
def test_without_equal_data_or_seeds_nothing_is_paired_and_the_entry_says_so(kind):
    rng = np.random.default_rng(1)
    first = made_outcomes(100 * rng.integers(1, 6, 30), {"10": rng.random(30)})
    seeds = range(30, 70) if kind == "seeds" else range(40)
    second = made_outcomes(100 * rng.integers(4, 11, 40), {"10": rng.random(40)}, seeds=seeds)
    other_data = "other" if kind == "data" else None
    found = by_measure(pairs([Entrant("a", first), Entrant("b", second, data=other_data)]))
    steps = found["steps_to_solve"]
    assert not steps["paired"]
    why = "the data differ" if kind == "data" else "no seed in common"
    assert steps["note"] == f"not paired: {why}"
    assert steps["test"] == "log-rank"
    samples = [stats.CensoredData(uncensored=one.solved_at) for one in (first, second)]
    assert steps["p_value"] == pytest.approx(stats.logrank(*samples).pvalue)
    u = stats.mannwhitneyu(second.solved_at, first.solved_at).statistic
    assert steps["better"] == pytest.approx(u / 1200)
    score = found["token_accuracy at 10"]
    first_scores = first.scores["10"]["token_accuracy"]
    second_scores = second.scores["10"]["token_accuracy"]
    assert score["difference"] == pytest.approx(first_scores.mean() - second_scores.mean())
    expected = stats.permutation_test(
        (first_scores, second_scores),
        lambda a, b, axis: np.mean(a, axis=axis) - np.mean(b, axis=axis),
        vectorized=True,
        rng=np.random.default_rng(0),
    )
    assert score["p_value"] == pytest.approx(expected.pvalue, abs=0.03)


def test_runs_without_a_model_count_as_0_and_runs_without_a_score_are_left_out_and_named():
    first = made_outcomes(
        [100, INF, 300, 100], {"10": [1, NAN, 0.5, NAN]}, ["ended", "killed", "ended", "ended"]
    )
    second = made_outcomes([100, 100, 300, 100], {"10": [1, 0.5, 0.5, 1]})
    score = by_measure(pairs([Entrant("a", first), Entrant("b", second)]))["token_accuracy at 10"]
    assert score["n"] == 3
    assert score["difference"] == pytest.approx((0 - 0.5 + 0) / 3)
    assert "2 runs are left out, for a score that is missing" in score["note"]


def test_holm_is_over_all_pairs_of_a_measure():
    rng = np.random.default_rng(3)
    entrants = [
        Entrant(f"cell {k}", made_outcomes(100 * rng.integers(1 + k, 6 + k, 12))) for k in range(4)
    ]
    entries = pairs(entrants)
    for measure in ("solved", "steps_to_solve"):
        own = [entry for entry in entries if entry["measure"] == measure]
        assert len(own) == 6
        ordered = sorted(own, key=lambda entry: entry["p_value"])
        least = 0.0
        for number, entry in enumerate(ordered):
            least = max(least, min(1.0, entry["p_value"] * (6 - number)))
            assert entry["p_holm"] == pytest.approx(least)


def test_settings_of_different_tasks_are_not_compared():
    runs = made_outcomes([100, 200])
    entrants = [
        Entrant("a", runs, "parity"),
        Entrant("b", runs, "parity"),
        Entrant("c", runs, "dyck"),
    ]
    assert {(entry["a"], entry["b"]) for entry in pairs(entrants)} == {("a", "b")}


@pytest.mark.parametrize(("runs", "cells", "needed"), [(5, 2, 6), (6, 3, 7)])
def test_too_few_seeds_for_significance_are_told(runs, cells, needed):
    entrants = [Entrant(f"c{k}", made_outcomes([100 * (k + 1)] * runs)) for k in range(cells)]
    for entry in pairs(entrants):
        assert f"{runs} seeds cannot reach significance" in entry["note"]
        assert entry["note"].endswith(f"{needed} can")
        assert entry["detectable"] is None


def test_steps_under_different_limits_are_compared_up_to_the_smaller_one():
    first = made_outcomes([100, 700, INF], limit=1000)
    second = made_outcomes([100, 500, INF], limit=500)
    found = by_measure(pairs([Entrant("a", first), Entrant("b", second)]))
    assert found["solved"]["difference"] == pytest.approx(1 / 3 - 2 / 3)
    assert found["steps_to_solve"]["difference"] == 0
    assert found["steps_to_solve"]["better"] == (1 / 2 + 0 + 1 / 2) / 3
    assert "compared up to step 500, the smaller limit" in found["steps_to_solve"]["note"]


def test_a_smaller_error_is_better_where_the_task_says_so():
    metric = Metric("token_accuracy", lambda p, t: (p, t), fraction=False, lower_is_better=True)
    first = made_outcomes([INF] * 3, {"10": [0.1, 0.2, 0.3]})
    second = made_outcomes([INF] * 3, {"10": [0.2, 0.3, 0.1]})
    entrants = [Entrant("a", first, metrics=[metric]), Entrant("b", second, metrics=[metric])]
    entry = by_measure(pairs(entrants))["token_accuracy at 10"]
    assert entry["better"] == pytest.approx(2 / 3)
    assert entry["lower_is_better"]


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"cell": "lstm", "hidden_size": 7, "learning_rate": 0.1, "optimizer": "sgd"}, True),
        ({"length": "12"}, False),
        ({"batch_size": 8}, False),
        ({"ponder": 1}, False),
    ],
)
def test_data_are_equal_where_what_is_trained_on_is(change, same):
    one = Experiment.for_task("bitflip", cell="gru")
    assert (entrant_data(one) == entrant_data(one.with_changes(**change))) == same


def test_no_runs_and_single_runs_give_none_in_place_of_numbers():
    for runs in (0, 1):
        outcomes = made_outcomes([100] * runs, {"10": [1.0] * runs})
        entries = pairs([Entrant("a", outcomes), Entrant("b", outcomes)])
        assert "NaN" not in json.dumps(entries)
        assert {entry["n"] for entry in entries} == {runs}
        assert {tuple(entry["interval"]) for entry in entries} == {(None, None)}


@pytest.mark.slow
def test_ten_cells_of_a_thousand_seeds_are_compared_in_seconds():
    import time

    rng = np.random.default_rng(0)
    entrants = [
        Entrant(
            f"cell {k}",
            made_outcomes(
                100.0 * rng.integers(1, 12, 1000), {str(10 * n): rng.random(1000) for n in range(5)}
            ),
        )
        for k in range(10)
    ]
    began = time.process_time()
    assert len(pairs(entrants)) == 45 * 7
    assert time.process_time() - began < 20
