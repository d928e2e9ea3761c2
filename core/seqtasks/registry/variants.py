"""List the tasks that one spec leaves open, one for each combination of choices."""

import itertools
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Literal, get_args, get_origin

from seqtasks.errors import UsageError
from seqtasks.registry.find import find
from seqtasks.registry.find import task as find_task
from seqtasks.specs.bind import parameters_of
from seqtasks.specs.grammar import format_value
from seqtasks.tasks import Task

__all__ = ["task_choices"]


def task_choices(text: str) -> dict[str, Task]:
    """Return the tasks that a spec string leaves open, by the full spec of each.

    A task varies in the parameters that have only a few values: one of several words or numbers,
    such as a language's `mode`, or true or false. A parameter that the spec sets stays as it is.
    The result has all combinations of the others that make a task. A parameter is left out if only
    its default goes with the others.

    Raises:
        UsageError: if the spec names no task.

    Example:
        >>> from seqtasks.registry.variants import task_choices
        >>> list(task_choices("mqar:pairs=2")), list(task_choices("parity"))
        (['mqar:pairs=2,random_filler=true', 'mqar:pairs=2,random_filler=false'], ['parity'])
    """
    made = find_task(text)
    found = find("task", text, Task)
    if isinstance(found.target, Task):
        return {text: made}
    few = [
        parameter
        for parameter in parameters_of(found.target)
        if parameter.name not in found.parameters and _values(parameter.type)
    ]
    parts = {one.name: [format_value(value) for value in _values(one.type)] for one in few}
    usual = {one.name: format_value(one.default) for one in few}
    if not parts:
        return {text: made}
    before = text + ("," if found.spec.parameters else ":")
    fitting: dict[tuple[str, ...], Task] = {}
    for values in itertools.product(*parts.values()):
        with suppress(UsageError):  # some values do not go together
            fitting[values] = find_task(
                before + ",".join(map("=".join, zip(parts, values, strict=True)))
            )
    choices: dict[str, Task] = {}
    for values, task in fitting.items():
        said = [
            f"{name}={value}"
            for place, (name, value) in enumerate(zip(parts, values, strict=True))
            if value != usual[name] or _varies(place, values, fitting)
        ]
        choices[before + ",".join(said) if said else text] = task
    return choices


def _varies(place: int, values: tuple[str, ...], fitting: Iterable[tuple[str, ...]]) -> bool:
    """Say whether a parameter can take another value, with all others unchanged."""
    rest = (*values[:place], *values[place + 1 :])
    others = (other for other in fitting if other != values)
    return any((*other[:place], *other[place + 1 :]) == rest for other in others)


def _values(kind: Any) -> tuple[Any, ...]:
    """Return the values of a type that has only a few, and none for any other type."""
    if kind is bool:
        return (True, False)
    return get_args(kind) if get_origin(kind) is Literal else ()
