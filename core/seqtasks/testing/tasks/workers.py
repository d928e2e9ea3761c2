"""Other processes that make a task and draw from it, each with its own seed of text hashes.

A process is started when it is first needed, and then answers for one task after the other: to
start it takes longer than to ask it. Each line of its stdin is a request, and each line of its
stdout the answer. It ends when its stdin is closed.
"""

import atexit
import json
import os
import select
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqtasks.registry.discovery import DISABLE_VARIABLE
from seqtasks.testing.check import CheckFailedError

__all__ = ["PROCESSES", "Answer", "ask"]

PROCESSES = 4
"""How many processes there are. Two strings have the same order in all of them with 1 in 16."""
_SECONDS = 60
_CODE = "from seqtasks.testing.tasks.worker import main; main()"


@dataclass(frozen=True)
class Answer:
    """What another process found.

    Attributes:
        digests: a digest of instances at each length; none after an error.
        error: the error in one line, or None.
        lacks_torch: whether the error is that torch is missing there.
        not_there: whether the class of the task cannot be imported there.
        in_plugin: whether a plugin lacks torch when it is imported, and not the task's module.
    """

    digests: list[str]
    error: str | None = None
    lacks_torch: bool = False
    in_plugin: bool = False
    not_there: bool = False


_Key = tuple[int, bool]
"""The number of a process, and whether it may import torch."""
_asking = threading.Lock()
_processes: dict[_Key, tuple[int, subprocess.Popen[str]]] = {}
"""The process that started each process, and the process."""


def ask(number: int, request: dict[str, Any], torch: bool = False) -> Answer:
    """Return the answer of a process to a request.

    Args:
        number: which process, below `PROCESSES`; two of one number hash text in the same way.
        request: the `reference` of the task, and the `lengths`.
        torch: whether the process may import torch.

    Raises:
        CheckFailedError: if the process ends or does not answer in a minute.
    """
    with _asking:
        return _answer(number, request, torch)


def _answer(number: int, request: dict[str, Any], torch: bool) -> Answer:
    kept = (number, torch) in _processes
    for one in range(number if torch else PROCESSES):  # they start at the same time
        _started((one, torch))
    line = _line(_started((number, torch)), request)
    if not line and kept:  # it may have ended for being idle
        _end((number, torch))
        line = _line(_started((number, torch)), request)
    if not line:
        _end((number, torch))
        raise CheckFailedError(
            f"another process that makes the task ended or did not answer within {_SECONDS} s"
        )
    return Answer(**json.loads(line))


def _line(process: subprocess.Popen[str], request: dict[str, Any]) -> str:
    """Return the line that a process answers; empty if it ends or does not answer in time."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps({**_surroundings(), **request}) + "\n")
        process.stdin.flush()
    except OSError:
        return ""
    ready, _, _ = select.select([process.stdout], [], [], _SECONDS)
    return process.stdout.readline() if ready else ""


def _started(key: _Key) -> subprocess.Popen[str]:
    """Return a running process of ours. A fork does not use the processes of its parent."""
    if key in _processes:
        owner, process = _processes[key]
        if owner == os.getpid() and process.poll() is None:
            return process
        _end(key)
    number, torch = key
    places = os.pathsep.join(_surroundings()["path"])
    process = subprocess.Popen(
        [sys.executable, "-c", _CODE, str(int(torch))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": places, "PYTHONHASHSEED": str(1 + number)},
        text=True,
    )
    _processes[key] = os.getpid(), process
    return process


def _surroundings() -> dict[str, Any]:
    """Return what decides which task a name stands for."""
    folder = str(Path.cwd())
    return {
        "folder": folder,
        "path": [place or folder for place in sys.path],
        "disabled": os.environ.get(DISABLE_VARIABLE, ""),
    }


@atexit.register
def _end_all() -> None:
    for key in list(_processes):
        _end(key)


def _end(key: _Key) -> None:
    owner, process = _processes.pop(key)
    if owner == os.getpid():  # a fork must not end the processes of its parent
        process.kill()
        process.communicate()
