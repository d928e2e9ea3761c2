"""List the runs and studies in a folder, and how far each has come."""

import errno
import gc
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seqtasks.runs.listed_run import summary_of_run
from seqtasks.runs.listed_study import summary_of_study

__all__ = ["list_runs"]


def list_runs(folder: Path) -> list[dict[str, Any]]:
    """Return a summary of each run and each study in a folder, by name.

    A summary has name, path, kind (`run` or `study`), task, cell, seed, status (running, finished,
    unfinished, damaged), step, steps and settings, the other fields of its experiment. A finished
    run's also has parameters, seconds, stopped, solved and scores. For a run that is not running,
    the step is the one from which it would continue. If a run is damaged or its log is incomplete,
    `problem` says so.

    A study's summary has its face and, in place of seed and step, the runs that were asked for and
    done, and the share that solved the task; of settings, those that all its runs have in common.

    Only what is listed is read: of a log, the number of its lines, and of results and records the
    fields above. `seqtasks runs show` reads everything.
    """
    prefix, names = str(folder / "x")[:-1], _names(folder)
    names.sort(key=_natural)
    with _no_garbage():
        found = [_summary(f"{prefix}{name}", name) for name in names]
    return [summary for summary in found if summary is not None]


def _names(folder: Path) -> list[str]:
    """Return the names of the folders in a folder, and of links, which may lead to folders."""
    try:
        with os.scandir(folder) as entries:
            return [
                entry.name
                for entry in entries
                if entry.name[0] != "."
                and (entry.is_dir(follow_symlinks=False) or entry.is_symlink())
            ]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _summary(path: str, name: str) -> dict[str, Any] | None:
    """Return the summary of a folder, or None if it holds neither a run nor a study."""
    found = summary_of_run(path, name)
    if found is not None:
        return found
    return summary_of_study(path, name) if _exists(f"{path}/study.json") else None


def _exists(path: str) -> bool:
    try:
        os.stat(path)  # noqa: PTH116 - a Path takes longer to make
    except OSError as error:
        return error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
    return True


@contextmanager
def _no_garbage() -> Generator[None, None, None]:
    """Look for no garbage meanwhile: what is read holds no cycles, and there is much of it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _natural(name: str) -> tuple[str, int]:
    stem, _, number = name.rpartition("-")
    return (stem, int(number)) if number.isdecimal() and len(number) < 20 else (name, 0)
