"""Checks of what others do with a task: copy it, pickle it, write it down, open it elsewhere."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from seqtasks.errors import SeqtasksError, UsageError, one_line
from seqtasks.registry.references import describe
from seqtasks.specs.bind import bind
from seqtasks.specs.grammar import format_spec, parse_spec
from seqtasks.tasks.mistakes import parameter_mistake
from seqtasks.tasks.task import Task
from seqtasks.testing.check import CheckFailedError
from seqtasks.testing.tasks.samples import base_length, digest

__all__ = ["deep_copies", "parameters_round_trip", "pickles"]


def pickles(task: Task) -> str:
    """A task can be sent to another process: pickle makes a task that draws the same."""
    return _copied(
        task,
        "pickled",
        lambda one: pickle.loads(pickle.dumps(one)),
        "define its class at the top of a module, and keep no function, generator or open file in "
        "an attribute",
    )


def deep_copies(task: Task) -> str:
    """A task can be copied: `copy.deepcopy` makes a task that draws the same."""
    return _copied(
        task, "copied", copy.deepcopy, "keep no generator, lock or open file in an attribute"
    )


def _copied(task: Task, verb: str, copying: Callable[[Task], Task], remedy: str) -> str:
    try:
        made = copying(task)
    except Exception as error:
        raise CheckFailedError(
            f"task {task.known_as} cannot be {verb}: {one_line(error)}; {remedy}"
        ) from error
    lengths = [base_length(task)]
    if not isinstance(made, type(task)) or [*digest(made, lengths)] != [*digest(task, lengths)]:
        raise CheckFailedError(
            f"task {task.known_as}: the task that is {verb} draws or answers otherwise; {remedy}"
        )
    return f"the same instances of length {lengths[0]}"


def parameters_round_trip(task: Task) -> str:
    """The parameters are recorded for good: a spec string that has them makes the same task."""
    if (mistake := parameter_mistake(task)) is not None:
        raise CheckFailedError(mistake)
    describe(task, "task", complete=True)  # refuses parameters that cannot be recorded
    cls = type(task)
    names = [one.name for one in fields(task) if one.init] if is_dataclass(task) else []
    values = {name: getattr(task, name) for name in names}
    text = format_spec(_plain_name(task), values)
    try:
        made = cls(**bind(parse_spec(text, modules=False), cls))
    except SeqtasksError as error:
        raise CheckFailedError(
            f"the spec string of task {task.known_as} cannot be read back: {error}\n"
            "Let parameters be numbers, words, true or false, or lists of these; write alphabets "
            "without an annotation, so that they are no parameters"
        ) from error
    for name, value in values.items():
        if not _equal(getattr(made, name), value):
            raise CheckFailedError(
                f"the spec string {text} makes {name}={getattr(made, name)!r} where {value!r} is "
                f"written: keep {name} as it is given, and compute from it elsewhere"
            )
    lengths = [base_length(task)]
    if [*digest(made, lengths)] != [*digest(task, lengths)]:
        raise CheckFailedError(
            f"the spec string {text} makes a task that draws or answers otherwise, though its "
            "parameters are the same: let nothing but the parameters decide"
        )
    return text


def _plain_name(task: Task) -> str:
    return task.registered_name or "".join(c for c in type(task).__name__ if c.isalnum())


def _equal(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    try:
        return bool(np.all(one == other))
    except (ValueError, UsageError):
        return repr(one) == repr(other)
