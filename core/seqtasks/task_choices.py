"""The several tasks that one spec stands for: a task in each of the ways it leaves open."""

import itertools
from contextlib import suppress
from typing import Any, Literal, get_args, get_origin

from seqtasks.binding import parameters_of
from seqtasks.errors import UsageError
from seqtasks.lookup import find
from seqtasks.lookup import task as find_task
from seqtasks.spec import format_value
from seqtasks.tasks import Task

__all__ = ["task_choices"]


def task_choices(text: str) -> dict[str, Task]:
    """Return a task in each of its ways that a spec string leaves open, by the spec of each.

    A way is a value of a parameter that has but a few: one of several words or numbers, such as a
    language's `mode`, or true or false. What the spec says itself stays so. Where there are several
    such parameters, these are all combinations of which a task can be made.

    Raises:
        UsageError: if there is no such task.

    Example:
        >>> from seqtasks.task_choices import task_choices
        >>> list(task_choices("dyck:kinds=3")), list(task_choices("parity"))
        (['dyck:kinds=3,mode=recognise', 'dyck:kinds=3,mode=predict'], ['parity'])
    """
    made = find_task(text)
    found = find("task", text, Task)
    if isinstance(found.target, Task):
        return {text: made}
    parts = [
        [f"{parameter.name}={format_value(value)}" for value in _values(parameter.type)]
        for parameter in parameters_of(found.target)
        if parameter.name not in found.parameters and _values(parameter.type)
    ]
    if not parts:
        return {text: made}
    before = text + ("," if found.spec.parameters else ":")
    choices: dict[str, Task] = {}
    for chosen in itertools.product(*parts):
        spec = before + ",".join(chosen)
        with suppress(UsageError):  # two values may not go together
            choices[spec] = find_task(spec)
    return choices


def _values(kind: Any) -> tuple[Any, ...]:
    """Return the values of a type that has but a few, and none of any other."""
    if kind is bool:
        return (True, False)
    return get_args(kind) if get_origin(kind) is Literal else ()
