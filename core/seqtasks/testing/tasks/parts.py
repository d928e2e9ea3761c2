"""Checks of what a task says of itself."""

import inspect

from seqtasks.authoring.recommended_settings import settings_mistakes
from seqtasks.registry.find import task as find_task
from seqtasks.tasks.task import Task
from seqtasks.testing.check import CheckFailedError

__all__ = ["has_docstring", "names_its_source", "says_what_it_is", "settings_can_be_used"]

_SOURCE = "Source: "
"""How a paragraph of a docstring begins that names the source."""


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


def names_its_source(task: Task) -> str:
    """The task names the paper or the text with its definition, or says "our own"."""
    if task.source.strip():
        return task.source
    for cls in type(task).__mro__:
        for paragraph in (inspect.cleandoc(cls.__doc__ or "")).split("\n\n"):
            if paragraph.startswith(_SOURCE):
                return " ".join(paragraph.removeprefix(_SOURCE).split())
    raise CheckFailedError(
        f"{type(task).__name__} does not say where its definition is from: write "
        '`source = "A. Author, Title, Year"`, or `source = "our own"`'
    )


def settings_can_be_used(task: Task) -> str:
    """The settings that the task recommends can be used: lengths, cell, optimiser, schedules."""
    mistakes = settings_mistakes(task)
    if mistakes:
        raise CheckFailedError("; ".join(mistakes))
    settings = task.settings
    return f"cell {settings.cell}, length {settings.length}"
