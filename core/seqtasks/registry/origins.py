"""Record the plugin, distribution, version and definition of a task, cell or readout."""

import inspect
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.registry.definitions import definition_digest
from seqtasks.registry.discovery import Kind, current_registry
from seqtasks.registry.references import describe, named_class
from seqtasks.registry.user_files import class_from_file
from seqtasks.specs.grammar import parse_spec
from seqtasks.tasks import Task
from seqtasks.trust.distributions import installed, owner

__all__ = [
    "Origin",
    "held_distributions",
    "origin_of",
    "recorded_origin",
    "stated_version",
    "unknown_name",
]

_MOST_HELD = 500
"""The most distributions of a record to look up; each takes a search through folders."""

_KINDS: tuple[Kind, ...] = ("task", "cell", "readout")


@dataclass(frozen=True)
class Origin:
    """The origin of a thing. None stands for an unknown or inapplicable part.

    Attributes:
        name: the registered name; None for a class that no plugin registers.
        plugin: the plugin that registers it.
        distribution: the distribution that brings it; None for a user's file or program.
        version: the distribution's version.
        definition: the digest of its definition.
        stated_version: the version of the thing itself, as its author states it.
    """

    name: str | None = None
    plugin: str | None = None
    distribution: str | None = None
    version: str | None = None
    definition: str | None = None
    stated_version: int | None = None

    def to_json(self) -> dict[str, str | int | None]:
        """Return a run's record of the origin."""
        return asdict(self)

    def difference(self, now: "Origin") -> str | None:
        """Say how the thing differs now, or return None if it is the same."""
        if self.distribution != now.distribution:
            return f"came from {_told(self)} and now comes from {_told(now)}"
        stated = self.stated_version, now.stated_version
        if None not in stated and stated[0] != stated[1]:
            place = "" if self.distribution is None else f"of {_told(now)} "
            return f"{place}has version {stated[1]}, and had version {stated[0]} when the run began"
        if self.definition is not None and now.definition is not None:
            if self.definition == now.definition:
                return None
            if self.version != now.version:
                return f"of {_told(self)} has another definition in {_told(now)}"
            return f"{self._place()}has another definition than when the run began"
        if self.version != now.version:
            return f"of {_told(self)} may have another definition in {_told(now)}"
        return None

    def _place(self) -> str:
        return "" if self.distribution is None else f"of {_told(self)} "


def origin_of(thing: Any, kind: Kind) -> Origin:
    """Return the current origin of a thing that an experiment holds: spec, class or instance.

    Raises:
        UsageError: for an unknown name, or a file that cannot be read or executed.
    """
    if isinstance(thing, str):
        spec = parse_spec(thing)
        if spec.path is not None:
            cls = class_from_file(Path(spec.path), spec.name, _base(kind), kind)
            return Origin(definition=definition_digest(cls), stated_version=stated_version(cls))
        if spec.module is not None:
            thing = named_class(spec, kind)
    reference, source = describe(type(thing) if isinstance(thing, Task) else thing, kind)
    stated = stated_version(thing)
    if source is not None:
        return Origin(definition=definition_digest(thing), stated_version=stated)
    if isinstance(reference, str):
        registry = current_registry()
        entry = registry.entry(kind, parse_spec(reference).name)
        versions = {(one.name, one.distribution): one.version for one in registry.plugins}
        version = versions.get((entry.plugin, entry.distribution))
        target = registry.load(entry)
        digest, stated = definition_digest(target), stated_version(target)
        return Origin(entry.name, entry.plugin, entry.distribution, version, digest, stated)
    found = owner(str(getattr(thing, "__module__", type(thing).__module__)))
    digest = definition_digest(type(thing) if isinstance(thing, Task) else thing)
    if found is None:
        return Origin(definition=digest, stated_version=stated)
    return Origin(None, None, found.name, found.version, digest, stated)


def stated_version(thing: Any) -> int | None:
    """Return the version that the author of a class or an instance states, or None.

    Raises:
        UsageError: if it is no whole number from 1.
    """
    cls = thing if inspect.isclass(thing) else type(thing)
    found = getattr(cls, "version", None)
    if not _ours(cls) or "version" in getattr(cls, "__dataclass_fields__", ()):
        return None  # a parameter, or a word that is not ours
    if type(found) is not int or found < 1:
        raise UsageError(
            f"{cls.__name__}.version must be a whole number from 1, such as `version = 2`, got "
            f"{found!r}"
        )
    return found


def _ours(cls: type) -> bool:
    """Say whether a class is a task, a cell or a readout; imports no torch."""
    bases = {f"{base.__module__}.{base.__name__}" for base in cls.__mro__}
    ours = {"tasks.task.Task", "cells.base.Cell", "cells.base.Readout"}
    return bool(bases & {f"seqtasks.{name}" for name in ours})


def recorded_origin(record: Mapping[str, Any], kind: Kind) -> Origin | None:
    """Return the origin of a thing in a run's record, or None if the record lacks it."""
    things = record.get("things")
    found = things.get(kind) if isinstance(things, dict) else None
    if not isinstance(found, dict):
        return None
    names = ("name", "plugin", "distribution", "version", "definition")
    values = {name: found.get(name) for name in names}
    stated = found.get("stated_version")
    return Origin(
        **{k: v if isinstance(v, str) else None for k, v in values.items()},
        stated_version=stated if isinstance(stated, int) else None,
    )


def held_distributions(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the distributions in a record, with their versions."""
    versions = record.get("versions")
    plugins = versions.get("plugins") if isinstance(versions, dict) else None
    held = plugins if isinstance(plugins, dict) else {}
    few = islice(held.items(), _MOST_HELD)
    held = {name: version for name, version in few if isinstance(version, str)}
    for kind in _KINDS:
        origin = recorded_origin(record, kind)
        if origin is not None and origin.distribution and origin.version:
            held[origin.distribution] = origin.version
    return held


def unknown_name(kind: Kind, name: str, record: Mapping[str, Any]) -> str:
    """Return the message for a name in a record that no plugin registers any more."""
    origin = recorded_origin(record, kind)
    if origin is not None and origin.distribution is not None:
        came = f"{kind} '{name}' came from the distribution {_told(origin)}"
        now = installed(origin.distribution)
        if now is None:
            return f"{came}, which is not installed"
        for plugin in current_registry().plugins:
            same = (plugin.name, plugin.distribution) == (origin.plugin, origin.distribution)
            if same and plugin.status != "loaded":
                why = f": {plugin.problem}" if plugin.problem else ""
                return f"{came}, whose plugin {plugin.name} is {plugin.status}{why}"
        return f"{came}; the installed {now.name} {now.version} has no {kind} of that name"
    message = current_registry().unknown(name, kind)
    gone = [
        f"{one} {version}"
        for one, version in held_distributions(record).items()
        if installed(one) is None
    ]
    if gone:
        message += f" The run was made with {', '.join(gone)}, not installed now."
    return message


def _base(kind: Kind) -> type:
    if kind == "task":
        return Task
    from seqtasks.cells import Cell, Readout  # which imports torch

    return Cell if kind == "cell" else Readout


def _told(origin: Origin) -> str:
    if origin.distribution is None:
        return "a file or program of your own"
    return f"{origin.distribution} {origin.version or ''}".strip()
