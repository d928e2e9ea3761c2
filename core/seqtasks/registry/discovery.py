"""Discover plugins and look up what they register; set a broken plugin aside."""

import importlib
import logging
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import Any

import pluggy

from seqtasks import __version__, hookspecs
from seqtasks.errors import UsageError, did_you_mean, one_line
from seqtasks.registry.plugin_imports import (
    OWN_DISTRIBUTION,
    check_marked,
    check_required_version,
    importing,
)
from seqtasks.registry.process_settings import warn_of_replaced
from seqtasks.registry.registrations import KINDS, Entry, Kind, Plugin, collector

__all__ = [
    "EVERY",
    "KINDS",
    "THIRD_PARTY",
    "Entry",
    "Kind",
    "Plugin",
    "Registry",
    "current_registry",
    "use_registry",
]

logger = logging.getLogger("seqtasks")
DISABLE_VARIABLE = "SEQTASKS_DISABLE_PLUGINS"
EVERY, THIRD_PARTY = "all", "third-party"
"""Words that switch off all plugins but `builtin` (the commands), or all of others."""
MOST_NAMED = 12
"""The most known names in a message; more would hide the message."""


class Registry:
    """The things that the installed plugins offer.

    Attributes:
        plugins: every plugin found, the built-in ones first, then by distribution name.
        registered: every entry of every plugin in use, also one that lost its name to another.
        warnings: one line for each plugin set aside, each thing registered wrongly and each entry
            that lost its name to another.
    """

    def __init__(self, disabled: Iterable[str] = ()) -> None:
        self.plugins: list[Plugin] = []
        self.registered: list[Entry] = []
        self.warnings: list[str] = []
        self.hooks = pluggy.PluginManager("seqtasks")
        self.hooks.add_hookspecs(hookspecs)
        self._entries: dict[Kind, dict[str, Entry]] = {kind: {} for kind in KINDS}
        self._disabled = set(disabled)
        for point, distribution in _discover():
            self._add(point, distribution)

    def entries(self, kind: Kind) -> list[Entry]:
        """Return the entries of one kind, by name."""
        return [entry for _, entry in sorted(self._entries[kind].items())]

    def names(self, kind: Kind) -> list[str]:
        """Return the names of one kind, sorted."""
        return sorted(self._entries[kind])

    def get(self, kind: Kind, name: str) -> Entry | None:
        """Return the entry with a name, or None.

        If several plugins register the name, it is the built-in one, or else the first by the name
        of its distribution. `PLUGIN/name` says whose entry is meant; a distribution's name may
        stand for the plugin's.
        """
        plugin, slash, bare = name.partition("/")
        if not slash:
            return self._entries[kind].get(name)
        return next((one for one in self._of(plugin, kind) if one.name == bare), None)

    def others(self, entry: Entry) -> list[Entry]:
        """Return the entries of other plugins that have the name of this one."""
        return [
            one
            for one in self.registered
            if (one.kind, one.name) == (entry.kind, entry.name)
            and (one.plugin, one.distribution) != (entry.plugin, entry.distribution)
        ]

    def entry(self, kind: Kind, name: str) -> Entry:
        """Return the entry with a name.

        Raises:
            UsageError: for an unknown name; it suggests the nearest known one.
        """
        if entry := self.get(kind, name):
            return entry
        raise UsageError(self.unknown(name, kind))

    def unknown(self, name: str, *kinds: Kind) -> str:
        """Return the message for a name that is unknown in all of the kinds."""
        known = sorted({known for kind in kinds for known in self.names(kind)})
        plugin, slash, bare = name.partition("/")
        if slash and bare:
            theirs = {one.name for kind in kinds for one in self._of(plugin, kind)}
            known = [f"{plugin}/{one}" for one in sorted(theirs)] or known
        suggestion = did_you_mean(name, known)
        if not suggestion:
            suggestion = f" Known: {', '.join(known) or 'none'}."
            if len(known) > MOST_NAMED and kinds != ("command",):  # which `list` does not show
                suggestion = f" `seqtasks list` shows the {len(known)} there are."
        aside = [f"{p.name} ({p.problem})" for p in self.plugins if p.status == "set aside"]
        disabled = [p.name for p in self.plugins if p.status == "disabled"]
        if aside:
            suggestion += f" Plugins set aside: {'; '.join(aside)}."
        if disabled:
            suggestion += f" Plugins switched off: {', '.join(disabled)}."
        listed = " or ".join([", ".join(kinds[:-1]), kinds[-1]] if kinds[1:] else kinds)
        return f"unknown {listed} '{name}'.{suggestion}"

    def load(self, entry: Entry) -> Any:
        """Return the object of an entry, importing it if it is lazy.

        Raises:
            UsageError: if a lazy target cannot be imported.
        """
        if not isinstance(entry.target, str):
            return entry.target
        module, _, attribute = entry.target.partition(":")
        there = vars(sys.modules.get(module, object))
        if attribute in there:  # nothing is imported, so nothing needs to be put back
            return there[attribute]
        title = f"{entry.kind} '{entry.name}' of plugin {entry.plugin} ({entry.distribution})"
        try:
            known = entry.distribution == OWN_DISTRIBUTION or module in sys.modules
            with importing(title, entry.plugin, ours=known):
                value: Any = importlib.import_module(module)
                for part in attribute.split("."):
                    value = getattr(value, part)
            if not known:
                warn_of_replaced(title, module.partition(".")[0])
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # foreign code may raise anything at import
            raise UsageError(
                f"{title} cannot be loaded from '{entry.target}': {one_line(error)}"
            ) from error
        return value

    def plugin_versions(self) -> dict[str, str]:
        """Return the versions of the distributions with plugins in use."""
        loaded = [plugin for plugin in self.plugins if plugin.status == "loaded"]
        return {plugin.distribution: plugin.version for plugin in loaded}

    def _add(self, point: EntryPoint, distribution: Distribution | None) -> None:
        name, version = _name_and_version(distribution)
        plugin = Plugin(point.name, name, version)
        self.plugins.append(plugin)
        words = {EVERY} if name == OWN_DISTRIBUTION else {EVERY, THIRD_PARTY}
        if name == OWN_DISTRIBUTION and point.name == "builtin":
            words = set[str]()
        if {point.name, *words} & self._disabled:
            plugin.status = "disabled"
            return
        try:
            if distribution is not None and name != OWN_DISTRIBUTION:
                check_required_version(distribution)
            start = time.perf_counter()
            with importing(plugin.title, plugin.name, ours=name == OWN_DISTRIBUTION):
                plugin.module = point.load()
                entries = self._register(plugin)
            plugin.seconds = time.perf_counter() - start
            if name != OWN_DISTRIBUTION:
                warn_of_replaced(plugin.title, point.module.partition(".")[0])
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # such as pytest's Skipped, or a panic of a Rust extension
            problem = _problem(error)
            plugin.status, plugin.problem, plugin.module = "set aside", problem, None
            plugin.left_out.clear()
            self.warnings.append(f"{plugin.title} is set aside: {problem}")
            return
        self.warnings += [
            f"{plugin.title} has one thing left out: {why}" for why in plugin.left_out
        ]
        self.registered += entries
        for entry in entries:
            self._claim(entry)

    def _register(self, plugin: Plugin) -> list[Entry]:
        """Register a module with pluggy and collect its entries, all of them or none."""
        registered = f"{plugin.distribution}:{plugin.name}"
        try:
            self.hooks.register(plugin.module, registered)
            callers = self.hooks.get_hookcallers(plugin.module) or []
            check_marked(plugin.module, [caller.name for caller in callers])
            for caller in callers:
                if not caller.has_spec():
                    raise UsageError(
                        f"it defines {caller.name}, which seqtasks {__version__} does not know "
                        "(it may need a newer seqtasks)"
                    )
            entries: list[Entry] = []
            for kind in KINDS:
                for implementation in self.hooks.hook.__dict__[f"register_{kind}s"].get_hookimpls():
                    if implementation.plugin is plugin.module:
                        implementation.function(collector(kind, plugin, entries))
        except BaseException:
            self.hooks.unregister(name=registered)
            raise
        for entry in entries:
            plugin.gives.setdefault(entry.kind, []).append(entry.name)
        plugin.observes = sorted(c.name for c in callers if c.name.startswith("run_"))
        return entries

    def _of(self, plugin: str, kind: Kind) -> list[Entry]:
        """Return what a plugin, or all plugins of a distribution, register of a kind."""
        return [
            one
            for one in self.registered
            if one.kind == kind and plugin in (one.plugin, one.distribution)
        ]

    def _claim(self, entry: Entry) -> None:
        holder = self._entries[entry.kind].setdefault(entry.name, entry)
        if holder is not entry:
            self.warnings.append(
                f"{entry.kind} '{entry.name}' of plugin {entry.plugin} of {entry.distribution} is "
                f"not used: {holder.plugin} of {holder.distribution} has that name"
                + ("" if entry.full_name == holder.full_name else f"; it is {entry.full_name}")
            )


def _discover() -> Iterator[tuple[EntryPoint, Distribution | None]]:
    """Yield the group's entry points, the built-in ones first, then by distribution name."""
    found: dict[tuple[str, str], tuple[EntryPoint, Distribution | None]] = {}
    for point in entry_points(group=hookspecs.ENTRY_POINT_GROUP):
        distribution = getattr(point, "dist", None)
        name, _ = _name_and_version(distribution)
        found.setdefault((name, point.name), (point, distribution))
    ordered = sorted(found, key=lambda key: (key[0] != OWN_DISTRIBUTION, key[0].lower(), key[1]))
    return iter([found[key] for key in ordered])


def _name_and_version(distribution: Distribution | None) -> tuple[str, str]:
    """Return a distribution's metadata, which may be missing or damaged."""
    unknown = ("unknown distribution", "unknown")
    if distribution is None:
        return unknown
    try:
        return distribution.name or unknown[0], distribution.version or unknown[1]
    except Exception:
        return unknown


def _problem(error: BaseException) -> str:
    if isinstance(error, UsageError | pluggy.PluginValidationError):
        return " ".join(str(error).split())
    return one_line(error)


_current: Registry | None = None
_making = threading.RLock()


def current_registry() -> Registry:
    """Return the registry in use. The first call makes it.

    The environment variable SEQTASKS_DISABLE_PLUGINS names plugins to leave out. `all` leaves out
    all plugins but `builtin`; `third-party` leaves out all plugins of other distributions.
    """
    if _current is None:
        with _making:
            return use_registry() if _current is None else _current
    return _current


def use_registry(disabled: Iterable[str] = ()) -> Registry:
    """Make a new registry without the named plugins, and put it into use."""
    global _current
    named = os.environ.get(DISABLE_VARIABLE, "").split(",")
    _current = Registry({name.strip() for name in named} | set(disabled) - {""})
    for warning in _current.warnings:
        logger.warning(warning)
    return _current
