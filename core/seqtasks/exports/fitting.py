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
"""Instances that are kept whole are held as they are drawn and as they are written."""
TRIED = 4
"""Instances whose size stands for that of all."""


def check_memory(lengths: range, count: int, form: str) -> None:
    """Refuse an export that the memory cannot hold: JSON lines are written as they are drawn.

    Raises:
        UsageError: with what it would take.
    """
    check_instances_fit(1 if form == "jsonl" else count, lengths[-1], COPIES)


def check_disk(task: Task, lengths: range, count: int, form: str, folder: Path) -> None:
    """Refuse an export for which there is no room, by a few instances of the middle length.

    Args:
        task: what to draw from.
        lengths: of which each instance has one, each as likely.
        count: how many instances.
        form: the format.
        folder: where the export is to lie.

    Raises:
        UsageError: with what it would take.
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
            f"{as_gibibytes(needed)} GiB on the disk, there are {as_gibibytes(free)} free in "
            f"{folder}: choose fewer, shorter ones, or another folder"
        )
