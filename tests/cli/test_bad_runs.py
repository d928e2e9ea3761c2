"""A run that is damaged, under way, finished or too new is refused, and stays as it is."""

import fcntl
import json
from pathlib import Path

import pytest


def test_a_run_under_way_is_not_resumed_by_another(refused, run_copy):
    with open(run_copy / "lock", "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711")
        lock.truncate()
        lock.flush()
        refused(["resume", run_copy, "--steps", "200"], "already running", "process 4711")


def test_a_finished_run_asks_for_more_steps(refused, trained, run_copy):
    refused(["resume", run_copy], "finished", "step 100", "--steps 200")
    for steps in ("100", "5"):
        refused(["resume", run_copy, "--steps", steps], "step 100", f"got {steps}")


def _edit(path: Path, change) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def test_a_run_of_a_newer_version_says_what_to_upgrade(refused, run_copy):
    def change(data):
        data["format"] += 1
        data["versions"]["seqtasks"] = "9.8.7"

    _edit(run_copy / "experiment.json", change)
    for command in (["resume", run_copy, "--steps", "200"], ["eval", run_copy]):
        refused(command, "newer seqtasks", "9.8.7", "pip install -U seqtasks")


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.pop("experiment"),
        lambda data: data["experiment"].pop("cell"),
        lambda data: data["experiment"].update(task=5),
        lambda data: data["experiment"].update(steps="many"),
    ],
    ids=["no experiment", "no cell", "task not text", "steps not a number"],
)
def test_a_record_of_the_wrong_form_is_named(refused, seqtasks, run_copy, change):
    _edit(run_copy / "experiment.json", change)
    for command in (["resume", run_copy, "--steps", "200"], ["eval", run_copy]):
        refused(command, "experiment.json")
    assert seqtasks("runs").returncode == 0


def test_a_record_cut_short_is_named(refused, seqtasks, run_copy):
    record = run_copy / "experiment.json"
    record.write_text(record.read_text()[:100])
    for command in (["resume", run_copy, "--steps", "200"], ["predict", run_copy, "01"]):
        refused(command, "experiment.json", "not JSON", "line")
    listed = seqtasks("runs")
    assert listed.returncode == 0
    assert "damaged" in listed.stdout


@pytest.mark.parametrize("text", ["{", "{}", "[]"])
def test_a_damaged_result_is_named(refused, seqtasks, run_copy, text):
    (run_copy / "result.json").write_text(text)
    refused(["eval", run_copy], "result.json")
    assert seqtasks("runs").returncode == 0


def _flip(path: Path, where: int) -> None:
    content = bytearray(path.read_bytes())
    content[where] ^= 0x40
    path.write_bytes(content)


@pytest.mark.parametrize("where", [-1, -2000, 12], ids=["last byte", "middle", "header"])
def test_a_changed_checkpoint_is_not_trained_on(refused, run_copy, where):
    _flip(run_copy / "checkpoint.safetensors", where)
    refused(["resume", run_copy, "--steps", "200"], "checkpoint.safetensors", "seqtasks run")


@pytest.mark.parametrize("kept", [0, 7, 100, 0.9])
def test_a_truncated_checkpoint_is_not_trained_on(refused, run_copy, kept):
    path = run_copy / "checkpoint.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    refused(["resume", run_copy, "--steps", "200"], "checkpoint.safetensors", "seqtasks run")


def test_changed_weights_are_not_scored(refused, run_copy):
    _flip(run_copy / "model.safetensors", -2)
    refused(["eval", run_copy], "model.safetensors")


@pytest.mark.parametrize("kept", [0, 2])
def test_lost_lines_of_the_log_are_named(refused, run_copy, kept):
    log = run_copy / "metrics.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:kept]))
    refused(["resume", run_copy, "--steps", "200"], "metrics.jsonl", "lost lines")


@pytest.mark.parametrize("kept", [0, 1, -1])
@pytest.mark.parametrize("known_by", ["result.json", "checkpoint.safetensors"])
def test_a_log_cut_short_is_told_of_whatever_reads_the_run(seqtasks, run_copy, kept, known_by):
    lines = (run_copy / "metrics.jsonl").read_text().splitlines(keepends=True)
    (run_copy / "metrics.jsonl").write_text("".join(lines[:kept]))
    if known_by == "result.json":
        (run_copy / "checkpoint.safetensors").unlink()
    else:
        result = json.loads((run_copy / "result.json").read_text())
        assert result.pop("lines") == len(lines)
        (run_copy / "result.json").write_text(json.dumps(result))
    present = len(lines[:kept])
    wanted = f"metrics.jsonl is cut short: it has {present} of {len(lines)} lines"
    for command in (["eval", run_copy, "--length", "5"], ["predict", run_copy, "01"]):
        done = seqtasks(*command)
        assert done.returncode == 0, done.stderr
        assert done.stderr.startswith("Warning: "), command
        assert wanted in done.stderr
    assert wanted in seqtasks("runs", run_copy.parent).stdout
    (summary,) = json.loads(seqtasks("runs", run_copy.parent, "--json").stdout)
    assert wanted in summary["problem"]
    assert summary["status"] == "finished"


def test_a_log_with_lines_added_is_told_of(seqtasks, run_copy):
    with open(run_copy / "metrics.jsonl", "a") as log:
        log.write('{"step": 100, "loss": 0.0, "seconds": 1.0}\n')
    assert "metrics.jsonl was added to" in seqtasks("eval", run_copy, "--length", "5").stderr
    assert "metrics.jsonl was added to" in seqtasks("runs", run_copy.parent).stdout


def test_a_sound_log_is_not_warned_of(seqtasks, run_copy):
    assert seqtasks("eval", run_copy, "--length", "5").stderr == ""
    (summary,) = json.loads(seqtasks("runs", run_copy.parent, "--json").stdout)
    assert "problem" not in summary
