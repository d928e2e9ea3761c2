"""Checks of what the import of a plugin does, tried in a process of its own."""

from collections.abc import Iterator

from seqtasks import __version__
from seqtasks.errors import counted
from seqtasks.hookspecs import ENTRY_POINT_GROUP
from seqtasks.registry.plugin_imports import NEEDS
from seqtasks.testing.check import CheckFailedError, NotApplicable
from seqtasks.testing.plugins.installed import InstalledPlugin
from seqtasks.testing.plugins.probe import Probe

__all__ = [
    "can_be_imported",
    "changes_no_settings",
    "has_an_entry_point",
    "hooks_are_known",
    "imports_no_torch",
    "imports_quickly",
    "prints_nothing",
    "registers_rightly",
]

_LONGEST_IMPORT = 0.5
"""Seconds of processor time. Every command waits for the import of every plugin."""
_MOST_SHOWN = 200


def has_an_entry_point(plugin: InstalledPlugin) -> str:
    """The distribution has an entry point of the group `seqtasks`, by which it is found."""
    if not plugin.points:
        raise CheckFailedError(
            f"{plugin.distribution.name} has no entry point of the group {ENTRY_POINT_GROUP}: "
            f"write [project.entry-points.{ENTRY_POINT_GROUP}] into its pyproject.toml, below it "
            'NAME = "PACKAGE", and install it again'
        )
    return ", ".join(f"{point.name} = {point.value}" for point in plugin.points)


def can_be_imported(plugin: InstalledPlugin) -> str:
    """Its module can be imported, and its hooks called."""
    for name, found in _each(plugin):
        if found.error:
            raise CheckFailedError(
                f"plugin {name} raises {found.error}; seqtasks would set the plugin aside"
            )
    for one in plugin.plugins:
        found = plugin.probes[one.name]
        told_elsewhere = (
            found.unknown_hooks
            or found.unmarked_hooks
            or found.wrong_arguments
            or not found.marked_hooks
        )
        if one.status == "set aside" and not told_elsewhere:
            if one.problem.startswith(NEEDS):
                raise NotApplicable(f"it is not imported: {one.problem}")
            raise CheckFailedError(f"plugin {one.name} is set aside: {one.problem}")
    return counted(len(plugin.points), "plugin")


def hooks_are_known(plugin: InstalledPlugin) -> str:
    """Each hook has a name and arguments that this seqtasks knows, and is marked as a hook."""
    names: list[str] = []
    for name, found in _each(plugin):
        if found.unknown_hooks:
            raise CheckFailedError(
                f"plugin {name} defines {found.unknown_hooks[0]}, which seqtasks {__version__} "
                "does not know: correct the name, or require the version that knows it"
            )
        if found.unmarked_hooks:
            raise CheckFailedError(
                f"plugin {name} defines {found.unmarked_hooks[0]} without @seqtasks.hookimpl above "
                "it, so that it is never called"
            )
        if not found.marked_hooks:
            raise CheckFailedError(
                f"plugin {name} gives nothing: mark a hook, such as register_tasks, with "
                "@seqtasks.hookimpl"
            )
        if found.wrong_arguments:
            raise CheckFailedError(f"plugin {name}: {found.wrong_arguments}")
        names += found.marked_hooks
    return ", ".join(dict.fromkeys(names))


def imports_no_torch(plugin: InstalledPlugin) -> str:
    """Its module does not import torch, which `seqtasks list` would then wait for."""
    for name, found in _each(plugin):
        if "torch" in found.modules:
            raise CheckFailedError(
                f"the module of plugin {name} imports torch: register each thing by a lazy target, "
                '"module:Class", and import torch only in that module'
            )
    brought = sorted({one for _, found in _each(plugin) for one in found.modules})
    ours = sorted({one for _, found in _each(plugin) for one in found.seqtasks_modules})
    return f"it brings in {', '.join([*brought, *ours])}" if brought or ours else "nothing else"


def imports_quickly(plugin: InstalledPlugin) -> str:
    """Its module is imported in at most half a second of processor time."""
    slowest = 0.0
    for name, found in _each(plugin):
        slowest = max(slowest, found.seconds)
        if found.seconds > _LONGEST_IMPORT:
            brought = ", ".join(found.modules) or "no other package"
            raise CheckFailedError(
                f"the import of plugin {name} takes {found.seconds:.2f} s of processor time, and "
                f"brings in {brought}: every command waits for it. Move it into the modules of "
                "lazy targets"
            )
    return f"{1000 * slowest:.0f} ms"


def prints_nothing(plugin: InstalledPlugin) -> str:
    """Its import prints nothing."""
    for name, found in _each(plugin):
        if found.printed:
            first = found.printed.strip().splitlines() or [""]
            raise CheckFailedError(
                f"the import of plugin {name} prints {first[0][:_MOST_SHOWN]!r}: every command "
                "would print it"
            )
    return ""


def changes_no_settings(plugin: InstalledPlugin) -> str:
    """Its import leaves the process as it was: folder, variables, signals, random states."""
    for name, found in _each(plugin):
        if found.changed:
            raise CheckFailedError(
                f"the import of plugin {name} changes {'; '.join(found.changed)}: every command "
                "and every run would then be another one"
            )
    return ""


def registers_rightly(plugin: InstalledPlugin) -> str:
    """Each thing that it registers has a name, a target and texts that can be registered."""
    for name, found in _each(plugin):
        if found.left_out:
            raise CheckFailedError(f"plugin {name}: {found.left_out[0]}")
    kinds: dict[str, int] = {}
    for entry in plugin.entries:
        kinds[entry.kind] = kinds.get(entry.kind, 0) + 1
    if not kinds:
        raise NotApplicable("it registers nothing; it may observe runs")
    return ", ".join(counted(number, kind) for kind, number in kinds.items())


def _each(plugin: InstalledPlugin) -> Iterator[tuple[str, Probe]]:
    yield from plugin.probes.items()
