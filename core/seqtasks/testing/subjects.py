"""From a name or an object to a thing that can be checked, its kind and the checks of the kind."""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from seqtasks.errors import UsageError
from seqtasks.registry.discovery import Kind as RegistryKind
from seqtasks.registry.discovery import current_registry
from seqtasks.registry.find import task as find_task
from seqtasks.registry.find import unchecked_task
from seqtasks.registry.user_files import WrongKindError
from seqtasks.specs.grammar import parse_spec
from seqtasks.tasks.task import Task
from seqtasks.testing.check import Check
from seqtasks.testing.module_checks import cell_checks, readout_checks
from seqtasks.testing.plugin_checks import plugin_checks
from seqtasks.testing.plugins.installed import InstalledPlugin, find_plugin, is_plugin
from seqtasks.testing.task_checks import task_checks

__all__ = ["KINDS", "Kind", "Subject", "find_subject", "kinds_of"]

Kind = Literal["task", "cell", "readout", "plugin"]
KINDS: tuple[Kind, ...] = get_args(Kind)


_PLUGIN_NAME = re.compile(r"seqtasks[-_.]\w[\w.-]*$")
"""How the distributions of most plugins are called."""


@dataclass(frozen=True)
class Subject:
    """A thing that can be checked.

    Attributes:
        kind: its kind.
        name: the name by which it was found.
        thing: what a check is given.
        checks: returns the checks of the thing.
    """

    kind: Kind
    name: str
    thing: Any
    checks: Callable[[], list[Check]]


def find_subject(thing: Any, kind: Kind | None = None) -> Subject:
    """Return what a spec string names, or what an object is, as a thing that can be checked.

    If a name stands for things of several kinds, the result is the first one of `KINDS`, unless
    `kind` says otherwise.

    Raises:
        UsageError: if there is no such thing, or it cannot be checked.
    """
    kinds = KINDS if kind is None else (kind,)
    if not isinstance(thing, str):
        found = next(filter(None, (_OBJECTS[one](thing) for one in kinds)), None)
        if found is None:
            name = thing.__name__ if isinstance(thing, type) else type(thing).__name__
            raise UsageError(f"there are no checks for {name}: give {', '.join(kinds)} or a name")
        return found
    if kind == "plugin":
        return _plugin(find_plugin(thing), thing)
    found = kinds_of(thing)
    errors: list[UsageError] = []
    for one in kinds:
        if one in found or kind is not None:
            try:
                return _NAMES[one](thing)
            except UsageError as error:
                errors.append(error)
    if not errors:
        registered: list[RegistryKind] = [one for one in kinds if one != "plugin"]
        if _PLUGIN_NAME.match(thing):
            return _plugin(find_plugin(thing), thing)  # which names the nearest distribution
        message = current_registry().unknown(parse_spec(thing).name, *registered)
        if Path(thing).is_dir():
            message += f" If it is a plugin, install it first: pip install -e {thing}"
        raise UsageError(message)
    # A thing that does not fit the parameters, or fails, is the one that the user meant.
    fitting = [error for error in errors if not isinstance(error, WrongKindError)] or errors
    raise next((error for error in fitting if "Did you mean" in str(error)), fitting[0])


def kinds_of(name: str) -> tuple[Kind, ...]:
    """Return the kinds of the things that a spec string may name.

    A file or a module may hold things of any kind; only finding one tells.
    """
    spec = parse_spec(name)
    registered = spec.name if spec.is_registered else spec.module
    registry = current_registry()
    known: dict[Kind, bool] = {
        kind: bool(registered and registry.get(kind, registered))
        for kind in KINDS
        if kind != "plugin"
    }
    if not any(known.values()) and not spec.is_registered and not is_plugin(name):
        return tuple(known)
    known["plugin"] = not spec.parameters and is_plugin(name)
    return tuple(kind for kind, there in known.items() if there)


def _task(made: Task, name: str) -> Subject:
    return Subject("task", name, made, lambda: task_checks(made))


def _task_object(thing: Any) -> Subject | None:
    if isinstance(thing, Task):
        return _task(thing, thing.known_as)
    if isinstance(thing, type) and issubclass(thing, Task):
        return _task(find_task(thing), thing.__name__)
    return None


def _plugin(found: InstalledPlugin, name: str) -> Subject:
    return Subject("plugin", name, found, lambda: plugin_checks(found))


def _plugin_object(thing: Any) -> Subject | None:
    return _plugin(thing, thing.name) if isinstance(thing, InstalledPlugin) else None


def _module(kind: Literal["cell", "readout"], thing: Any) -> Subject:
    """Return a cell or a readout. This imports torch."""
    from seqtasks.testing.modules.found import specimen_of

    specimen = specimen_of(kind, thing)
    checks = cell_checks if kind == "cell" else readout_checks
    return Subject(kind, specimen.name, specimen, lambda: checks(specimen))


def _module_object(kind: Literal["cell", "readout"], thing: Any) -> Subject | None:
    if "torch" not in sys.modules:  # without it there are no cells
        return None
    from seqtasks.testing.modules.found import kind_of

    return _module(kind, thing) if kind_of(thing) == kind else None


_OBJECTS: dict[Kind, Callable[[Any], Subject | None]] = {
    "task": _task_object,
    "cell": lambda thing: _module_object("cell", thing),
    "readout": lambda thing: _module_object("readout", thing),
    "plugin": _plugin_object,
}
_NAMES: dict[Kind, Callable[[str], Subject]] = {
    "task": lambda name: _task(unchecked_task(name), name),
    "cell": lambda name: _module("cell", name),
    "readout": lambda name: _module("readout", name),
    "plugin": lambda name: _plugin(find_plugin(name), name),
}
