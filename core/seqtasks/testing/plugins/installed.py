"""An installed distribution with its plugins, to be checked."""

from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path

from seqtasks.errors import UsageError, did_you_mean
from seqtasks.hookspecs import ENTRY_POINT_GROUP
from seqtasks.registry.discovery import Entry, Plugin, current_registry
from seqtasks.registry.plugin_imports import OWN_DISTRIBUTION
from seqtasks.testing.plugins.probe import Probe, probe
from seqtasks.trust.distributions import installed

__all__ = ["InstalledPlugin", "find_plugin", "is_plugin"]


@dataclass(frozen=True)
class InstalledPlugin:
    """An installed distribution and its plugins, one for each entry point of the group.

    Attributes:
        distribution: the distribution.
        name: its name, or the name of the only plugin of it that is to be checked.
        points: the entry points of the plugins to be checked.
    """

    distribution: Distribution
    name: str
    points: tuple[EntryPoint, ...]

    @cached_property
    def plugins(self) -> list[Plugin]:
        """What the registry found of these plugins."""
        names = {point.name for point in self.points}
        return [
            plugin
            for plugin in current_registry().plugins
            if plugin.distribution == self.distribution.name and plugin.name in names
        ]

    @cached_property
    def entries(self) -> list[Entry]:
        """Everything that these plugins register, also what lost its name to another plugin."""
        names = {point.name for point in self.points}
        return [
            entry
            for entry in current_registry().registered
            if entry.distribution == self.distribution.name and entry.plugin in names
        ]

    @cached_property
    def probes(self) -> dict[str, Probe]:
        """What the import of each plugin does, by the plugin's name."""
        return {point.name: probe(point) for point in self.points}


def is_plugin(name: str) -> bool:
    """Say whether a name is the name of an installed distribution, or of a plugin."""
    return _plugin_named(name) is not None or installed(name) is not None


def find_plugin(name: str) -> InstalledPlugin:
    """Return an installed distribution with its plugins, or one plugin by its own name.

    Raises:
        UsageError: if neither is there, or a plugin is switched off.

    Example:
        >>> from seqtasks.testing.plugins.installed import find_plugin
        >>> [point.name for point in find_plugin("bits").points]
        ['bits']
    """
    plugin = _plugin_named(name)
    distribution = installed(name) if plugin is None else installed(plugin.distribution)
    if distribution is None:
        known = {one.distribution for one in current_registry().plugins} - {OWN_DISTRIBUTION}
        known |= {one.name for one in current_registry().plugins}
        here = Path(name).is_dir()
        nearest = "" if here else did_you_mean(name, sorted(known))
        raise UsageError(
            f"there is no distribution '{name}'.{nearest} A plugin is checked once it is "
            f"installed: pip install -e {name if here else 'FOLDER'}"
        )
    points = tuple(
        point
        for point in distribution.entry_points
        if point.group == ENTRY_POINT_GROUP and (plugin is None or point.name == plugin.name)
    )
    found = InstalledPlugin(distribution, name, points)
    off = [one.name for one in found.plugins if one.status == "disabled"]
    if off:
        raise UsageError(f"the plugin {off[0]} is switched off, so that it cannot be checked")
    return found


def _plugin_named(name: str) -> Plugin | None:
    """Return the plugin of a name, unless it is also the name of a distribution."""
    if installed(name) is not None:
        return None
    return next((one for one in current_registry().plugins if one.name == name), None)
