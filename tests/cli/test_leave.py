"""A command ends without taking torch down, unless somebody's code may rely on it."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import atexit, os, sys, threading, time
import torch
from seqtasks.cli.leave import leave

end = os._exit

def noted(code):
    print("soon", flush=True)
    end(code)

os._exit = noted
atexit.register(print, "registered")
print("before")
{more}
leave(3)
"""
OTHERS = {
    "nothing": "",
    "a thread": "threading.Thread(target=time.sleep, args=(0.1,)).start()",
    "a module of a user": "import mine",
    "a profiler": "sys.setprofile(lambda *_: None)",
}


@pytest.mark.parametrize("other", OTHERS)
def test_python_is_taken_down_only_where_somebody_may_rely_on_it(other: str, tmp_path: Path):
    (tmp_path / "mine.py").write_text("x = 1\n")
    script = SCRIPT.format(more=OTHERS[other])
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=100
    )
    assert (ended.returncode, ended.stderr) == (3, "")
    soon = ["soon"] if other == "nothing" else []
    assert ended.stdout.splitlines() == ["before", "registered", *soon]


def test_what_a_users_cell_left_open_is_written(tmp_path: Path):
    (tmp_path / "mine.py").write_text(
        "from seqtasks.cells import GRU\n\n"
        "notes = open('notes.txt', 'w')\n\n\n"
        "class Mine(GRU):\n"
        "    def __init__(self, input_size, hidden_size):\n"
        "        super().__init__(input_size, hidden_size)\n"
        "        notes.write('made')\n"
    )
    options = ["--cell", "./mine.py:Mine", "--steps", "2", "--eval-length", "3", "-q"]
    command = [sys.executable, "-m", "seqtasks", "run", "parity", *options]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "notes.txt").read_text().startswith("made")
