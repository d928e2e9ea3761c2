"""Refuse an export that fits neither memory nor disk before it is drawn."""

import shutil
from pathlib import Path

from seqtasks.available_memory import as_gibibytes, check_instances_fit
from seqtasks.errors import UsageError, counted
from seqtasks.exports.formats import json_line
from seqtasks.exports.instances import Instance
from seqtasks.randomness.streams import stream
from seqtasks.tasks import Task

__all__ = ["check_disk", "check_memory"]

COPIES = 2
"""An instance that is kept whole is held twice: as it is drawn and as it is written."""
TRIED = 4
"""How many instances are drawn to estimate the size of all of them."""


def check_memory(lengths: range, count: int, form: str) -> None:
    """Refuse an export that does not fit in memory. JSON lines always fit: each is written at once.

    Raises:
        UsageError: saying how much memory it would take.
    """
    check_instances_fit(1 if form == "jsonl" else count, lengths[-1], COPIES)


def check_disk(task: Task, lengths: range, count: int, form: str, folder: Path) -> None:
    """Refuse an export that does not fit on the disk, judging by a few of middle length.

    Args:
        task: the task to draw from.
        lengths: the lengths; each instance has one of them, drawn uniformly.
        count: the number of instances.
        form: the format.
        folder: the folder that will hold the export.

    Raises:
        UsageError: saying how much space it would take.
    """
    middle = lengths[len(lengths) // 2]
    batch = task.batch(stream(0, "trial", middle), TRIED, middle)
    if form == "jsonl":
        rows = map(Instance, batch.inputs, batch.targets)
        tried = sum(len(json_line(task, row).encode()) + 1 for row in rows)
    else:
        tried = batch.inputs.nbytes + batch.targets.nbytes
    needed, free = tried * count // TRIED, shutil.disk_usage(folder).free
    if needed > free:
        raise UsageError(
            f"{counted(count, 'instance')} of {task.known_as} would take about "
            f"{as_gibibytes(needed)} GiB on the disk, and {as_gibibytes(free)} are free in "
            f"{folder}: choose fewer, shorter ones, or another folder"
        )
