"""The numbers of a setting, as `result.json` holds them."""

import json

import numpy as np
import pytest
from made_outcomes import made_outcomes
from scipy import stats

from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.settings import Setting
from seqtasks.studies.summary import summary_of

INF, NAN = np.inf, np.nan


@pytest.fixture(scope="module")
def setting() -> Setting:
    experiment = Experiment.for_task("bitflip", cell="concat", steps=1000, evaluate_every=100)
    return Setting("concat", {"cell": "concat"}, experiment)


def test_every_number_of_a_small_study_is_as_counted_by_hand(setting):
    outcomes = made_outcomes(
        [300, 300, 500, 900, INF, INF],
        {"10": [1, 1, 0.75, 1, 0.5, NAN]},
        ["ended", "ended", "ended", "ended", "pruned", "diverged"],
        seeds=[10, 11, 12, 13, 14, 15],
    )
    found = summary_of(setting, outcomes, asked=8, parameters=57)
    wilson = stats.binomtest(4, 6).proportion_ci(method="wilson")
    assert json.loads(json.dumps(found)) == found
    assert found["label"] == "concat"
    assert found["changes"] == {"cell": "concat"}
    assert found["parameters"] == 57
    ends = ("runs", "ended", "diverged", "pruned", "failed", "killed", "unfinished")
    assert [found[one] for one in ends] == [8, 4, 1, 1, 0, 0, 2]
    assert found["solved"] == {
        "count": 4,
        "of": 6,
        "share": 4 / 6,
        "interval": pytest.approx([wilson.low, wilson.high]),
    }
    assert found["steps_to_solve"] == {
        "grid": 100,
        "limit": 1000,
        "reached": 4,
        "mean_up_to_limit": pytest.approx((300 + 300 + 500 + 900 + 1000 + 1000) / 6),
        "median": 500,
        "quartiles": [300, None],
        "interval": [300, None],
    }
    scores = found["scores"]["10"]["token_accuracy"]
    values = [1, 1, 0.75, 1, 0.5, 0]
    assert scores["mean"] == pytest.approx(np.mean(values))
    assert scores["median"] == pytest.approx(0.875)
    assert scores["best"] == {"seed": 10, "value": 1.0}
    assert scores["worst"] == {"seed": 15, "value": 0.0}
    assert scores["n"] == 6
    assert scores["counted_as_zero"] == 1
    assert scores["interval"][0] < scores["mean"] < scores["interval"][1]
    assert scores["expected_best"]["10"] is None
    assert scores["expected_best"]["5"] > scores["expected_best"]["3"] > scores["mean"]


@pytest.mark.parametrize("status", ["diverged", "failed", "killed"])
def test_a_run_without_a_model_at_its_end_never_solved_the_task(setting, status):
    outcomes = made_outcomes([300, 300], {}, ["ended", status])
    found = summary_of(setting, outcomes, 2, 1)
    assert (found["solved"]["count"], found["solved"]["of"]) == (1, 2)
    assert found["steps_to_solve"]["median"] == 300
    assert found["steps_to_solve"]["quartiles"][1] is None


def test_a_run_that_ended_but_was_not_scored_at_a_length_is_left_out_there(setting):
    outcomes = made_outcomes([300] * 4, {"10": [1, 1, 0.5, 1], "500": [0.5, NAN, 0.25, NAN]})
    scores = summary_of(setting, outcomes, 4, 1)["scores"]
    assert scores["500"]["token_accuracy"]["n"] == 2
    assert scores["500"]["token_accuracy"]["mean"] == 0.375
    assert scores["500"]["token_accuracy"]["counted_as_zero"] == 0
    assert scores["10"]["token_accuracy"]["n"] == 4


def test_equal_scores_have_an_interval_of_one_number_and_say_so(setting):
    outcomes = made_outcomes([300] * 5, {"10": [1.0] * 5})
    scores = summary_of(setting, outcomes, 5, 1)["scores"]["10"]["token_accuracy"]
    assert (scores["interval"], scores["note"]) == ([1.0, 1.0], "no spread")


@pytest.mark.parametrize("runs", [0, 1])
def test_too_few_runs_give_none_in_place_of_numbers(setting, runs):
    outcomes = made_outcomes([300] * runs, {"10": [0.5] * runs})
    found = summary_of(setting, outcomes, 4, 1)
    assert "NaN" not in json.dumps(found)
    scores = found["scores"]["10"]["token_accuracy"]
    assert scores["interval"] == [None, None]
    assert scores["mean"] == (0.5 if runs else None)
    assert found["unfinished"] == 4 - runs
    assert found["steps_to_solve"]["median"] == (300 if runs else None)


def test_an_interval_of_steps_begins_at_the_first_evaluation_at_the_earliest(setting):
    found = summary_of(setting, made_outcomes([300, 300]), 2, 1)
    assert found["steps_to_solve"]["interval"] == [100, None]
