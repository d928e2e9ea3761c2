"""What a terminal and a pipe are shown: progress, tables of 80 columns, colour or none."""

import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
import tty
from fcntl import ioctl

import pytest

QUICK = ("--cell", "concat", "--steps", "2", "--eval-length", "5")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def in_terminal(seqtasks, *arguments: str, **variables: str) -> str:
    """Return what a command writes to a terminal of 80 columns, on stdout and stderr."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.set_blocking(ours, False)
    terminal = os.ttyname(theirs)
    process = seqtasks.start(*arguments, terminal=terminal, TERM="xterm-256color", **variables)
    shown = b""
    running = True
    while running:
        running = process.running()
        time.sleep(0.01)
        try:
            while chunk := os.read(ours, 65536):
                shown += chunk
        except BlockingIOError:
            continue
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, shown.decode()
    return shown.decode()


@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_terminal_of_80_columns_shows_a_bar_and_a_readable_table(seqtasks, no_color):
    options = ["--cell", "concat", "--steps", "150", "--eval-length", "10,20"]
    shown = in_terminal(seqtasks, "run", "bitflip", *options, NO_COLOR=no_color)
    bar, table = shown[: shown.index("length")], shown[shown.index("length") :]
    assert re.search(r"step +\d+/150", ESCAPE.sub("", bar))
    assert "loss 0." in bar
    assert max(len(line) for line in re.split(r"[\r\n]+", ESCAPE.sub("", shown))) <= 80
    lines = ESCAPE.sub("", table).splitlines()
    assert re.split(r"  +", lines[0])[:4] == ["length", "per symbol", "whole sequence", "untrained"]
    assert lines[1].split()[0] == "10*"
    assert lines[2].split()[0] == "20"
    coloured = re.findall(r"\x1b\[[0-9;]*(?:3[0-9]|4[0-9]|9[0-9])[0-9;]*m", shown)
    assert bool(coloured) == (not no_color)
    if no_color:
        assert "\x1b" not in table


def test_80_columns_are_kept_when_piped_too_and_colour_is_never_sent(seqtasks):
    for variables in ({"COLUMNS": "80"}, {"NO_COLOR": "1"}, {"COLUMNS": "40"}):
        process = seqtasks("run", "bitflip", *QUICK, **variables)
        assert max(map(len, process.stdout.splitlines())) <= 80
        assert "\x1b" not in process.stdout + process.stderr


def test_the_installed_command_runs_an_experiment_from_its_start(seqtasks):
    process = seqtasks.fresh("run", "bitflip", *QUICK, "--quiet")
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout == "runs/bitflip-concat-1\n"
    script = os.path.join(os.path.dirname(sys.executable), "seqtasks")  # noqa: PTH118, PTH120
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("seqtasks, version ")


def test_a_reader_that_leaves_gets_no_traceback(seqtasks):
    for arguments in (["list"], ["sample", "bitflip", "-n", "50"]):
        reading, writing = os.pipe()
        os.close(reading)  # as `| head -1` does, only sooner
        done = seqtasks.fresh(*arguments, stdout=writing)
        os.close(writing)
        assert (done.returncode, done.stderr) == (1, "")
