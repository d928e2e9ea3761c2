"""A run is written by one process: whatever is done to its lock, and on any file system."""

import errno
import fcntl
import logging
import os
import shutil
import subprocess
import sys

import pytest

from seqtasks.errors import UsageError
from seqtasks.files import atomic
from seqtasks.runs import locking
from seqtasks.runs.directory import FORMAT, RunDirectory

RECORD = {"format": FORMAT, "experiment": {"task": "bitflip"}}

HOLD = """
import sys
from seqtasks.runs.directory import RunDirectory

with RunDirectory.open(sys.argv[1]).locked():
    print("held", flush=True)
    sys.stdin.read()
"""

KILLED_WHILE_MAKING = """
import os, sys
from pathlib import Path
from seqtasks.runs import directory

directory.write_json = lambda path, data: os.kill(os.getpid(), 9)
directory.RunDirectory.create(Path(sys.argv[1]), "k", {}, {"mine.py": b""})
"""


@pytest.fixture
def made(tmp_path):
    return RunDirectory.create(tmp_path, "run", RECORD, {})


@pytest.fixture
def no_flock(monkeypatch):
    """Take locks away, as on some network disks."""

    def take(number):
        def fail(descriptor, kind):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(fcntl, "flock", fail)
        monkeypatch.setattr(atomic, "_warned", set())

    return take


def held_elsewhere(path, code=HOLD):
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_run_whose_lock_was_removed_is_still_held(made):
    with held_elsewhere(made.path) as holder:
        assert holder.stdout.readline() == "held\n"
        (made.path / "lock").unlink()
        assert made.is_running()
        with pytest.raises(UsageError, match="already running"), made.locked():
            pass
        assert made.is_running()
        holder.stdin.close()
    assert not made.is_running()
    with made.locked():
        pass


def test_a_lock_that_an_earlier_version_holds_counts(made):
    with open(made.path / "lock", "w+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711")
        lock.flush()
        assert made.is_running()
        with pytest.raises(UsageError, match=r"already running \(process 4711\)"), made.locked():
            pass


@pytest.mark.parametrize("kind", ["symbolic link", "hard link", "regular file", "folder"])
def test_a_lock_that_is_no_file_of_the_runs_own_is_refused_and_left(tmp_path, made, kind):
    precious, lock = tmp_path / "precious", made.path / "lock"
    precious.write_text("mine")
    if kind == "symbolic link":
        lock.symlink_to(precious)
    elif kind == "hard link":
        lock.hardlink_to(precious)
    elif kind == "folder":
        lock.mkdir()
    else:
        os.mkfifo(lock)
    with pytest.raises(UsageError, match=f"cannot write .*({kind}|irectory)"), made.locked():
        pass
    assert not made.is_running()
    assert precious.read_text() == "mine"


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_nothing_can_be_locked_it_is_said_once(tmp_path, caplog, no_flock, number):
    no_flock(number)
    with caplog.at_level(logging.WARNING, "seqtasks"):
        made = RunDirectory.create(tmp_path, "run", RECORD, {})
        for _ in range(2):
            with made.locked():
                assert not made.is_running()  # by another process
    assert [record.message for record in caplog.records] == [
        f"the file system of {made.path} has no locks: see to it that no other machine runs it"
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["run-1"]


def test_where_nothing_can_be_locked_a_living_process_that_is_named_is_believed(made, no_flock):
    with held_elsewhere(made.path) as holder:
        assert holder.stdout.readline() == "held\n"
        no_flock(errno.ENOSYS)
        assert made.is_running()
        with pytest.raises(UsageError, match=rf"running \(process {holder.pid}\)"), made.locked():
            pass
        holder.kill()
    assert not made.is_running()
    with made.locked():
        pass


def test_where_folders_cannot_be_locked_the_file_is(made, monkeypatch):
    real = fcntl.flock

    def refuse_folders(descriptor, kind):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112
            raise OSError(errno.EBADF, "as a network disk says")
        real(descriptor, kind)

    with held_elsewhere(made.path) as holder:
        assert holder.stdout.readline() == "held\n"
        monkeypatch.setattr(fcntl, "flock", refuse_folders)
        assert made.is_running()
        with pytest.raises(UsageError, match="already running"), made.locked():
            pass
        holder.stdin.close()
    with made.locked():
        pass


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
def test_where_a_folder_cannot_be_brought_to_the_disk_it_is_said_once(
    tmp_path, monkeypatch, caplog, number
):
    real = os.fsync

    def refuse_folders(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112
            raise OSError(number, os.strerror(number))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    monkeypatch.setattr(atomic, "_warned", set())
    for content in (b"first", b"second"):
        atomic.write_atomically(tmp_path / "a", content)
    assert (tmp_path / "a").read_bytes() == b"second"
    assert len(caplog.records) == 1
    assert "cannot be asked to bring a file to the disk" in caplog.text


def test_temporary_files_of_dead_processes_are_swept_and_others_left(tmp_path, made):
    left = [".checkpoint.safetensors.12345.tmp", ".metrics.jsonl.1.tmp", ".result.json.99.tmp"]
    mine = ["notes.tmp", ".mine.5.tmp", "checkpoint.safetensors.tmp"]
    for name in left + mine:
        (made.path / name).write_text("x")
    with made.locked():
        there = {path.name for path in made.path.iterdir()}
    assert there == {"experiment.json", "lock", *mine}


def test_a_folder_left_half_made_by_a_killed_process_is_swept_by_the_next(tmp_path):
    held_elsewhere(tmp_path, KILLED_WHILE_MAKING).communicate()
    (half,) = tmp_path.iterdir()
    assert half.name.startswith(".k-")
    others = tmp_path / f".mine-{16 * 'a'}"
    others.mkdir()
    (others / "thesis.tex").write_text("")
    RunDirectory.create(tmp_path, "run", RECORD, {})
    assert {path.name for path in tmp_path.iterdir()} == {"run-1", others.name}


def test_a_folder_that_is_being_made_is_not_swept(tmp_path, monkeypatch):
    def make_another(path, data):
        monkeypatch.undo()
        RunDirectory.create(tmp_path, "other", RECORD, {})
        atomic.write_json(path, data)

    monkeypatch.setattr("seqtasks.runs.directory.write_json", make_another)
    first = RunDirectory.create(tmp_path, "run", RECORD, {"mine.py": b"x"})
    assert (first.sources / "mine.py").read_bytes() == b"x"
    assert {path.name for path in tmp_path.iterdir()} == {"run-1", "other-1"}


@pytest.mark.parametrize("name", ["metrics.jsonl", "experiment.json", "result.json"])
@pytest.mark.parametrize("kind", ["fifo", "link", "folder", "zero"])
def test_what_stands_in_a_files_place_is_not_waited_for(tmp_path, made, name, kind):
    path = made.path / name
    if path.exists():
        path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "zero":
        path.symlink_to("/dev/zero")
    else:
        (tmp_path / "else").write_text('{"step": 1}\n')
        path.symlink_to(tmp_path / "else")
    with pytest.raises(UsageError, match=f"cannot read .*{name}: it is (not a reg|a symb)"):
        {"metrics.jsonl": made.history, "experiment.json": made.record}.get(
            name, made.read_result
        )()
    shutil.rmtree(made.path)


def test_who_looks_at_a_run_creates_nothing_in_it(made):
    assert not made.is_running()
    assert [path.name for path in made.path.iterdir()] == ["experiment.json"]
    assert locking.is_held(made.path / "nowhere") is False
