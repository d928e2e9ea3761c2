"""Whatever is the matter with the compiler or its cache: one warning, and the same results."""

import ctypes
import importlib.util
import os
import subprocess
import sys

import pytest
import torch

import seqtasks as st
from seqtasks.engine.native.compiler import CompilerError, cache_folder, find_compiler, load
from seqtasks.engine.with_engine import engines_of

SOURCE = "int answer(void) { return 42; }\n"
SCRIPT = """
import resource, sys, torch
import seqtasks as st
from seqtasks.engine.with_engine import engines_of
if len(sys.argv) > 1:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
torch.manual_seed(1)
cell, inputs = st.cell("concat", 2, 3), torch.randn(2, 3, 2)
outputs, _ = st.unroll(cell, inputs, engine="native")
assert torch.allclose(outputs, st.unroll(cell, inputs)[0], atol=1e-6)
print(engines_of(cell, "native").name)
"""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "programs"
    monkeypatch.setenv("SEQTASKS_CACHE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def quickly_compiled(monkeypatch):
    monkeypatch.setenv("SEQTASKS_CFLAGS", "-O0")


def answers(source=SOURCE):
    library = load(source)
    assert isinstance(library, ctypes.CDLL)
    return library.answer() == 42


def unrolled():
    """Return the engine that runs a cell asked to run native, having compared its results."""
    cell, inputs = st.cell("concat", 2, 3), torch.randn(2, 3, 2)
    outputs, _ = st.unroll(cell, inputs, engine="native")
    torch.testing.assert_close(outputs, st.unroll(cell, inputs)[0])
    return engines_of(cell, "native").name


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


@pytest.mark.parametrize("content", [b"", b"damaged" * 500])
def test_a_damaged_program_is_made_again(cache, content):
    code = f"from seqtasks.engine.native.compiler import load; load({SOURCE!r})"
    subprocess.run([sys.executable, "-c", code], check=True)  # here it would stay loaded
    (kept,) = cache.iterdir()
    kept.write_bytes(content)
    assert answers()
    assert kept.read_bytes() != content
    assert list(cache.iterdir()) == [kept]


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


def broken(name, cache, monkeypatch):
    """Break something; return a word of the warning that is to say so."""
    if name == "no compiler":
        monkeypatch.setenv("CC", "/nonexistent")
        return "/nonexistent"
    if name == "no program is kept, and no compiler":
        monkeypatch.setenv("SEQTASKS_CACHE", "")
        monkeypatch.setenv("CC", "/nonexistent")
        return "/nonexistent"
    if name == "a compiler's name that cannot be read":
        monkeypatch.setenv("CC", "cc 'and more")
        return "CC cannot be read"
    if name == "flags that cannot be read":
        monkeypatch.setenv("SEQTASKS_CFLAGS", "'-O0")
        return "SEQTASKS_CFLAGS cannot be read"
    if name == "a compiler that fails":
        monkeypatch.setenv("CC", "false")
        return "false failed"
    if name == "a compiler that says why":
        monkeypatch.setenv("CC", "sh -c 'echo error: disk is full 1>&2; exit 1'")
        return "error: disk is full"
    if name == "a compiler that makes nothing":
        monkeypatch.setenv("CC", "true")
        return "true failed"
    if name == "a compiler that makes nonsense":
        script = 'yes nonsense | head -c 9999 > $(echo $* | sed "s/.*-o //;s/ .*//")'
        monkeypatch.setenv("CC", f"sh -c '{script}'")
        return "invalid ELF header" if sys.platform == "linux" else "not in use"
    if name == "a cache that others can write":
        cache.mkdir()
        cache.chmod(0o777)
        return "others can write"
    if name == "a cache that is a file":
        cache.write_text("")
        return f"exists ({cache})"
    monkeypatch.setenv("SEQTASKS_CACHE", "/proc/none/programs")
    return "No such file"


@pytest.mark.parametrize(
    "name",
    [
        "no compiler",
        "no program is kept, and no compiler",
        "a compiler's name that cannot be read",
        "flags that cannot be read",
        "a compiler that fails",
        "a compiler that says why",
        "a compiler that makes nothing",
        "a compiler that makes nonsense",
        "a cache that others can write",
        "a cache that is a file",
        pytest.param(
            "a cache that cannot be made",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="needs /proc"),
        ),
    ],
)
def test_what_goes_wrong_is_told_in_one_line(cache, monkeypatch, caplog, name):
    word = broken(name, cache, monkeypatch)
    assert unrolled() in ("torch", "plain")
    (record,) = caplog.records
    text = record.getMessage()
    assert text.startswith("the native engine is not in use: ")
    assert word in text
    assert "\n" not in text


def script(*arguments, without=(), **variables):
    environment = {**os.environ, **variables}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        env={name: value for name, value in environment.items() if name not in without},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told_in_one_line(process):
    stdout, stderr = process.communicate()
    assert process.returncode == 0, stderr
    assert stdout.strip() in ("torch", "plain")
    (line,) = stderr.splitlines()
    assert "the native engine is not in use" in line


@pytest.mark.parametrize("most", [20_000, 90_000])  # too little for the text; for what is made
def test_a_full_disk(cache, most):
    told_in_one_line(script(str(most), SEQTASKS_CACHE=str(cache)))  # no file may be longer
    assert not list(cache.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_home_that_cannot_be_written():
    # not even root, as whom tests may run, can make a folder there
    variables = {"HOME": "/proc/nobody", "SEQTASKS_CFLAGS": "-O0"}
    told_in_one_line(script(without=("SEQTASKS_CACHE", "XDG_CACHE_HOME"), **variables))


def test_a_home_without_the_right_to_write(monkeypatch, cache, caplog):
    cache.mkdir(mode=0o700)
    allowed = os.access
    monkeypatch.setattr("os.access", lambda path, mode: path != cache and allowed(path, mode))
    assert unrolled() in ("torch", "plain")
    (record,) = caplog.records
    assert "cannot be written" in record.getMessage()


def test_a_disk_that_fills_up_while_a_program_is_moved_into_place(cache, monkeypatch, caplog):
    def full(path, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    assert unrolled() in ("torch", "plain")
    (record,) = caplog.records
    assert "No space left on device" in record.getMessage()
    assert not list(cache.iterdir())


def test_what_killed_processes_left_is_removed_once_it_is_old(cache):
    cache.mkdir(mode=0o700)
    old, new = cache / "making-old", cache / "making-new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "program.c").write_text(SOURCE)
    os.utime(old, (0, 0))
    assert answers()
    assert not old.exists()
    assert new.exists()


def test_the_cache_may_be_a_folder_named_from_here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQTASKS_CACHE", ".")
    assert answers()
    assert answers()  # as kept


def test_a_folder_of_somebody_else_is_not_used(cache, monkeypatch, caplog):
    assert answers()
    monkeypatch.setattr("os.getuid", lambda: cache.stat().st_uid + 1)
    assert unrolled() in ("torch", "plain")
    (record,) = caplog.records
    assert "others can write" in record.getMessage()


def test_two_processes_that_start_at_once(cache):
    processes = [script(SEQTASKS_CACHE=str(cache)) for _ in range(2)]
    for process in processes:
        stdout, stderr = process.communicate()
        assert process.returncode == 0, stderr
        assert stdout.strip() == "native"
        assert not stderr
    assert [path.suffix for path in cache.iterdir()] == [".so"]


def test_the_compiler_named_is_the_only_one_tried(monkeypatch):
    monkeypatch.setenv("CC", "sh -c true")
    assert find_compiler().command[1:] == ("-c", "true")


@pytest.mark.skipif(importlib.util.find_spec("ziglang") is None, reason="needs ziglang")
def test_ziglang_where_there_is_no_other_compiler(cache, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "os.py").write_text("raise SystemExit")  # it is no module for the compiler
    # for a cache of its own in such a home it would wait for ever
    process = script(HOME="/proc/nobody", without=("CC", "SEQTASKS_CFLAGS"))
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert stdout.strip() == "native"
    assert not stderr


def test_a_folder_named_like_ziglang_is_no_compiler(monkeypatch, tmp_path):
    (tmp_path / "ziglang").mkdir()
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "ziglang", raising=False)
    with pytest.raises(CompilerError, match="there is no C compiler"):
        find_compiler()
