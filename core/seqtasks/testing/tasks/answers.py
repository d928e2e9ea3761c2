"""Checks of `encode`."""

from seqtasks.errors import counted
from seqtasks.tasks.mistakes import check_rows_alone, check_same_answers, same_draws
from seqtasks.tasks.task import Task
from seqtasks.testing.tasks.samples import ROWS, base_length

__all__ = ["encode_is_pure", "rows_are_independent"]


def encode_is_pure(task: Task) -> str:
    """The same inputs have the same answers, however often they are encoded."""
    length = base_length(task)
    check_same_answers(task, same_draws(task, length, ROWS))
    return f"{counted(ROWS, 'input')} of length {length}"


def rows_are_independent(task: Task) -> str:
    """The answer to an input is the same whatever else is in the batch, and in any order."""
    length = base_length(task)
    check_rows_alone(task, same_draws(task, length, ROWS))
    return f"{counted(ROWS, 'input')} of length {length}: backwards, in halves, alone"
