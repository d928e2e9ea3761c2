"""Checks of what a plugin registers: its names, its targets and their docs."""

import inspect
from typing import Any

import click

from seqtasks.errors import counted
from seqtasks.experiments.find import registered_experiment
from seqtasks.registry.discovery import Entry, current_registry
from seqtasks.registry.fitting_classes import fits, wanted
from seqtasks.registry.references import base_class
from seqtasks.testing.check import CheckFailedError, NotApplicable
from seqtasks.testing.plugins.installed import InstalledPlugin

__all__ = ["each_thing_is_documented", "names_are_free", "targets_exist"]


def names_are_free(plugin: InstalledPlugin) -> str:
    """No other plugin, and nothing else of this one, has the name of a thing that it registers."""
    registry = current_registry()
    for entry in plugin.entries:
        for other in registry.registered:
            if other is entry or (other.kind, other.name) != (entry.kind, entry.name):
                continue
            holder = registry.get(entry.kind, entry.name)
            won = "that one is used" if holder is other else "this one is used"
            same = (other.plugin, other.distribution) == (entry.plugin, entry.distribution)
            if same:
                raise CheckFailedError(f"it registers the {entry.kind} '{entry.name}' twice")
            raise CheckFailedError(
                f"the {entry.kind} '{entry.name}' is also registered by plugin {other.plugin} of "
                f"{other.distribution}, and {won}: choose another name, such as "
                f"'{entry.plugin}-{entry.name}'"
            )
    for one in plugin.plugins:
        for other in registry.plugins:
            if other.name == one.name and other.distribution != one.distribution:
                raise CheckFailedError(
                    f"there is another plugin '{one.name}', of {other.distribution}: choose "
                    "another name for the entry point"
                )
    return counted(len(plugin.entries), "name")


def targets_exist(plugin: InstalledPlugin) -> str:
    """Each target can be imported, and is of the kind for which it is registered."""
    if not plugin.entries:
        raise NotApplicable("it registers nothing")
    for entry in plugin.entries:
        if entry.kind == "experiment":
            registered_experiment(entry)
            continue
        # torch is imported with the base class, before the import of the target is watched.
        base = None if entry.kind == "command" else base_class(entry.kind)
        target = current_registry().load(entry)
        if base is None:
            fitting, due = isinstance(target, click.Command), "a click command"
        else:
            due = wanted(base, entry.kind)
            fitting = fits(target, base, entry.kind)
            fitting = fitting or (entry.kind == "task" and isinstance(target, base))
        if not fitting:
            raise CheckFailedError(
                f"the {entry.kind} '{entry.name}' is not {due}: its target is {target!r:.100}"
            )
    return counted(len(plugin.entries), "target")


def each_thing_is_documented(plugin: InstalledPlugin) -> str:
    """Each thing has a summary for `seqtasks list`, and a docstring for `seqtasks show`."""
    if not plugin.entries:
        raise NotApplicable("it registers nothing")
    for entry in plugin.entries:
        if not entry.summary.strip():
            raise CheckFailedError(
                f"the {entry.kind} '{entry.name}' has no summary: register it with one, "
                f"register({entry.name!r}, target, 'a few words')"
            )
        if not _documentation(entry):
            where = "a docstring or help=" if entry.kind == "command" else "a docstring"
            raise CheckFailedError(
                f"the {entry.kind} '{entry.name}' has no documentation: give it {where}"
            )
    return counted(len(plugin.entries), "thing")


def _documentation(entry: Entry) -> str:
    """Return the text that says what a thing is."""
    if entry.kind == "experiment":
        return entry.summary
    target: Any = current_registry().load(entry)
    if isinstance(target, click.Command):
        return (target.help or "").strip()
    cls: type = target if inspect.isclass(target) else type(target)
    text = str(vars(cls).get("__doc__") or "").strip()
    return "" if text.startswith(f"{cls.__name__}(") else text  # a dataclass writes its own
