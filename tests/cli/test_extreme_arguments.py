"""Whatever is asked for beyond reason ends soon, in little memory, with a line or two."""

import os
import re
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from command_line import CommandLine, Process
from extremes import RUN, argument_lists

SECONDS = 20.0
"""The time in which a command must end, or say something."""
DEAFNESS = 2.0
"""The time in which a command that goes on must end once it is told to."""
MEGABYTES = 2048
MOST_LINES = 4
"""Two of an error, and what may have been warned of before."""
MOST_CHARACTERS = 2000
QUICK_OF = 23
"""The quick suite tries every 23rd argument list."""


def shown(arguments: list[str]) -> str:
    """Return argument lists as short identifiers."""
    return re.sub(r"[^ -~]", "?", " ".join(arguments))[:60]


EVERY = argument_lists()
CASES = [
    pytest.param(
        arguments,
        id=f"{number}: {shown(arguments)}",
        marks=() if number % QUICK_OF == 0 else pytest.mark.slow,
    )
    for number, arguments in enumerate(EVERY)
]


def load_factor() -> float:
    """Return how much longer things take while others want the processors too."""
    return max(1.0, os.getloadavg()[0] / len(os.sched_getaffinity(0)))


def memory(process: Process) -> int:
    """Return the largest memory that a process has had so far, in megabytes; 0 if it has ended."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        return 0
    peak = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(peak[1]) // 1024 if peak else 0


def watched(process: Process) -> SimpleNamespace:
    """Wait for a process; end it, as a user would, where it says nothing for too long."""
    most, heard, began, told = 0, 0, time.monotonic(), None
    last = began
    factor = load_factor()
    while process.running():
        most = max(most, memory(process))
        now = time.monotonic()
        size = process.said()
        if size != heard:
            heard, last = size, now
        if told is None and (now - began > SECONDS * factor or most > MEGABYTES):
            told = now
            process.signal(15)
        if told is not None and now - told > DEAFNESS * factor:
            process.signal(9)
        time.sleep(0.002)
    # What it took at its very end no look has seen; the system knows it of a process that ended.
    most = max(most, process.megabytes or 0)
    silent = told is not None and told - last > SECONDS * factor * 0.9
    return SimpleNamespace(megabytes=most, silent=silent, seconds=time.monotonic() - began)


@pytest.mark.parametrize("arguments", CASES)
def test_an_extreme_argument_list_ends_soon_in_a_line_or_two(
    seqtasks: CommandLine, untrained: SimpleNamespace, arguments: list[str]
) -> None:
    if RUN in arguments:
        shutil.copytree(untrained.path, seqtasks.folder / RUN)
    process = seqtasks.start(*arguments)
    ended = watched(process)
    text = process.stderr
    told = (process.returncode, text[-2000:], process.stdout[-500:], ended)
    assert not ended.silent, told
    assert ended.megabytes <= MEGABYTES, told
    assert process.returncode in (0, 1, 2, 128 + 15, -15), told
    assert "Traceback" not in text + process.stdout, told
    if process.returncode in (1, 2):
        assert text.startswith(("Error: ", "Warning: ")), told
        assert len(text.splitlines()) <= MOST_LINES, told
        assert len(text) <= MOST_CHARACTERS, told
        assert "\x1b" not in text, told


def test_the_memory_of_a_command_is_seen_however_soon_it_ends(
    seqtasks: CommandLine, tmp_path: Path
) -> None:
    large = "held = bytearray(200 * 2**20)\nraise SystemExit(0)\n"
    (tmp_path / "mine.py").write_text(large)
    few = watched(seqtasks.start("list", "task"))
    many = watched(seqtasks.start("show", "./mine.py:Mine"))
    assert few.megabytes < 600
    assert few.megabytes + 190 < many.megabytes < MEGABYTES
