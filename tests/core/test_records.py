"""The record of a run: what it lacks, or asks for that is not here, is said with the remedy."""

import importlib
import json
import shutil
import sys
from pathlib import Path

import pytest

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks.runs.directory import RunDirectory


@pytest.fixture
def recorded(tmp_path):
    """A short run's directory, and a way to change what its record holds."""
    made = st.run("bitflip", cell="concat", steps=2, evaluation_lengths=(5,), out=tmp_path)

    def change(**values):
        path = made.path / "experiment.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
        return made.path

    return change


def test_an_engine_that_is_not_here_is_named_with_the_way_to_go_on(recorded):
    path = recorded(engine="quantum")
    with pytest.raises(UsageError, match=r"engine 'quantum', which seqtasks .*--engine auto"):
        st.resume(path, 4)
    assert st.resume(path, 4, engine="auto").step == 4


def test_a_run_is_finished_if_it_has_its_result(recorded):
    path = recorded()
    assert st.load(path).finished
    (path / "result.json").unlink()
    assert not st.load(path).finished


@pytest.mark.parametrize("sources", [None, [], {"task": 5}])
@pytest.mark.parametrize("opened", [st.load, lambda path: st.resume(path, 4)])
def test_sources_of_the_wrong_form_are_damage(recorded, opened, sources):
    path = recorded(sources=sources)
    with pytest.raises(UsageError, match=r"experiment\.json is damaged: its (sources|task)"):
        opened(path)


def test_a_resume_that_is_refused_changes_no_record(recorded):
    path = recorded()
    before = (path / "experiment.json").read_bytes()
    for steps in (None, 2):
        with pytest.raises(UsageError, match="ask for more"):
            st.resume(path, steps, engine="plain")
    assert (path / "experiment.json").read_bytes() == before


MODEL = """
from torch import nn

SCALE = {scale}

def doubled(x):
    return {factor} * x

class Net(nn.Module):
    "A comment: {comment}."
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(2, 4)
        self.readout = nn.Sequential(nn.Linear(4, 4), nn.{between}(), nn.Linear(4, 2))
    def forward(self, ids):
        return self.readout(doubled(self.embedding(ids))) * SCALE
"""
AS_IT_WAS = {"scale": 1, "factor": 2, "comment": "first", "between": "Tanh"}
NET = {"steps": 2, "evaluation_lengths": (5,)}


@pytest.fixture
def net(tmp_path, monkeypatch):
    """A way to make a module of a program that was written in some way."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def make(name="net_program", **changes):
        (tmp_path / f"{name}.py").write_text(MODEL.format(**{**AS_IT_WAS, **changes}))
        sys.modules.pop(name, None)
        importlib.invalidate_caches()
        return importlib.import_module(name).Net()

    yield make
    for name in ("net_program", "another_name"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    "change", [{}, {"scale": 2}, {"factor": 3}, {"between": "ReLU"}, {"comment": "second"}]
)
def test_a_module_of_ones_own_that_is_defined_otherwise_is_told_of(net, tmp_path, caplog, change):
    path = st.run("bitflip", model=net(), out=tmp_path / "runs", **NET).path
    for name in ("net_program", "another_name"):
        caplog.clear()
        st.load(path, model=net(name, **change))
        said = "the model Net has another definition than when the run began"
        assert (said in caplog.text) == (bool(change) and "comment" not in change)


def test_a_resume_records_the_definition_that_it_goes_on_with(net, tmp_path, caplog):
    path = st.run("bitflip", model=net(), out=tmp_path / "runs", **NET).path
    st.resume(path, 4, model=net(factor=3))
    assert "has another definition" in caplog.text
    caplog.clear()
    st.load(path, model=net(factor=3))
    assert "has another definition" not in caplog.text
    record = json.loads((path / "experiment.json").read_text())
    assert record["earlier_things"][0]["model"] != record["things"]["model"]


SHAPES = [
    ("experiment.json", {"experiment": 5}, "holds no experiment"),
    ("experiment.json", {"versions": []}, "its versions must be"),
    ("result.json", {"scores": 5}, "its scores must be"),
    ("result.json", {"scores": [{"length": "x"}]}, r"its scores\[0\]"),
    ("result.json", {"step": "many"}, "its step must be"),
    ("metrics.jsonl", {"step": float("inf")}, "its step must be"),
    ("metrics.jsonl", {"step": None}, "its step must be"),
]


@pytest.mark.parametrize(("file", "values", "says"), SHAPES)
def test_a_value_of_a_wrong_shape_is_named_with_its_file_and_field(file, values, says, tmp_path):
    path = tmp_path / file
    old = Path(__file__).parent / "old_runs" / "registered-1"
    run = RunDirectory(shutil.copytree(old, tmp_path, dirs_exist_ok=True))
    first, _, rest = path.read_text().partition("\n") if file.endswith("l") else ("", "", "")
    changed = {**json.loads(first or path.read_text()), **values}
    path.write_text(f"{json.dumps(changed)}\n{rest}")
    read = {"experiment.json": run.record, "result.json": run.read_result}
    with pytest.raises(UsageError, match=f"{file}.*{says}"):
        read.get(file, run.history)()
