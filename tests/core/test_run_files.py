"""Files of a run: wholly written or untouched, and read with errors that say the place."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqtasks.errors import RunError, UsageError
from seqtasks.files.atomic import (
    read_json,
    read_regular,
    write_atomically,
    write_json,
    writing,
)

FULL_DISK = """
import resource, sys
from pathlib import Path
from seqtasks.errors import RunError
from seqtasks.runs.directory import RunDirectory
from seqtasks.files.atomic import write_atomically

folder = Path(sys.argv[1])
old, new = folder / "old.bin", folder / "new.bin"
write_atomically(old, b"old")
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

def attempt(function, *arguments):
    try:
        function(*arguments)
    except RunError as error:
        print(error)
    except BaseException as error:
        print(repr(error))
    else:
        print("written")

attempt(write_atomically, old, bytes(4096))
attempt(write_atomically, old, bytes(4097))
attempt(write_atomically, new, bytes(5000))
attempt(RunDirectory.create, folder / "runs", "record", {"text": "x" * 5000}, {})
attempt(RunDirectory.create, folder / "runs", "source", {}, {"mine.py": bytes(5000)})
"""


@pytest.fixture(scope="module")
def full_disk(tmp_path_factory):
    """Write on a disk that takes no file above 4096 bytes; return the folder and the messages."""
    folder = tmp_path_factory.mktemp("full")
    command = [sys.executable, "-c", FULL_DISK, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    return folder, done.stdout.splitlines()


def test_a_full_disk_leaves_the_old_file_and_no_other(full_disk):
    folder, _ = full_disk
    assert (folder / "old.bin").read_bytes() == bytes(4096)
    assert sorted(path.name for path in folder.iterdir()) == ["old.bin", "runs"]


def test_a_full_disk_is_named_as_the_cause(full_disk):
    folder, messages = full_disk
    assert messages[0] == "written"
    for name, message in (("old", messages[1]), ("new", messages[2])):
        assert message == (
            f"cannot write {folder}/{name}.bin: File too large; what was saved before is intact"
        )


def test_a_full_disk_leaves_no_half_made_run(full_disk):
    folder, _ = full_disk
    assert list((folder / "runs").iterdir()) == []


def test_a_run_that_finds_the_disk_full_says_so_whatever_it_was_writing(full_disk):
    record, source = full_disk[1][3:]
    for message in (record, source):
        assert message.startswith("cannot write ")
        assert "File too large" in message


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "a.bin"
    for content in (b"first", b"", b"a longer second"):
        write_atomically(path, content)
        assert path.read_bytes() == content
        assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]


def test_a_write_that_is_interrupted_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    def interrupt(descriptor):
        raise KeyboardInterrupt

    path = tmp_path / "a.bin"
    write_atomically(path, b"first")
    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"second")
    assert path.read_bytes() == b"first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.bin"]


def test_content_is_on_the_disk_before_it_takes_the_name(tmp_path, monkeypatch):
    path, steps = tmp_path / "a.bin", []
    write_atomically(path, b"first")
    monkeypatch.setattr("os.fsync", lambda descriptor: steps.append(path.read_bytes()))
    write_atomically(path, b"second")
    assert steps == [b"first", b"second"]  # the file's content first, then the folder's names


def test_a_file_in_a_folder_that_is_gone_is_named(tmp_path):
    path = tmp_path / "gone" / "a.bin"
    with pytest.raises(RunError, match=f"cannot write {path}: No such file or directory"):
        write_atomically(path, b"x")


def test_a_failure_to_write_is_told_and_any_other_goes_through(tmp_path):
    with pytest.raises(RunError, match="No space left on device"), writing(tmp_path / "log"):
        raise OSError(28, "No space left on device")
    with pytest.raises(ZeroDivisionError), writing(tmp_path / "log"):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "data", [{}, [], {"a": [1, 2.5, None, True]}, {"σ": "état → ok"}, 0.1 + 0.2, 1e-300]
)
def test_json_goes_to_the_disk_and_back(tmp_path, data):
    write_json(tmp_path / "a.json", data)
    assert read_json(tmp_path / "a.json") == data
    assert (tmp_path / "a.json").read_bytes().endswith(b"\n")


def test_every_truncation_of_a_json_file_is_refused_with_its_place(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"experiment": {"task": "bitflip", "note": "ü"}, "steps": [1, 2]})
    whole = path.read_bytes().rstrip()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(
            UsageError, match=rf"{path} is not JSON: (line \d+, col|it is not text)"
        ):
            read_json(path)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"\xef\xbb\xbf{}", b"{'a': 1}", b"[" * 100_000, b"9" * 5000]
)
def test_what_is_no_json_is_refused(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=rf"{path} is not JSON: "):
        read_json(path)


def test_a_missing_json_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=rf"cannot read {tmp_path}/a\.json: No such file"):
        read_json(tmp_path / "a.json")


def test_a_record_is_readable_by_any_json_reader(tmp_path):
    write_json(tmp_path / "a.json", {"b": 1, "a": [2]})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {"b": 1, "a": [2]}


def test_only_regular_files_of_a_bounded_size_are_read(tmp_path):
    file, link, pipe = tmp_path / "file", tmp_path / "link", tmp_path / "pipe"
    file.write_bytes(b"12345")
    link.symlink_to(file)
    os.mkfifo(pipe)
    assert read_regular(file, 5) == b"12345"
    assert read_regular(link, 5, follow=True) == b"12345"
    refused = {
        file: (4, "it is larger than 4 bytes"),
        link: (5, "it is a symbolic link"),
        pipe: (5, "it is not a regular file"),
        tmp_path: (5, "it is not a regular file"),
        Path("/dev/zero"): (5, "it is not a regular file"),
        tmp_path / "none": (5, "No such file or directory"),
        Path("a\0b"): (5, "that cannot be a file's name"),
    }
    for path, (most, why) in refused.items():
        with pytest.raises(UsageError, match=why):
            read_regular(path, most)
