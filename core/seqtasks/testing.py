"""For the tests of a plugin: a trial of a task, and random streams to draw instances from."""

from seqtasks.errors import UsageError
from seqtasks.randomness.streams import stream
from seqtasks.tasks.mistakes import try_two_lengths
from seqtasks.tasks.task import Task

__all__ = ["check_task", "stream"]


def check_task(task: Task, length: int = 10) -> None:
    """Try a task at a length and at the next one that it can have, as a run does before it begins.

    Inputs must come from the generator that is given and from nothing else. The answer to an input
    must depend on that input alone, not on an earlier call or on the rest of the batch.

    Args:
        task: the task.
        length: of the inputs; the nearest one that the task can have is taken.

    Raises:
        UsageError: for what the task does wrong, with its name.

    Example:
        >>> import seqtasks as st
        >>> from seqtasks.testing import check_task
        >>> check_task(st.task("parity"))
    """
    if not isinstance(task, Task):
        kind = "a class" if isinstance(task, type) else f"an object of type {type(task).__name__}"
        raise UsageError(f"check_task tries a task, such as st.task('parity'), not {kind}")
    try_two_lengths(task, task.lengths.nearest(length))
