"""A signal ends a command soon, at whatever moment it comes, and no engine is taken for it."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from command_line import ENVIRONMENT

from seqtasks.cli import interrupts
from seqtasks.files.critical_section import saving
from seqtasks.runs.directory import RunDirectory

SECONDS = 2.0
RUN = ("run", "parity", "--cell", "gru", "--steps", "20000", "--eval-length", "10,50")
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
SLOW = """
import time
import numpy as np
from seqtasks import Task, Tokens

class Slow(Task):
    'a task whose instances take their time'
    inputs = Tokens("01")
    targets = Tokens("01")
    def generate(self, rng, count, length):
        open("begun", "w").close()
        {wait}
        return rng.integers(0, 2, (count, length))
    def encode(self, inputs):
        return inputs
"""
IN_PYTHON = "[time.sleep(0.01) for _ in range(3000)]"
IN_A_LIBRARY = "__import__('ctypes').CDLL(None).usleep(30_000_000)"
SWALLOWED = """
        end = time.time() + 30
        while time.time() < end:
            try:
                time.sleep(0.01)
            except KeyboardInterrupt:
                pass
"""


def ended(process, number, began):
    """Check that a process ended soon after a signal, by it or with its code, without a fault."""
    if isinstance(process, subprocess.Popen):
        text = process.communicate(timeout=10)[1].decode()
    else:
        text = process.wait(10).stderr
    took = time.monotonic() - began
    assert process.returncode in (CODES[number], -number), (process.returncode, text)
    assert "Traceback" not in text, text
    assert "not in use" not in text, text
    assert took < SECONDS + 0.5  # the machine may be at other work
    return text


@pytest.fixture
def fresh(tmp_path):
    """Start the command line anew, in a session of its own that ends with the test."""
    started = []

    def start(arguments, **variables):
        process = subprocess.Popen(
            [sys.executable, "-m", "seqtasks", *arguments],
            cwd=tmp_path,
            env={**ENVIRONMENT, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for(path, process):
    while not path.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("wait", "number"),
    [
        (IN_PYTHON, signal.SIGHUP),
        (IN_A_LIBRARY, signal.SIGTERM),
        (IN_A_LIBRARY, signal.SIGINT),
        (SWALLOWED, signal.SIGINT),
    ],
)
def test_a_signal_ends_a_run_while_its_data_are_drawn(seqtasks, tmp_path, wait, number):
    (tmp_path / "slow.py").write_text(SLOW.format(wait=wait))
    process = seqtasks.start("run", "./slow.py:Slow", "--steps", "5")
    while not (tmp_path / "begun").exists():
        assert process.running(), process.stderr
        time.sleep(0.01)
    began = time.monotonic()
    process.signal(number)
    assert "interrupted" in ended(process, number, began)


@pytest.mark.parametrize("number", list(CODES))
def test_a_signal_ends_a_run_while_its_program_is_compiled(fresh, tmp_path, number):
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\necho $$ > begun\nexec sleep 60\n")
    compiler.chmod(0o700)
    variables = {"CC": str(compiler), "SEQTASKS_CACHE": str(tmp_path / "cache")}
    process = fresh(RUN, **variables)
    wait_for(tmp_path / "begun", process)
    time.sleep(0.2)
    compiling = int((tmp_path / "begun").read_text())
    try:
        began = time.monotonic()
        os.killpg(process.pid, number)  # as a terminal's Ctrl-C does
        assert "Error: interrupted before the run began" in ended(process, number, began)
        with pytest.raises(ProcessLookupError):
            os.kill(compiling, 0)
    finally:
        with suppress(ProcessLookupError):
            os.kill(compiling, signal.SIGKILL)
    assert not list((tmp_path / "cache").iterdir())
    assert not (tmp_path / "runs").exists()


def test_a_step_that_takes_long_is_broken_off(seqtasks, tmp_path):
    (tmp_path / "mine.py").write_text(
        "import time, torch\nfrom seqtasks import Cell\n"
        "class Mine(Cell):\n"
        "    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__(input_size, hidden_size)\n"
        "        self.linear = torch.nn.Linear(input_size, hidden_size)\n"
        "    def forward(self, x, state):\n"
        "        if len(x) > 2 and torch.is_grad_enabled(): time.sleep(0.15)\n"
        "        return torch.tanh(self.linear(x) + state)\n"
    )
    options = ["--cell", "./mine.py:Mine", "--engine", "plain", "--length", "20"]
    process = seqtasks.start("run", "parity", *options, "--eval-length", "5")
    path = tmp_path / "runs" / "parity-mine-1" / "experiment.json"
    while not path.exists():
        assert process.running(), process.stderr
        time.sleep(0.01)
    time.sleep(1)
    began = time.monotonic()
    process.signal(signal.SIGTERM)
    process.wait(10)
    assert time.monotonic() - began < SECONDS + 0.5
    assert process.returncode == 143
    first, second = process.stderr.splitlines()[-2:]
    assert first == "Error: broken off after step 0 of 2000; what was saved before is intact"
    assert second.strip() == "Go on with: seqtasks resume runs/parity-mine-1"


def test_a_study_that_must_end_by_force_says_how_to_go_on(tmp_path):
    deaf = (
        "import ctypes\n"
        "from seqtasks.cli.main import main\n"
        "from seqtasks.studies.execute.threads import Threads\n"
        "Threads.close = lambda *_: ctypes.CDLL(None).usleep(30_000_000)\n"
        "main()\n"
    )
    arguments = ["--seeds", "9999", "--steps", "100", "--length", "5", "--eval-length", "5", "-q"]
    process = subprocess.Popen(
        [sys.executable, "-c", deaf, "run", "parity", "--cell", "concat", *arguments],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    folder = tmp_path / "runs" / "parity-concat-1"
    while not any(file.stat().st_size for file in folder.glob("runs-*.jsonl")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    first, second = ended(process, signal.SIGINT, began).splitlines()[-2:]
    assert process.returncode == 130
    assert re.fullmatch(r"Error: broken off after [1-9]\d* of 9999 runs", first)
    assert second.strip() == "Go on with: seqtasks resume runs/parity-concat-1"


def test_what_is_being_saved_is_saved_first(monkeypatch):
    monkeypatch.setattr(interrupts, "_received", [])
    done = []
    with interrupts.noting(str) as stop:
        assert stop() == 0
        with saving():
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(interrupts.SECONDS_TO_SAVE + 0.3)
            done.append("saved")
        time.sleep(0.2)
        assert stop() == signal.SIGHUP
        done.append("ended")
    assert done == ["saved", "ended"]
    assert interrupts.received() == signal.SIGHUP
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_signal_that_the_process_was_started_to_ignore_is_ignored(seqtasks, tmp_path):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupts.noting(str) as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop() == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_sighup_ends_with_a_checkpoint(seqtasks, tmp_path):
    process = seqtasks.start(*RUN, "--cell", "concat", "--lr", "1e-9")
    path = tmp_path / "runs" / "parity-concat-1"
    while not (path / "metrics.jsonl").exists():
        assert process.running(), process.stderr
    process.signal(signal.SIGHUP)
    assert process.wait(10).returncode == 129
    assert "a checkpoint is saved" in process.stderr
    assert RunDirectory(path).checkpoint.exists()


@pytest.mark.parametrize("arguments", [("show", "gru"), ("eval", "RUN", "--length", "1..2000")])
def test_ctrl_c_ends_other_commands_in_a_line(fresh, trained, arguments):
    arguments = [str(trained.path) if word == "RUN" else word for word in arguments]
    process = fresh(arguments)
    time.sleep(0.5)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    said = ended(process, signal.SIGINT, began).strip()
    # On a busy machine it may come while a plugin is imported, which is then named.
    assert said == "" or said.startswith("Error: interrupted")
    assert len(said.splitlines()) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_a_signal_at_any_moment_ends_a_run(fresh, seed):
    chance = random.Random(seed)
    process = fresh(RUN, SEQTASKS_CACHE="")
    time.sleep(0.1 + chance.random() * 6)  # before, Python itself tells of an interrupt
    began = time.monotonic()
    number = chance.choice(list(CODES))
    os.killpg(process.pid, number)
    ended(process, number, began)


@pytest.mark.parametrize("number", list(CODES))
@pytest.mark.parametrize("name", ["many.jsonl", "many.npz"])
def test_a_signal_during_an_export_leaves_nothing(seqtasks, tmp_path, name, number):
    process = seqtasks.start("export", "parity", "--count", "300000", "--out", name)
    while not list(tmp_path.glob(".many*")) and process.running() and process.said() == 0:
        time.sleep(0.01)
    time.sleep(0.3)
    assert process.running(), process.stderr
    began = time.monotonic()
    process.signal(number)
    process.wait(10)
    assert time.monotonic() - began < SECONDS + 0.5
    assert process.returncode == CODES[number]
    assert process.stderr.endswith("Error: interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_a_signal_while_torch_is_imported_ends_the_process_without_an_abort(tmp_path, python):
    interrupts = "import os, signal; os.kill(os.getpid(), signal.SIGINT); print('still here')"
    (tmp_path / "torch.py").write_text(interrupts)
    script = "from seqtasks.cli.interrupts import watch; watch(); import torch"
    done = python("-c", script, path=(tmp_path,))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Error: interrupted\n")
