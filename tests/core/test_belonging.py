"""A checkpoint and weights belong to one record: what was edited, lost or exchanged is named."""

import json
import logging
import shutil

import pytest
import torch

import seqtasks as st
from seqtasks.errors import RunInterruptedError, UsageError
from seqtasks.runs.belonging import check_decided_by, decided_by
from seqtasks.runs.checkpoint import Checkpoint, read_checkpoint, write_checkpoint, write_weights
from seqtasks.runs.listing import list_runs

SETTINGS = {
    "cell": "gru",
    "hidden_size": 4,
    "length": "3..6",
    "steps": 20,
    "log_every": 5,
    "evaluate_every": 10,
    "checkpoint_every": 10,
    "evaluation_lengths": (5,),
    "evaluation_sequences": 20,
    "validation_sequences": 20,
    "engine": "plain",
    "solved_after": 0,
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return st.run("parity", **SETTINGS, out=tmp_path_factory.mktemp("finished")).path


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    """A run that was stopped at step 12 of 20."""
    folder = tmp_path_factory.mktemp("unfinished")
    count = iter(range(1000))

    class Stop:
        @st.hookimpl
        def run_advanced(self, run, steps, losses):
            self.step = run.step

    seen = Stop()
    with pytest.raises(RunInterruptedError):
        st.run(
            "parity",
            **SETTINGS,
            out=folder,
            observers=[seen],
            stop=lambda: 15 if getattr(seen, "step", 0) >= 10 and next(count) >= 2 else 0,
        )
    return folder / "parity-gru-1"


@pytest.fixture
def copy(tmp_path):
    return lambda path: shutil.copytree(path, tmp_path / path.name)


def contents(path):
    return {file.name: file.read_bytes() for file in path.iterdir() if file.name != "lock"}


def edit(path, **changes):
    record = json.loads((path / "experiment.json").read_text())
    record["experiment"].update(changes)
    (path / "experiment.json").write_text(json.dumps(record))


EDITS = {
    "task": "bitflip",
    "cell": "elman",
    "readout": "sum",
    "hidden_size": 5,
    "learning_rate": 0.5,
    "seed": 1,
    "batch_size": 32,
    "optimizer": "sgd",
    "loss_reduction": "sum",
    "length": "3..7",
    "dtype": "float64",
    "clip": None,
    "curriculum": "increasing:every=100",
    "ponder": 1,
    "layers": 2,
    "embedding_size": 6,
    "holdout": 0.25,
    "validation_sequences": 30,
}


@pytest.mark.parametrize("name", EDITS)
def test_what_was_edited_in_a_record_is_named(copy, finished, name):
    path = copy(finished)
    edit(path, **{name: EDITS[name]})
    before = contents(path)
    for use in (lambda: st.resume(path, 30), lambda: st.load(path)):
        with pytest.raises(UsageError, match=rf"does not belong to .*with {name} .*, not ") as why:
            use()
        assert len(str(why.value).splitlines()) == 1
    assert contents(path) == before


def test_several_edits_are_all_named(copy, unfinished):
    path = copy(unfinished)
    edit(path, seed=9, learning_rate=0.25)
    with pytest.raises(UsageError, match=r"learning_rate 0.015, not 0.25; seed 0, not 9\."):
        st.resume(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"evaluation_lengths": [7, 9]},
        {"name": "mine", "score": "5..8"},
        {"checkpoint_every": 3, "evaluate_every": 10},
        {"engine": "auto", "solved_after": 3},
    ],
)
def test_what_decides_no_weights_may_be_edited(copy, finished, unfinished, changes):
    path = copy(unfinished)
    edit(path, **changes)
    resumed = st.resume(path)
    whole = st.load(finished)
    for name, weights in whole.model.state_dict().items():
        assert torch.equal(weights, resumed.model.state_dict()[name])


def test_a_source_copy_that_was_exchanged_with_its_digest_is_named(tmp_path):
    source = "import seqtasks as st\n\n\nclass Mine(st.cells.Elman):\n    pass\n"
    (tmp_path / "mine.py").write_text(source)
    path = st.run(
        "parity", **{**SETTINGS, "cell": str(tmp_path / "mine.py"), "steps": 2}, out=tmp_path
    ).path
    record = json.loads((path / "experiment.json").read_text())
    record["sources"]["cell"]["sha256"] = "0" * 64
    progress = read_checkpoint(path / "checkpoint.safetensors").progress
    with pytest.raises(UsageError, match="sources"):
        check_decided_by(
            progress["decided_by"], record, path / "experiment.json", path / "checkpoint"
        )
    assert decided_by(record)["sources"] == {"cell": "0" * 64}


def test_weights_of_another_run_of_the_same_shape_are_refused(tmp_path, copy, finished):
    other = st.run("parity", **SETTINGS, seed=1, out=tmp_path / "other").path
    longer = st.run("parity", **{**SETTINGS, "steps": 21}, out=tmp_path / "longer").path
    for donor, why in ((other, "with seed 1, not 0"), (longer, "is of step 21, .* of step 20")):
        path = tmp_path / "mixed"
        shutil.copytree(finished, path)
        shutil.copy(donor / "model.safetensors", path)
        with pytest.raises(UsageError, match=rf"model\.safetensors .*{why}"):
            st.load(path)
        shutil.rmtree(path)
    path = copy(finished)
    shutil.copy(other / "checkpoint.safetensors", path)
    with pytest.raises(UsageError, match=r"checkpoint\.safetensors .*with seed 1, not 0"):
        st.resume(path, 30)
    shutil.copy(longer / "checkpoint.safetensors", path)
    with pytest.raises(UsageError, match=r"is of step 21, and .* asks for 20 alone"):
        st.resume(path, 30)


def test_lost_weights_are_taken_from_the_checkpoint(copy, finished):
    path = copy(finished)
    (path / "model.safetensors").unlink()
    loaded, whole = st.load(path), st.load(finished)
    for name, weights in whole.model.state_dict().items():
        assert torch.equal(weights, loaded.model.state_dict()[name])
    (path / "checkpoint.safetensors").unlink()
    with pytest.raises(UsageError, match=r"cannot read .*model\.safetensors: No such file"):
        st.load(path)


@pytest.mark.parametrize("steps", [None, 30])
def test_a_finished_run_without_its_checkpoint_is_not_trained_again(copy, finished, steps):
    path = copy(finished)
    (path / "checkpoint.safetensors").unlink()
    before = contents(path)
    with pytest.raises(UsageError, match="but its checkpoint is gone"):
        st.resume(path, steps)
    assert contents(path) == before


def test_an_unfinished_run_whose_checkpoint_must_have_been_is_not_begun_anew(copy, unfinished):
    path = copy(unfinished)
    (path / "checkpoint.safetensors").unlink()
    with open(path / "metrics.jsonl", "a") as log:
        log.write('{"step": 15, "loss": 0.5}\n')
    with pytest.raises(UsageError, match="a log beyond step 10 but its checkpoint is gone"):
        st.resume(path)


def test_a_run_killed_between_asking_for_more_steps_and_its_next_checkpoint_goes_on(
    tmp_path, copy, finished
):
    path = copy(finished)
    edit(path, steps=30, solved_after=0)  # what `resume --steps 30` writes first
    assert st.load(path).step == 20
    resumed = st.resume(path)
    assert (resumed.step, resumed.stopped) == (30, "steps")
    whole = st.run("parity", **{**SETTINGS, "steps": 30}, out=tmp_path / "whole")
    for name, weights in whole.model.state_dict().items():
        assert torch.equal(weights, resumed.model.state_dict()[name])


def test_a_checkpoint_that_does_not_say_what_decided_it_goes_on_with_one_line(
    copy, unfinished, caplog
):
    path = copy(unfinished)
    file = path / "checkpoint.safetensors"
    checkpoint = read_checkpoint(file)
    progress = {key: value for key, value in checkpoint.progress.items() if key != "decided_by"}
    write_checkpoint(file, Checkpoint(checkpoint.tensors, progress))
    with caplog.at_level(logging.WARNING, "seqtasks"):
        assert st.resume(path).step == 20
    assert len(caplog.records) == 1
    assert "comes from an earlier seqtasks" in caplog.text
    assert "decided_by" in read_checkpoint(file).progress


def test_other_versions_than_the_record_names_are_named_in_one_line(copy, unfinished, caplog):
    path = copy(unfinished)
    record = json.loads((path / "experiment.json").read_text())
    record["versions"].update(torch="1.0", numpy="9.9")
    record["versions"]["plugins"]["gone"] = "3.0"
    (path / "experiment.json").write_text(json.dumps(record))
    with caplog.at_level(logging.WARNING, "seqtasks"):
        st.resume(path)
    assert len(caplog.records) == 1
    for words in (f"torch 1.0 (now {torch.__version__})", "numpy 9.9", "gone 3.0 (now not there)"):
        assert words in caplog.text


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (0, '{"step": 5, "loss": 1.0}'),
        (0, '{"step": 0, "untrained": 5}'),
        (1, '{"step": Infinity, "loss": 1.0}'),
        (1, '{"step": 999, "loss": 1.0}'),
        (2, "[]"),
        (1, '{"step": 5, "validation": 3}'),
    ],
)
def test_a_wrong_line_of_the_log_is_named_before_training(copy, unfinished, line, text):
    path = copy(unfinished)
    log = path / "metrics.jsonl"
    lines = log.read_text().splitlines()
    lines[line] = text
    log.write_text("\n".join(lines) + "\n")
    before = log.read_bytes()
    with pytest.raises(UsageError, match=r"metrics\.jsonl is damaged"):
        st.resume(path)
    assert log.read_bytes() == before


def test_the_true_step_is_listed(finished, unfinished):
    step = read_checkpoint(unfinished / "checkpoint.safetensors").progress["step"]
    assert step % SETTINGS["log_every"]
    (summary,) = list_runs(unfinished.parent)
    assert (summary["step"], summary["status"]) == (step, "unfinished")
    (summary,) = list_runs(finished.parent)
    assert (summary["step"], summary["status"]) == (20, "finished")


def test_weights_written_by_an_earlier_version_are_read(copy, finished):
    path = copy(finished)
    from seqtasks.runs import checkpoint

    weights = st.load(path).model.state_dict()
    checkpoint._write(path / "model.safetensors", weights, "")
    assert st.load(path).step == 20
    write_weights(path / "model.safetensors", weights, 20, {})
    assert st.load(path).step == 20
