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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        in_plugin: whether a plugin lacks torch when it is imported, and not the task's module.
    """

    digests: list[str]
    error: str | None = None
    lacks_torch: bool = False
    in_plugin: bool = False


_Key = tuple[int, bool]
"""The number of a process, and whether it may import torch."""
_processes: dict[_Key, tuple[Any, subprocess.Popen[str]]] = {}
"""The surroundings in which each process was started, and the process."""


def ask(number: int, request: dict[str, Any], torch: bool = False) -> Answer:
    """Return the answer of a process to a request.

    Args:
        number: which process, below `PROCESSES`; two of one number hash text in the same way.
        request: the `reference` of the task, and the `lengths`.
        torch: whether the process may import torch.

    Raises:
        CheckFailedError: if the process ends or does not answer in a minute.
    """
    for one in range(number if torch else PROCESSES):  # they start at the same time
        _started((one, torch))
    process = _started((number, torch))
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], _SECONDS)
        line = process.stdout.readline() if ready else ""
    except OSError:
        line = ""
    if not line:
        _end((number, torch))
        raise CheckFailedError(
            f"another process that makes the task ended or did not answer within {_SECONDS} s"
        )
    return Answer(**json.loads(line))


def _started(key: _Key) -> subprocess.Popen[str]:
    """Return a running process; it is started anew if the folder or the path has changed."""
    surroundings = str(Path.cwd()), tuple(sys.path), os.environ.get("SEQTASKS_DISABLE_PLUGINS")
    if key in _processes:
        kept, process = _processes[key]
        if kept == surroundings and process.poll() is None:
            return process
        _end(key)
    places = os.pathsep.join(place or str(Path.cwd()) for place in sys.path)
    number, torch = key
    process = subprocess.Popen(
        [sys.executable, "-c", _CODE, str(int(torch))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": places, "PYTHONHASHSEED": str(1 + number)},
        text=True,
    )
    _processes[key] = surroundings, process
    return process


@atexit.register
def _end_all() -> None:
    for key in list(_processes):
        _end(key)


def _end(key: _Key) -> None:
    _, process = _processes.pop(key)
    process.kill()
    process.communicate()
