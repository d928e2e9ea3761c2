"""The cache of programs holds no more than it may, and what was least recently used goes first."""

import ctypes
import os
import subprocess
import sys
import time

import pytest

from seqtasks.engine.native.execute import cache_limit as limits
from seqtasks.engine.native.execute.cache_limit import (
    cache_limit,
    kept_programs,
    make_room,
    remove_programs,
)
from seqtasks.engine.native.execute.compiler import load
from seqtasks.errors import UsageError

DAY = 86_400


def program(folder, number, size=1000, days=0.0):
    """Put a file in a program's place that was last used so many days ago."""
    folder.mkdir(exist_ok=True, mode=0o700)
    path = folder / f"{number:032x}.so"
    path.write_bytes(bytes(size))
    used = time.time() - days * DAY
    os.utime(path, (used, used))
    return path


@pytest.fixture
def no_use(monkeypatch):
    """A process that has used no program yet."""
    monkeypatch.setattr(limits, "_used_here", set())


@pytest.fixture
def forgotten(monkeypatch, no_use):
    """A process that loads programs as if for the first time."""
    monkeypatch.setattr("seqtasks.engine.native.execute.compiler._loaded", {})


def source(number):
    return f"int answer(void) {{ return {number}; }}\n"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 10**9),
        ("0", 0),
        ("1000", 1000),
        ("500MB", 500 * 10**6),
        ("1.5 gb", 1_500_000_000),
        ("2GiB", 2 * 2**30),
        ("64k", 64_000),
        ("3TB", 3 * 10**12),
        ("10B", 10),
    ],
)
def test_the_limit_is_a_size_in_words(monkeypatch, text, size):
    monkeypatch.setenv("SEQTASKS_CACHE_LIMIT", text)
    assert cache_limit() == size


@pytest.mark.parametrize("text", ["huge", "-1", "1 XB", "1e9", "iB", "5i", "nan", "9" * 40])
def test_what_is_no_size_is_refused_before_anything_is_compiled(monkeypatch, cache, text):
    monkeypatch.setenv("SEQTASKS_CACHE_LIMIT", text)
    with pytest.raises(UsageError, match="SEQTASKS_CACHE_LIMIT must be a size such as 500MB"):
        load(source(1))
    assert not cache.exists() or not list(cache.iterdir())


@pytest.mark.usefixtures("no_use")
def test_the_least_recently_used_go_first_and_only_as_many_as_must(tmp_path):
    paths = [program(tmp_path, number, days=10 - number) for number in range(10)]
    os.utime(paths[0])  # used now
    make_room(tmp_path, 10_000)
    assert all(path.exists() for path in paths)
    make_room(tmp_path, 7500)
    assert [path.exists() for path in paths] == [True, False, False, False, *[True] * 6]
    make_room(tmp_path, 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("forgotten")
def test_a_program_that_is_used_again_stays_and_one_that_was_not_goes(cache, monkeypatch):
    for number in (1, 2, 3):
        assert load(source(number)).answer() == number
    first, second, third = (one.name for one in kept_programs(cache))
    monkeypatch.setattr(limits, "_used_here", set())  # as in a later process
    monkeypatch.setattr("seqtasks.engine.native.execute.compiler._loaded", {})
    assert load(source(1)).answer() == 1
    assert [one.name for one in kept_programs(cache)] == [second, third, first]
    monkeypatch.setattr(limits, "_used_here", set())
    size = sum(one.size for one in kept_programs(cache))
    monkeypatch.setenv("SEQTASKS_CACHE_LIMIT", str(size))
    assert load(source(4)).answer() == 4  # one too many
    names = [one.name for one in kept_programs(cache)]
    assert names[:2] == [third, first]
    assert len(names) == 3


@pytest.mark.usefixtures("forgotten")
def test_no_process_removes_what_it_uses_itself_but_all_else(cache, monkeypatch):
    monkeypatch.setenv("SEQTASKS_CACHE_LIMIT", "0")
    old = program(cache, 7)
    loaded = [load(source(number)) for number in (1, 2, 3)]
    assert not old.exists()
    assert len(kept_programs(cache)) == 3
    assert [library.answer() for library in loaded] == [1, 2, 3]


@pytest.mark.usefixtures("no_use")
def test_nothing_but_programs_goes_and_no_link_is_followed(tmp_path):
    cache, outside = tmp_path / "cache", tmp_path / "outside"
    outside.mkdir()
    precious = program(outside, 1)
    gone = program(cache, 1, days=1)
    (cache / f"{2:032x}.so").symlink_to(precious)
    (cache / f"{3:032x}.so").mkdir()
    for name in ("notes.so", f"{4:032X}A.so", f"{5:032x}.so.bak", f"{6:032x}"):
        (cache / name).write_text("mine")
    (cache / "zig").mkdir()
    (cache / "zig" / f"{7:032x}.so").write_text("zig's")
    before = sorted(path.name for path in cache.iterdir())
    make_room(cache, 0)
    assert not gone.exists()
    program(cache, 1)
    assert [one.name for one in remove_programs(cache)] == [gone.name]
    assert sorted(path.name for path in cache.iterdir()) == [
        name for name in before if name != gone.name
    ]
    assert precious.read_bytes() == bytes(1000)
    assert (cache / "zig" / f"{7:032x}.so").read_text() == "zig's"


@pytest.mark.usefixtures("forgotten")
def test_a_cache_that_can_only_be_read_is_used_and_stays_as_it_is(cache, monkeypatch):
    assert load(source(1)).answer() == 1
    program(cache, 9, days=5)

    def refuses(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setenv("SEQTASKS_CACHE_LIMIT", "0")
    monkeypatch.setattr(limits, "_used_here", set())
    monkeypatch.setattr("seqtasks.engine.native.execute.compiler._loaded", {})
    monkeypatch.setattr(os, "utime", refuses)
    monkeypatch.setattr("pathlib.Path.unlink", refuses)
    assert load(source(1)).answer() == 1
    make_room(cache, 0)
    assert len(kept_programs(cache)) == 2


WRITER = """
import sys
from pathlib import Path
from seqtasks.engine.native.execute import kept_libraries, cache_limit
folder, first = Path(sys.argv[1]), int(sys.argv[2])
for number in range(first, first + 40):
    with kept_libraries.making(folder) as temporary:
        name = f"{number:032x}.so"
        (temporary / name).unlink(missing_ok=True)
        kept_libraries.keep(folder / name, bytes([first]) * 968, folder=temporary)
    cache_limit._used_here.clear()
    cache_limit.make_room(folder, 20_000)
    found = kept_libraries.kept(folder / name)
    assert found is None or found == bytes([first]) * 968
    print(sum(one.size for one in cache_limit.kept_programs(folder)))
"""


def test_many_processes_make_room_at_once_and_none_fails(tmp_path):
    folder = tmp_path / "programs"
    folder.mkdir(mode=0o700)
    command = [sys.executable, "-c", WRITER, str(folder)]
    processes = [
        subprocess.Popen([*command, str(100 * number)], stdout=subprocess.PIPE, text=True)
        for number in range(1, 3)
    ]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    # Each of the others may have added a program after a process made room.
    assert max(int(line) for text in outputs for line in text.split()) <= 21_000 + 1000
    make_room(folder, 20_000)
    left = kept_programs(folder)
    assert 15 <= len(left) <= 20
    assert sum(one.size for one in left) <= 20_000


def test_a_loaded_program_works_when_its_file_has_gone(cache):
    library = load(source(42))
    assert isinstance(library, ctypes.CDLL)
    assert len(remove_programs(cache)) == 1
    assert library.answer() == 42
    assert load(source(42)).answer() == 42
    assert len(kept_programs(cache)) == 1
