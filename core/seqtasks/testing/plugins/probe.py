"""Import a plugin in a process of its own, and return what its import did."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError

__all__ = ["Probe", "probe"]

_PROGRAM = Path(__file__).with_name("import_probe.py")
_QUICK = 0.1
"""Seconds. A slower import is measured again, because the machine may have been busy."""
_LONGEST = 60
"""The seconds after which an import is given up."""


@dataclass(frozen=True)
class Probe:
    """What the import of a plugin did in a process that had imported what every command does.

    Attributes:
        error: the error that its import or one of its hooks raised; empty for none.
        seconds: the processor time of the import and the hooks.
        modules: the packages that it imported, without its own, Python's and ours.
        seqtasks_modules: the packages of seqtasks that it imported.
        printed: what it wrote to stdout and stderr.
        changed: the settings of the process that it changed, in words.
        marked_hooks: the functions marked as hooks.
        unknown_hooks: of these, the ones that this seqtasks does not know.
        unmarked_hooks: functions with the name of a hook that are not marked.
        wrong_arguments: what is wrong with the arguments of a hook; empty for nothing.
        left_out: each thing that it registers wrongly, and why.
    """

    error: str
    seconds: float
    modules: tuple[str, ...]
    seqtasks_modules: tuple[str, ...]
    printed: str
    changed: tuple[str, ...]
    marked_hooks: tuple[str, ...]
    unknown_hooks: tuple[str, ...]
    unmarked_hooks: tuple[str, ...]
    wrong_arguments: str
    left_out: tuple[str, ...]


def probe(point: EntryPoint) -> Probe:
    """Return what the import of an entry point does.

    Raises:
        UsageError: if the process ends by itself, or does not end.
    """
    first = again = _found(point)
    changed = list(first.get("changed", ()))
    state = first.get("numpy_state", "")
    if "torch" not in first["modules"] and (state or first["seconds"] > _QUICK):
        again = _found(point)
    if state and state == again.get("numpy_state"):  # in a new process it is another one
        changed.append("NumPy's random state")
    listed = {
        name: tuple(first.get(name, ()))
        for name in (
            "modules",
            "seqtasks_modules",
            "marked_hooks",
            "unknown_hooks",
            "unmarked_hooks",
            "left_out",
        )
    }
    return Probe(
        error=first["error"],
        seconds=min(first["seconds"], again["seconds"]),
        printed=first["printed"],
        changed=tuple(changed),
        wrong_arguments=first.get("wrong_arguments", ""),
        **listed,
    )


def _found(point: EntryPoint) -> dict[str, Any]:
    """Return what one import did, as the program wrote it, and what the process printed."""
    here = os.path.realpath(os.curdir)
    places = [place for place in sys.path if place and os.path.realpath(place) != here]
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    with tempfile.TemporaryDirectory(prefix="seqtasks-") as folder:
        file = Path(folder) / "found.json"
        command = [sys.executable, "-P", str(_PROGRAM), point.name, point.value, str(file)]
        try:
            done = subprocess.run(
                command,
                env=variables,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_LONGEST,
            )
        except subprocess.TimeoutExpired:
            raise UsageError(f"the import of {point.value} did not end in {_LONGEST} s") from None
        if not file.exists():
            last = (done.stderr.strip().splitlines() or ["no output"])[-1]
            ended = f"ended the process with code {done.returncode}"
            raise UsageError(f"the import of {point.value} {ended}: {last}")
        return {
            **json.loads(file.read_text(encoding="utf-8")),
            "printed": done.stdout + done.stderr,
        }
