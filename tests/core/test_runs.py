"""Run directories: a number of their own, made whole, held by one process, listed."""

import json
import subprocess
import sys

import pytest

from seqtasks.errors import UsageError
from seqtasks.files.atomic import write_json
from seqtasks.runs.directory import FORMAT, RunDirectory
from seqtasks.runs.listing import list_runs

EXPERIMENT = {"task": "bitflip", "cell": "gru", "seed": 3, "steps": 100}


RECORD = {"format": FORMAT, "experiment": EXPERIMENT, "versions": {"seqtasks": "0.1.0"}}


RESULT = {
    "step": 100,
    "stopped": "steps",
    "untrained": [],
    "step_limit": 100,
    "parameters": 12,
    "seconds": 1.5,
    "scores": [
        {
            "length": 10,
            "sequences": 1000,
            "exhaustive": False,
            "metrics": {"token_accuracy": 1.0},
            "intervals": {"token_accuracy": [0.99, 1.0]},
        }
    ],
}


CREATE_AT_ONCE = """
import os, sys
from pathlib import Path
from seqtasks.runs.directory import RunDirectory

start, begin = os.pipe()
children = []
for child in range(8):
    if (pid := os.fork()) == 0:
        os.close(begin)
        os.read(start, 1)  # until all are there
        for _ in range(5):
            sources = {"mine.py": b"x = 1"}
            run = RunDirectory.create(Path(sys.argv[1]), "r", {"child": child}, sources)
            os.write(1, run.path.name.encode() + b" ")  # in one write, so that names stay whole
        os._exit(0)
    children.append(pid)
os.close(start)
os.close(begin)
sys.exit(any(os.waitpid(pid, 0)[1] for pid in children))
"""


HOLD = """
import sys, time
from seqtasks.runs.directory import RunDirectory

with RunDirectory.open(sys.argv[1]).locked():
    print("held", flush=True)
    time.sleep(120)
"""


LOOK = """
import sys, time
from seqtasks.runs.directory import RunDirectory

run = RunDirectory.open(sys.argv[1])
print("looking", flush=True)
for _ in range(60_000):
    run.is_running()
    time.sleep(0.001)
"""


def created(parent, name="run", **files):
    """Make a run, and write JSON files into it."""
    run = RunDirectory.create(parent, name, RECORD, {})
    for file, data in files.items():
        write_json(run.path / f"{file}.json", data)
    return run


def test_runs_take_the_next_free_number_of_their_name(tmp_path):
    names = [created(tmp_path / "deep" / "runs", name).path.name for name in "aabab"]
    assert names == ["a-1", "a-2", "b-1", "a-3", "b-2"]


def test_what_has_the_name_already_is_left_alone(tmp_path):
    (tmp_path / "run-1").mkdir()
    (tmp_path / "run-2").write_text("mine")
    assert created(tmp_path).path.name == "run-3"
    assert list((tmp_path / "run-1").iterdir()) == []
    assert (tmp_path / "run-2").read_text() == "mine"


def test_a_run_holds_its_record_and_sources_from_the_start(tmp_path):
    sources = {"mine-1.py": b"x = 1\r\n", "other-2.py": b"\xff"}
    run = RunDirectory.create(tmp_path, "run", RECORD, sources)
    assert run.record() == RECORD
    assert {path.name: path.read_bytes() for path in run.sources.iterdir()} == sources
    assert [path.name for path in tmp_path.iterdir()] == ["run-1"]


def test_runs_made_at_once_by_many_processes_get_numbers_of_their_own(tmp_path):
    command = [sys.executable, "-c", CREATE_AT_ONCE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    expected = sorted(f"r-{number}" for number in range(1, 41))
    assert sorted(done.stdout.split()) == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == expected
    children = [json.loads((tmp_path / n / "experiment.json").read_text()) for n in expected]
    assert sorted(record["child"] for record in children) == sorted(list(range(8)) * 5)
    assert all((tmp_path / name / "source" / "mine.py").exists() for name in expected)


def test_no_half_made_run_is_ever_visible(tmp_path, monkeypatch):
    seen = []

    def look(path, data):
        write_json(path, data)
        seen.append([entry.name for entry in tmp_path.iterdir() if entry.name[0] != "."])
        seen.append(list_runs(tmp_path))

    monkeypatch.setattr("seqtasks.runs.directory.write_json", look)
    RunDirectory.create(tmp_path, "run", RECORD, {"mine.py": b""})
    assert seen == [[], []]


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ValueError])
def test_a_run_that_could_not_be_made_leaves_nothing(tmp_path, monkeypatch, failure):
    def fail(path, data):
        raise failure

    monkeypatch.setattr("seqtasks.runs.directory.write_json", fail)
    with pytest.raises(failure):
        RunDirectory.create(tmp_path, "run", RECORD, {"mine.py": b""})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    for parent in (tmp_path / "file", tmp_path / "file" / "runs"):
        with pytest.raises(UsageError, match=f"cannot write to the folder {parent}: "):
            created(parent)


def test_a_run_is_opened_by_its_path(tmp_path):
    made = created(tmp_path)
    assert RunDirectory.open(str(made.path)).record() == RECORD


def test_what_is_no_run_is_told_apart_with_the_nearest(tmp_path):
    created(tmp_path, "bitflip-gru")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"is not a run: there is no such.* 'bitflip-gru-1'\?"):
        RunDirectory.open(tmp_path / "bitflip-gru")
    with pytest.raises(UsageError, match=r"empty is not a run: it has no experiment\.json"):
        RunDirectory.open(tmp_path / "empty")
    with pytest.raises(UsageError, match="is not a run: there is no such folder"):
        RunDirectory.open(tmp_path / "nowhere" / "at-all")


@pytest.mark.parametrize(
    ("versions", "version"),
    [({"versions": {"seqtasks": "9.0"}}, "9.0"), ({}, "unknown"), ({"versions": None}, "unknown")],
)
def test_a_run_of_a_newer_format_is_refused(tmp_path, versions, version):
    run = created(tmp_path)
    write_json(run.experiment, {"format": FORMAT + 1, "experiment": EXPERIMENT, **versions})
    with pytest.raises(UsageError) as caught:
        run.record()
    assert f"was made by a newer seqtasks ({version}, format {FORMAT + 1})" in str(caught.value)
    assert "pip install -U seqtasks" in str(caught.value)


@pytest.mark.parametrize("record", [[], 5, None, {}, {"format": 1}, {"experiment": "bitflip"}])
def test_a_record_that_holds_no_experiment_is_damaged(tmp_path, record):
    run = created(tmp_path)
    write_json(run.experiment, record)
    with pytest.raises(UsageError, match="is damaged: it holds no experiment"):
        run.record()


def test_a_record_without_a_format_is_damaged_and_not_called_newer(tmp_path):
    run = created(tmp_path)
    write_json(run.experiment, {"experiment": EXPERIMENT})
    with pytest.raises(UsageError, match="damaged"):
        run.record()


def test_a_run_is_held_by_one_at_a_time(tmp_path):
    run = created(tmp_path)
    assert not run.is_running()
    with run.locked():
        assert run.is_running()
        with pytest.raises(UsageError, match=r"run-1 is already running \(process \d+\)"):
            RunDirectory.open(run.path).locked().__enter__()
        assert run.is_running()
    assert not run.is_running()
    with run.locked():
        pass


def test_a_run_is_free_again_after_an_error(tmp_path):
    run = created(tmp_path)
    with pytest.raises(ZeroDivisionError), run.locked():
        raise ZeroDivisionError
    assert not run.is_running()


def test_a_run_is_free_again_when_its_process_is_killed(tmp_path):
    run = created(tmp_path)
    command = [sys.executable, "-c", HOLD, str(run.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            assert list_runs(tmp_path)[0]["status"] == "running"
            message = rf"already running \(process {holder.pid}\)"
            with pytest.raises(UsageError, match=message):
                run.locked().__enter__()
        finally:
            holder.kill()
    assert not run.is_running()
    with run.locked():
        assert run.is_running()


def test_looking_whether_a_run_goes_never_keeps_it_from_starting(tmp_path):
    run = created(tmp_path)
    with run.locked():
        pass
    command = [sys.executable, "-c", LOOK, str(run.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as looker:
        try:
            assert looker.stdout.readline() == "looking\n"
            for _ in range(5_000):
                with run.locked():
                    pass
        finally:
            looker.kill()


def test_the_history_is_the_lines_without_a_last_one_cut_short(tmp_path):
    run = created(tmp_path)
    assert run.history() == []
    lines = [{"step": step, "loss": 1 / (step + 1)} for step in (0, 25, 50)]
    run.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert run.history() == lines
    whole = run.metrics.read_bytes()
    last = whole.rindex(b"{")
    for end in range(last, len(whole) - 2):
        run.metrics.write_bytes(whole[:end])
        assert run.history() == lines[:2]
