"""Kept programs are used only if nobody else can have changed them, and made again if damaged."""

import ctypes
import errno
import os
import subprocess
import sys

import pytest

from seqtasks.engine.native.execute.compiler import (
    CompilerError,
    cache_folder,
    load,
)
from seqtasks.engine.native.execute.kept_libraries import _own_group

SOURCE = "int answer(void) { return 42; }\n"


def answers(source=SOURCE):
    library = load(source)
    assert isinstance(library, ctypes.CDLL)
    return library.answer() == 42


def test_a_program_is_kept_and_found_again(cache, monkeypatch):
    assert answers()
    (kept,) = cache.iterdir()
    made = kept.stat()
    assert made.st_mode & 0o077 == 0
    assert cache.stat().st_mode & 0o077 == 0
    assert answers()
    assert [path.stat().st_mtime_ns for path in cache.iterdir()] == [made.st_mtime_ns]
    monkeypatch.setenv("SEQTASKS_CFLAGS", "-O1")  # another program
    assert answers()
    assert len(list(cache.iterdir())) == 2


def test_a_program_is_kept_where_no_file_can_be_brought_to_the_disk(cache, monkeypatch, caplog):
    def refuses(_):
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuses)
    assert answers()
    assert len(list(cache.iterdir())) == 1
    (told,) = [record.getMessage() for record in caplog.records]
    assert "cannot be asked to bring a file to the disk" in told


def test_nothing_is_kept_where_none_is_to_be(monkeypatch, tmp_path):
    monkeypatch.setenv("SEQTASKS_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert cache_folder() is None
    assert answers()
    assert not list(tmp_path.iterdir())


def test_the_users_cache_is_used_unless_another_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv("SEQTASKS_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path in cache_folder().parents


def test_a_program_that_others_may_have_changed_is_not_loaded(cache):
    assert answers()
    (kept,) = cache.iterdir()
    kept.unlink()
    kept.write_bytes(b"somebody else's")
    kept.chmod(0o666)
    assert answers()
    assert kept.stat().st_mode & 0o077 == 0


def test_a_link_in_the_cache_is_not_followed(cache, tmp_path):
    assert answers()
    (kept,) = cache.iterdir()
    elsewhere = kept.rename(tmp_path / "elsewhere.so")
    kept.symlink_to(elsewhere)
    assert answers()
    assert not kept.is_symlink()


DAMAGES = """
import ctypes, os, random, shutil, sys
from pathlib import Path
from seqtasks.engine.native.execute import compiler

def damaged(path, way, chance):
    content = bytearray(path.read_bytes())
    if way == "cut":
        del content[chance.randrange(len(content)) :]
    elif way == "changed":
        for _ in range(chance.choice([1, 10, 1000])):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    elif way == "cut in place":
        return os.truncate(path, chance.randrange(len(content)))
    elif way == "empty":
        content.clear()
    else:
        elsewhere = path.rename(path.parent.parent / "elsewhere.so")
        if way == "link":
            path.symlink_to(elsewhere)
        elif way == "folder":
            path.mkdir()
            (path / "file").write_text("")
        elif way == "pipe":
            os.mkfifo(path)
        return
    path.write_bytes(content)

source, folder, chance = sys.argv[1], Path(os.environ["SEQTASKS_CACHE"]), random.Random(5)
before = compiler.load(source)
ways = ["cut", "changed", "cut in place", "empty", "folder", "link", "pipe"]
for k in range(60):
    (path,) = folder.glob("*.so")
    damaged(path, ways[k % len(ways)], chance)
    compiler._loaded.clear()
    assert compiler.load(source).answer() == 42
    assert before.answer() == 42  # what is loaded does not change with the file
    (path,) = folder.iterdir()
    assert path.is_file() and not path.is_symlink()
print("done")
"""


def test_however_a_program_is_damaged_it_is_made_again_and_gives_right_numbers(cache):
    done = subprocess.run(
        [sys.executable, "-c", DAMAGES, SOURCE], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_a_library_loaded_before_is_not_taken_for_another(cache, monkeypatch):
    found = [load(f"int answer(void) {{ return {k}; }}\n") for k in range(5)]
    assert [library.answer() for library in found] == [0, 1, 2, 3, 4]
    monkeypatch.setattr("seqtasks.engine.native.execute.compiler._loaded", {})
    found = [load(f"int answer(void) {{ return {k}; }}\n") for k in range(5)]
    assert [library.answer() for library in found] == [0, 1, 2, 3, 4]


def test_programs_are_loaded_where_there_are_no_files_in_memory(cache, monkeypatch):
    monkeypatch.delattr("os.memfd_create", raising=False)
    monkeypatch.setattr("seqtasks.engine.native.execute.compiler._loaded", {})
    assert answers()


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o707])
@pytest.mark.parametrize("above", [0, 1, 2])
def test_a_folder_above_the_cache_that_others_can_write_is_refused(
    monkeypatch, tmp_path, mode, above
):
    if mode == 0o770 and _own_group(tmp_path.stat().st_gid):
        pytest.skip("nobody else is in the group")
    folders = [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c"]
    folders[-1].mkdir(parents=True)
    monkeypatch.setenv("SEQTASKS_CACHE", str(folders[-1]))
    folders[above].chmod(mode)
    with pytest.raises(CompilerError, match=f"others can write into {folders[above]}"):
        load(SOURCE)
    folders[above].chmod(0o700)
    assert answers()


def test_a_folder_above_the_cache_may_be_shared_where_each_may_move_his_own_alone(
    monkeypatch, tmp_path
):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o1777)
    monkeypatch.setenv("SEQTASKS_CACHE", str(tmp_path / "shared" / "mine"))
    assert answers()
    monkeypatch.setenv("SEQTASKS_CACHE", str(tmp_path / "shared"))
    with pytest.raises(CompilerError, match="others can write"):
        load(SOURCE)


def test_a_link_on_the_way_to_the_cache_is_followed_and_what_it_leads_through_looked_at(
    monkeypatch, tmp_path
):
    (tmp_path / "open" / "cache").mkdir(parents=True)
    (tmp_path / "link").symlink_to("open/../open")
    monkeypatch.setenv("SEQTASKS_CACHE", str(tmp_path / "link" / "cache"))
    assert answers()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(CompilerError, match="others can write into"):
        load(SOURCE)
    (tmp_path / "round").symlink_to("round")
    monkeypatch.setenv("SEQTASKS_CACHE", str(tmp_path / "round" / "cache"))
    with pytest.raises(CompilerError, match="symbolic links"):
        load(SOURCE)


@pytest.mark.skipif(os.getuid() != 0, reason="needs the right to give files away")
@pytest.mark.parametrize("whose", ["the cache", "a folder above", "a link", "the program"])
def test_what_belongs_to_another_user_is_not_used(monkeypatch, tmp_path, whose):
    (tmp_path / "a" / "cache").mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to("a")
    cache = link / "cache"
    monkeypatch.setenv("SEQTASKS_CACHE", str(cache))
    assert answers()
    (program,) = cache.iterdir()
    places = {"the cache": cache, "a folder above": tmp_path / "a", "a link": link}
    os.lchown(places.get(whose, program), 12345, 0)
    if whose == "the program":
        assert answers()
        assert program.stat().st_uid == 0  # made again
    else:
        with pytest.raises(CompilerError, match="others can write into"):
            load(SOURCE)


def test_a_cache_that_can_only_be_read_gives_the_programs_that_it_has(cache, monkeypatch):
    assert answers()
    allowed = os.access
    monkeypatch.setattr("os.access", lambda path, mode: path != cache and allowed(path, mode))
    monkeypatch.setattr("seqtasks.engine.native.execute.compiler._loaded", {})
    assert answers()
    with pytest.raises(CompilerError, match="cannot be written: name another folder in SEQTASKS"):
        load(SOURCE + "int other;\n")
