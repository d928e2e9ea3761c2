"""Checks of what a task says of itself."""

from seqtasks.registry.find import task as find_task
from seqtasks.tasks.task import Task
from seqtasks.testing.check import CheckFailedError

__all__ = ["has_docstring", "says_what_it_is"]


def has_docstring(task: Task) -> str:
    """The docstring of the class says what the task asks for."""
    text = (type(task).__doc__ or "").strip()
    if not text or text.startswith(f"{type(task).__name__}("):  # a dataclass writes its own
        raise CheckFailedError(
            f"{type(task).__name__} has no docstring: say below `class {type(task).__name__}` in "
            "one sentence what the right answer is; `seqtasks show` prints it"
        )
    return text.splitlines()[0]


def says_what_it_is(task: Task) -> str:
    """The alphabets, the layout, the lengths, the metrics and the settings are of their kinds."""
    find_task(task)
    return f"layout {task.layout}, {task.lengths.describe()}"
