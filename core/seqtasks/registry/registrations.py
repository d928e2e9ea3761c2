"""The entries that a plugin registers, and the reasons why a thing cannot be registered."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["KINDS", "Entry", "Kind", "Plugin", "collector"]
Kind = Literal["task", "cell", "readout", "experiment", "command"]
KINDS: tuple[Kind, ...] = ("task", "cell", "readout", "experiment", "command")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Entry:
    """One registered thing: the thing or its location (`target`), and the plugin that names it."""

    kind: Kind
    name: str
    target: Any
    summary: str
    plugin: str
    distribution: str
    family: str = ""
    level: str = ""

    @property
    def full_name(self) -> str:
        """The name that says whose entry it is, such as `bits/parity`."""
        return f"{self.plugin}/{self.name}"


@dataclass
class Plugin:
    """A plugin found by its entry point, and its status.

    Attributes:
        gives: the names that it registers, by kind; another plugin may hold one of them.
        observes: the moments of a run that it sees.
        left_out: each thing that it registers wrongly, and why; its others are in use.
        seconds: the time that its import and its hooks took; None if it was not imported.
    """

    name: str
    distribution: str
    version: str
    status: Literal["loaded", "set aside", "disabled"] = "loaded"
    problem: str = ""
    module: Any = None
    gives: dict[Kind, list[str]] = field(default_factory=dict["Kind", list[str]])
    observes: list[str] = field(default_factory=list[str])
    left_out: list[str] = field(default_factory=list[str])
    seconds: float | None = None

    @property
    def title(self) -> str:
        """The plugin's name in messages."""
        return f"plugin {self.name} of {self.distribution}"


def collector(kind: Kind, plugin: Plugin, entries: list[Entry]) -> Callable[..., None]:
    """Return the function that a plugin's hook calls to register a thing of one kind."""

    def register(
        name: str, target: Any, summary: str = "", *, family: str = "", level: str = ""
    ) -> None:
        texts = {"summary": summary, "family": family, "level": level}
        if why := _why_not(kind, name, target, texts):
            plugin.left_out.append(why)
            return
        origin = plugin.name, plugin.distribution
        entries.append(Entry(kind, name, target, summary, *origin, family or plugin.name, level))

    return register


def _why_not(kind: Kind, name: Any, target: Any, texts: Mapping[str, Any]) -> str:
    """Return why a thing cannot be registered; empty if it can."""
    if not isinstance(name, str):
        return f"the name of a {kind} must be text, got {name!r}"
    if not _NAME.fullmatch(name):
        better = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_")
        advice = f", such as '{better}'" if better else ""
        return f"{name!r} cannot be the name of a {kind}: use letters, digits, '-' and '_'{advice}"
    for label, text in texts.items():
        if not isinstance(text, str):
            return f"the {label} of {kind} '{name}' must be text, got {text!r}"
    if isinstance(target, str) and not all(target.partition(":")):
        return (
            f"the target of {kind} '{name}' must be an object or 'module:attribute', got {target!r}"
        )
    return ""
