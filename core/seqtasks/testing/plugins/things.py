"""The checks of each task, cell and readout that a plugin brings, as one check a thing."""

from functools import partial
from typing import TYPE_CHECKING

from seqtasks.errors import counted
from seqtasks.registry.discovery import current_registry
from seqtasks.testing.check import Check, CheckFailedError, run_checks
from seqtasks.testing.plugins.installed import InstalledPlugin

if TYPE_CHECKING:
    from seqtasks.testing.subjects import Kind

__all__ = ["checks_of_things"]

_MOST_SHOWN = 300
_ONLY_TOLD = {"speed-is-measured"}
"""Checks that take seconds and promise nothing."""


def checks_of_things(plugin: InstalledPlugin, needs: tuple[str, ...]) -> list[Check]:
    """Return a check for each thing of a kind that has checks; `needs` must pass before."""
    from seqtasks.testing.subjects import KINDS  # which gives a plugin its checks

    registry = current_registry()
    made: dict[str, Check] = {}
    for entry in plugin.entries:
        for kind in KINDS:
            if kind != "plugin" and kind == entry.kind:
                used = registry.get(kind, entry.name) is entry
                function = partial(_passes, entry.name if used else entry.full_name, kind)
                name = f"{kind}-{entry.name}"
                promise = f"The {kind} `{entry.name}` keeps every promise of a {kind}."
                made.setdefault(name, Check(name, promise, function, needs))
    return list(made.values())


def _passes(name: str, kind: "Kind", plugin: InstalledPlugin) -> str:
    """Run the checks of a thing; raise one error that names those that failed."""
    from seqtasks.testing.subjects import find_subject

    subject = find_subject(name, kind)
    checks = [one for one in subject.checks() if one.name not in _ONLY_TOLD]
    outcomes = run_checks(subject.thing, checks)
    failed = [one for one in outcomes if one.status == "failed"]
    if failed:
        shown = "\n".join(f"{one.check.name}: {one.message[:_MOST_SHOWN]}" for one in failed)
        raise CheckFailedError(
            f"{len(failed)} of {counted(len(outcomes), 'check')} failed; `seqtasks check {name} "
            f"--kind {kind}` shows all\n{shown}"
        )
    passed = sum(one.status == "passed" for one in outcomes)
    skipped = len(outcomes) - passed
    return f"{passed} passed" + (f", {skipped} skipped" if skipped else "")
