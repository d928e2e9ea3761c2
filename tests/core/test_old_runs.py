"""Runs that the first format's seqtasks made are read, scored and gone on with as they were."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest
import torch

import seqtasks as st
from seqtasks.cli import main
from seqtasks.errors import UsageError
from seqtasks.runs.listing import list_runs
from seqtasks.trust import consent

FOLDER = Path(__file__).parent / "old_runs"
ALL = sorted(path.parent.name for path in FOLDER.glob("*/experiment.json"))
FINISHED = [name for name in ALL if "unfinished" not in name]
SCORES = {  # of result.json, read by hand
    "registered-1": 0.5,
    "own-file-1": 0.46875,
    "made-in-a-program-1": 0.59375,
    "own-model-1": 1.0,
    "resumed-1": 0.515625,
}


@pytest.fixture(scope="module")
def making():
    """The program that made the runs: it has the classes that only a program has."""
    spec = importlib.util.spec_from_file_location("making_old_runs", FOLDER / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def unknown_user(tmp_path, monkeypatch):
    """A user who has neither run nor allowed anything yet."""
    monkeypatch.setenv("SEQTASKS_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(consent, "_allowed", set())


@pytest.fixture
def copy(tmp_path):
    """Copy a run, for a resume writes into it."""
    return lambda name: Path(shutil.copytree(FOLDER / name, tmp_path / "runs" / name))


def brought(name, making):
    """Return what the caller must bring to open a run."""
    if "program" in name:
        return {"cell": making.Decay}
    if "model" in name:
        return {"model": making.Table()}
    return {"trust": True} if "file" in name else {}


def test_one_run_of_each_kind_is_kept():
    assert set(FINISHED) == set(SCORES)
    unfinished = {f"{kind}-unfinished-1" for kind in ("own-file", "made-in-a-program", "own-model")}
    assert set(ALL) - set(FINISHED) == {"unfinished-1"} | unfinished


@pytest.mark.parametrize("name", FINISHED)
@pytest.mark.usefixtures("unknown_user")
def test_a_finished_old_run_has_its_scores_and_its_weights(name, making):
    loaded = st.load(FOLDER / name, **brought(name, making))
    assert loaded.metrics[4]["token_accuracy"] == SCORES[name]
    # All 16 inputs are scored, so the weights that were read give the very same score.
    (again,) = st.evaluate(loaded.model, loaded.task, 4, 16, 0)
    assert again.metrics == loaded.metrics[4]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.usefixtures("unknown_user")
def test_an_old_run_is_resumed_to_the_weights_of_one_made_now(name, making, copy):
    bring = brought(name, making)
    path = copy(name)
    record = st.load(path, **bring).experiment
    gone_on = st.resume(path, 8, **bring)
    if "model" not in name:  # the untrained module was never recorded
        fresh = st.run(record.with_changes(steps=8))
        for key, weights in fresh.model.state_dict().items():
            torch.testing.assert_close(gone_on.model.state_dict()[key], weights)  # other machines
    assert gone_on.step == 8
    assert st.load(path, **bring).step == 8


@pytest.mark.usefixtures("unknown_user")
def test_an_old_run_of_a_file_asks_once_and_never_again(copy, monkeypatch):
    path = copy("own-file-1")
    for opened in (st.load, st.resume):
        with pytest.raises(UsageError, match=r"own-file-1/source/mine-\w+\.py; .*--trust"):
            opened(path)
    st.load(path, trust=True)
    monkeypatch.setattr(consent, "_allowed", set())  # as in another process
    st.load(path)
    st.load(copy("own-file-unfinished-1"))  # the same content in another run


@pytest.mark.usefixtures("unknown_user")
def test_a_class_of_a_program_is_asked_for(copy):
    program, model = copy("made-in-a-program-1"), copy("own-model-1")
    for opened in (st.load, st.resume):
        with pytest.raises(UsageError, match=r"seqtasks\.load\(run, cell=Decay\)"):
            opened(program)
        with pytest.raises(UsageError, match=r"seqtasks\.load\(run, model="):
            opened(model)


def test_old_runs_are_listed_with_their_scores():
    listed = {run["name"]: run for run in list_runs(FOLDER)}
    assert sorted(listed) == ALL
    for name, accuracy in SCORES.items():
        assert listed[name]["status"] == "finished"
        assert listed[name]["scores"]["4"]["token_accuracy"] == accuracy
    assert listed["unfinished-1"]["status"] == "unfinished"


def of_another_task(path, task, **record):
    """Let an old run be one of another task, as its record would have named it."""
    old = json.loads((path / "experiment.json").read_text())
    assert "things" not in old  # no digest of a definition
    old["experiment"]["task"] = task
    (path / "experiment.json").write_text(json.dumps({**old, **record}))
    return path


@pytest.mark.parametrize("task", ["automaton", "automaton:states=3,machine=4"])
@pytest.mark.parametrize("run", ["registered-1", "unfinished-1"])
def test_an_old_run_of_a_task_that_is_another_one_now_is_refused_by_name(
    copy, capsys, tmp_path, run, task
):
    path = of_another_task(copy(run), task)
    record = path / "experiment.json"
    before = {file: file.read_bytes() for file in path.iterdir()}
    for opened in (
        lambda: st.load(path),
        lambda: st.resume(path, 8),
        lambda: st.run(record, out=tmp_path / "again"),
    ):
        with pytest.raises(UsageError, match="the task automaton has another definition than when"):
            opened()
    for arguments in (
        ["eval", path, "--length", "4"],
        ["predict", path, "ab"],
        ["resume", path, "--steps", "8", "--allow-changes"],
        ["run", record, "--out", tmp_path / "again"],
    ):
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        (line,) = capsys.readouterr().err.strip().splitlines()
        assert ended.value.code == 2
        assert "the task automaton has another definition than when this run was made" in line
    assert not (tmp_path / "again").exists()
    assert {f: f.read_bytes() for f in path.iterdir() if f.name != "lock"} == before
    (listed,) = list_runs(path.parent)
    assert listed["status"] in ("finished", "unfinished")


def test_a_run_that_records_a_definition_is_not_taken_for_an_old_one(tmp_path):
    small = {"steps": 1, "hidden_size": 2, "length": "3", "evaluation_lengths": (3,)}
    path = st.run("automaton", engine="plain", out=tmp_path, **small).path
    assert st.load(path).step == 1
    assert st.resume(path, 2).step == 2
