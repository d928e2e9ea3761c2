"""A study for other programs, and its whole table."""

import csv
import json
import sys

import numpy as np
import pytest
from made_studies import made_study

from seqtasks.errors import UsageError
from seqtasks.reports.study_tables import pairs_table
from seqtasks.studies.export import frame, rliable_scores, rows_of, write_csv
from seqtasks.studies.until_sure import UntilSure
from seqtasks.studies.words import p_text


def test_a_csv_file_has_a_line_for_each_run_with_what_became_of_it(tmp_path):
    study = made_study(3)
    write_csv(study, tmp_path / "runs.csv")
    lines = list(csv.DictReader((tmp_path / "runs.csv").read_text().splitlines()))
    assert len(lines) == 6
    assert lines[1] | {"seconds": ""} == {
        "setting": "gru",
        "seed": "1",
        "status": "ended",
        "solved": "True",
        "steps_to_solve": "400",
        "steps": "1000",
        "seconds": "",
        "cell": "gru",
        "token_accuracy at 10": "0.99",
        "sequence_accuracy at 10": "",
    }
    assert (lines[5]["status"], lines[5]["solved"]) == ("diverged", "False")
    assert (lines[5]["steps_to_solve"], lines[5]["token_accuracy at 10"]) == ("", "")


def test_a_setting_whose_name_is_a_formula_is_text_in_a_spreadsheet(tmp_path):
    study = made_study(1, cells=("gru",))
    object.__setattr__(study.settings[0], "label", "=1+1")
    write_csv(study, tmp_path / "runs.csv")
    assert "'=1+1" in (tmp_path / "runs.csv").read_text()


def test_a_frame_has_the_same_rows():
    pytest.importorskip("pandas")
    study = made_study(3)
    table = frame(study)
    assert list(table["seed"]) == [0, 1, 2] * 2
    assert table["steps_to_solve"].isna().sum() == 1
    assert list(table.columns) == list(next(iter(rows_of(study))))


def test_without_pandas_a_frame_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match=r"pip install 'seqtasks\[frames\]'"):
        frame(made_study(1))


def test_rliable_gets_runs_x_tasks_by_algorithm():
    study = made_study(4, tasks=("bitflip", "parity"))
    scores = rliable_scores(study)
    assert list(scores) == ["gru", "concat"]
    expected = np.array([[1, 1], [0.99, 0.99], [0.98, 0.98], [0.97, 0.97]])
    np.testing.assert_allclose(scores["gru"], expected)
    np.testing.assert_allclose(scores["concat"][2], [0, 0.98])  # diverged: nothing is right
    assert rliable_scores(study, "solved")["concat"].tolist() == [[1, 1], [1, 1], [0, 1], [1, 1]]


def test_rliable_is_refused_what_is_not_there():
    with pytest.raises(UsageError, match="has no measure 'loss'"):
        rliable_scores(made_study(2), "loss")
    with pytest.raises(UsageError, match="some runs of gru have no sequence_accuracy at 10"):
        rliable_scores(made_study(2), "sequence_accuracy at 10")


def test_the_table_of_a_comparison_has_pairs_words_and_methods():
    found = made_study().summary()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert [setting["label"] for setting in found["settings"]] == ["gru", "concat"]
    measures = ["solved", "steps_to_solve", "token_accuracy at 10", "sequence_accuracy at 10"]
    assert [entry["measure"] for entry in found["pairs"]] == measures
    assert found["words"][0].startswith("Of concat, 1 diverged")
    assert found["words"][1].startswith(
        "gru solves the task in fewer steps than concat (median 300"
    )
    said = " ".join(found["methods"])
    for name in ("Wilson", "Kaplan-Meier", "BCa", "Dodge", "sign-flip", "Bouthillier", "Holm"):
        assert name in said
    assert "log-rank" not in said
    assert "until sure" not in said


def test_the_table_of_a_study_that_added_seeds_has_the_intervals_of_its_looks():
    found = made_study(options={"until_sure": UntilSure().to_json()}).summary()
    [steps] = [entry for entry in found["pairs"] if entry["measure"] == "steps_to_solve"]
    assert (steps["test"], steps["n"]) == ("group-sequential", 25)
    assert "Lan and DeMets" in " ".join(found["methods"])
    assert steps["detectable"] is None
    words = found["words"]
    [fewer] = [line for line in words if "in fewer steps" in line]
    assert fewer.endswith(f"{p_text(steps['p_holm'])}, group-sequential with Bonferroni).")
    assert words[-1].startswith("--until-sure looked at steps to solve after 25 seeds: ")
    assert "Lan and DeMets" in words[-1]
    table = pairs_table(found["pairs"])
    assert "p corrected" in table.heads
    notes = [cells[5].note for _, cells in table.rows]
    assert notes.count("group-sequential, Bonferroni") == 1
    assert "p after Holm" in pairs_table(made_study().summary()["pairs"]).heads


def test_a_measure_that_did_not_decide_is_not_corrected_for_added_seeds():
    plan = UntilSure("solved", first=30)
    words = made_study(options={"until_sure": plan.to_json()}).summary()["words"]
    [fewer] = [line for line in words if "in fewer steps" in line]
    assert fewer.endswith("p < 0.001 after Holm, not corrected for added seeds).")
    [unsure] = [
        line for line in words if line.startswith("No difference found") and "solved" in line
    ]
    assert "after 30 seeds it is 0.0333 [" in unsure
    assert "undecided (p = 1, group-sequential with Bonferroni)" in unsure
    assert "would have been found" not in unsure


def test_before_the_first_look_no_p_value_claims_to_be_corrected():
    found = made_study(10, options={"until_sure": UntilSure().to_json()}).summary()
    assert all("not corrected for seeds that were added" in one["note"] for one in found["pairs"])
    assert found["words"][-1].startswith("--until-sure has not looked yet")


def test_settings_of_several_tasks_are_compared_within_each():
    found = made_study(8, tasks=("bitflip", "parity")).summary()
    assert {(entry["a"], entry["b"]) for entry in found["pairs"]} == {
        ("gru, bitflip", "concat, bitflip"),
        ("gru, parity", "concat, parity"),
    }
