"""Whatever is the matter with the compiler or its cache: one warning, and the same results."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch
from test_compiler_cache import SOURCE, answers

import seqtasks as st
from seqtasks.engine.native.execute.compiler import (
    CompilerError,
    find_compiler,
    load,
)
from seqtasks.engine.native.execute.find_compiler import FEWER_PASSES, LONG, Compiler, flags
from seqtasks.engine.unroll import engines_of
from seqtasks.errors import RunError

LOAD = f"from seqtasks.engine.native.execute.compiler import load; print(load({SOURCE!r}).answer())"


SCRIPT = """
import resource, sys, torch
import seqtasks as st
from seqtasks.engine.unroll import engines_of
if len(sys.argv) > 1:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
torch.manual_seed(1)
cell, inputs = st.cell("concat", 2, 3), torch.randn(2, 3, 2)
outputs, _ = st.unroll(cell, inputs, engine="auto")
assert torch.allclose(outputs, st.unroll(cell, inputs)[0], atol=1e-6)
print(engines_of(cell, "auto").name)
"""


def unrolled():
    """Return the engine that runs a cell asked to run native, having compared its results."""
    cell, inputs = st.cell("concat", 2, 3), torch.randn(2, 3, 2)
    outputs, _ = st.unroll(cell, inputs, engine="native")
    torch.testing.assert_close(outputs, st.unroll(cell, inputs)[0])
    return engines_of(cell, "native").name


def waiting_compiler(folder):
    """Return a compiler that waits, and the file into which it writes its process id."""
    compiler, begun = folder / "waiting-cc", folder / "begun"
    compiler.write_text(f"#!/bin/sh\necho $$ > {begun}\nexec sleep 60\n")
    compiler.chmod(0o700)
    return str(compiler), begun


def killed_times(folder, times, way):
    """Return a compiler that is killed so many times before it does its work."""
    compiler = folder / "killed-cc"
    compiler.write_text(
        f"#!/bin/sh\necho again >> {folder}/tries\n"
        f'if [ $(wc -l < {folder}/tries) -le {times} ]; then {way}; fi\nexec cc "$@"\n'
    )
    compiler.chmod(0o700)
    return str(compiler)


PART_KILLED = "echo 'gcc: fatal error: Killed signal terminated program cc1' >&2; exit 1"


@pytest.mark.parametrize("way", ["kill -9 $$", "kill -TERM $$", "exit 130", PART_KILLED])
def test_a_compiler_that_was_killed_is_tried_again_and_no_reason_for_another_engine(
    cache, monkeypatch, tmp_path, way
):
    monkeypatch.setenv("CC", killed_times(tmp_path, 1, way))
    assert unrolled() == "native"
    (tmp_path / "tries").unlink()
    monkeypatch.setenv("CC", killed_times(tmp_path, 9, way))
    monkeypatch.setenv("SEQTASKS_CFLAGS", "-O0 -DANOTHER")
    with pytest.raises(RunError, match="was killed"):
        unrolled()
    assert [path.suffix for path in cache.iterdir()] == [".so"]


def test_a_compiler_that_takes_long_is_told_of_now_and_then(cache, monkeypatch, tmp_path, caplog):
    compiler = tmp_path / "slow-cc"
    compiler.write_text('#!/bin/sh\nsleep 2.5\nexec cc "$@"\n')
    compiler.chmod(0o700)
    monkeypatch.setenv("CC", str(compiler))
    monkeypatch.setattr("seqtasks.engine.native.execute.call_compiler.SILENCE", 1)
    assert unrolled() == "native"
    told = [record.getMessage() for record in caplog.records]
    assert f"{compiler} has been compiling the program of this model for 1 seconds" in told[0]
    assert "for 2 seconds; after 300 it is given up" in told[1]


def test_a_compiler_that_takes_too_long_is_given_up(cache, monkeypatch, tmp_path):
    compiler, begun = waiting_compiler(tmp_path)
    monkeypatch.setenv("CC", compiler)
    monkeypatch.setattr("seqtasks.engine.native.execute.call_compiler.PATIENCE", 1)
    with pytest.raises(CompilerError, match="took over 1 seconds"):
        load(SOURCE + "int given_up;\n")
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.read_text()), 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_the_compiler_runs_ends_both(cache, tmp_path, number):
    compiler, begun = waiting_compiler(tmp_path)
    code = f"import signal; signal.signal({number}, signal.default_int_handler); {LOAD}"
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "CC": compiler}, stderr=subprocess.PIPE
    )
    while not begun.exists() or not begun.read_text():
        time.sleep(0.01)
    time.sleep(0.2)  # until its start is noted: an interrupt at that very moment leaves it alone
    process.send_signal(number)
    _, stderr = process.communicate(timeout=5)
    assert b"KeyboardInterrupt" in stderr
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.read_text()), 0)
    assert not list(cache.iterdir())


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
@pytest.mark.parametrize("where", ["SEQTASKS_CFLAGS", "CC"])
@pytest.mark.parametrize("name", ["address", "thread", "undefined,address"])
def test_a_sanitizer_that_had_to_come_before_python_is_refused_with_what_to_do(
    cache, monkeypatch, where, name
):
    flag = f"-fsanitize={name}"
    monkeypatch.setenv(where, flag if where == "SEQTASKS_CFLAGS" else f"gcc {flag}")
    for _ in range(2):  # nor is it kept, and loaded the next time
        with pytest.raises(CompilerError, match="LD_PRELOAD=") as refusal:
            load(SOURCE)
        assert "\n" not in str(refusal.value)


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


# too little for the text; for what is made of it
@pytest.mark.parametrize("most", [20_000, pytest.param(90_000, marks=pytest.mark.slow)])
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


def test_what_processes_of_other_machines_left_is_removed_once_it_is_old(cache):
    cache.mkdir(mode=0o700)
    old, new = cache / "making-1-elsewhere-old", cache / "making-1-elsewhere-new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "program.c").write_text(SOURCE)
    os.utime(old, (0, 0))
    assert answers()
    assert not old.exists()
    assert new.exists()


def test_what_a_killed_process_left_is_removed_at_once(cache, tmp_path):
    compiler, begun = waiting_compiler(tmp_path)
    process = subprocess.Popen([sys.executable, "-c", LOAD], env={**os.environ, "CC": compiler})
    while not begun.exists() or not begun.read_text():
        time.sleep(0.01)
    assert [path.name[:7] for path in cache.iterdir()] == ["making-"]
    process.kill()
    process.wait()
    os.kill(int(begun.read_text()), signal.SIGKILL)
    assert answers()
    assert [path.suffix for path in cache.iterdir()] == [".so"]


def test_the_cache_may_be_a_folder_named_from_here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQTASKS_CACHE", ".")
    assert answers()
    assert answers()  # as kept


def test_a_folder_of_somebody_else_is_not_used(cache, monkeypatch, caplog):
    assert answers()
    monkeypatch.setattr(
        "seqtasks.engine.native.execute.kept_libraries._trusted", lambda: (os.getuid() + 1,)
    )
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
    with pytest.raises(CompilerError, match="no C compiler was found"):
        find_compiler()


def test_gcc_compiles_a_long_program_by_fewer_passes(tmp_path, monkeypatch):
    monkeypatch.setenv("SEQTASKS_CFLAGS", "-g")
    real = tmp_path / "x86_64-linux-gnu-gcc-12"
    real.touch()
    (tmp_path / "cc").symlink_to(real)
    gcc = Compiler((str(tmp_path / "cc"),), "")
    clang = Compiler((str(tmp_path / "clang"),), "")
    usual = flags()
    assert usual[-1] == "-g"
    assert flags(gcc, LONG - 1) == flags(clang, LONG) == usual
    assert flags(gcc, LONG) == [*usual[:-1], *FEWER_PASSES, "-g"]
