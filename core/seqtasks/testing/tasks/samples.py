"""Instances to try a task on."""

from seqtasks.tasks.lengths import LengthRange
from seqtasks.tasks.task import Task

__all__ = ["ROWS", "base_length"]

ROWS = 32
"""How many instances most checks look at."""
_NEAR = 10


def base_length(task: Task) -> int:
    """Return a length at which a task is tried: a short one that its settings train on."""
    trained = task.lengths.within(LengthRange.parse(task.settings.length))
    wanted = min(trained, key=lambda one: abs(one - _NEAR), default=_NEAR)
    return task.lengths.nearest(wanted)
