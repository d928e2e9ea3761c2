"""Runs are listed with their state, damaged ones too."""

import pytest
from test_runs import EXPERIMENT, RECORD, RESULT, created

from seqtasks.files.atomic import write_json
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.listing import list_runs


def test_runs_are_listed_by_name_and_number_with_their_state(tmp_path):
    for _ in range(10):
        created(tmp_path)
    created(tmp_path, "a", result=RESULT)
    created(tmp_path, "b", result={**RESULT, "step_limit": 50})
    (tmp_path / "run-1" / "metrics.jsonl").write_text('{"step": 25}\n')
    (tmp_path / "run-2" / "metrics.jsonl").write_text('{"step": 25}\n')
    (tmp_path / ".hidden").mkdir()
    write_json(tmp_path / ".hidden" / "experiment.json", RECORD)
    (tmp_path / "other").mkdir()
    with RunDirectory(tmp_path / "run-2").locked():
        listed = list_runs(tmp_path)
    assert [run["name"] for run in listed] == ["a-1", "b-1", *(f"run-{n}" for n in range(1, 11))]
    states = {run["name"]: (run["status"], run["step"]) for run in listed}
    assert states["a-1"][0] == "finished"
    assert states["b-1"][0] == "unfinished"
    assert states["run-1"] == ("unfinished", 0)  # where it goes on from
    assert states["run-2"] == ("running", 25)
    assert listed[0]["scores"] == {"10": {"token_accuracy": 1.0}}
    assert {key: listed[2][key] for key in EXPERIMENT} == EXPERIMENT


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("experiment.json", '{"format": 1, "exper'),
        ("experiment.json", '{"format": 99, "experiment": {}}'),
        ("experiment.json", '{"format": 1, "experiment": {}}'),
        ("result.json", "{"),
        ("result.json", "[]"),
        ("result.json", "{}"),
        ("metrics.jsonl", "5\n"),
        ("metrics.jsonl", "{}\n"),
        ("metrics.jsonl", b"\xff\n"),
    ],
)
def test_a_damaged_run_is_listed_as_such_and_hides_no_other(tmp_path, file, content):
    damaged, sound = created(tmp_path), created(tmp_path)
    path = damaged.path / file
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    listed = list_runs(tmp_path)
    assert [run["name"] for run in listed] == ["run-1", "run-2"]
    assert listed[0]["status"] == "damaged"
    assert str(path) in listed[0]["problem"] or "newer" in listed[0]["problem"]
    assert listed[1]["status"] == "unfinished"
    assert sound.record() == RECORD


def test_a_folder_without_runs_lists_none(tmp_path):
    assert list_runs(tmp_path) == []
    assert list_runs(tmp_path / "nowhere") == []
