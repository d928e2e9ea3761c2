"""`seqtasks list`: list names without importing the code of their things."""

from collections.abc import Mapping
from typing import Any, Literal

import click

from seqtasks.cli.output import echo_json, echo_table
from seqtasks.errors import UsageError, did_you_mean
from seqtasks.registry.discovery import (
    KINDS,
    Entry,
    Kind,
    Registry,
    current_registry,
)

__all__ = ["list_names"]

_KINDS: dict[str, Kind] = {f"{kind}s": kind for kind in KINDS if kind != "command"}


@click.command("list")
@click.argument("kind", type=click.Choice(list(_KINDS)), required=False)
@click.option("--family", help="List only this family, such as bits.")
@click.option("--level", help="List only this level, such as context-free.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_names(kind: str | None, family: str | None, level: str | None, as_json: bool) -> None:
    """List the tasks, cells, readouts and experiments, or one KIND of these."""
    registry = current_registry()
    kinds: dict[str, Kind] = {kind: _KINDS[kind]} if kind else _KINDS
    _check(registry, kinds, "family", family)
    _check(registry, kinds, "level", level)

    def chosen(one: Kind) -> list[Entry]:
        return [
            entry
            for entry in registry.entries(one)
            if family in (None, entry.family) and level in (None, entry.level)
        ]

    if as_json:
        found: dict[str, list[dict[str, Any]]] = {
            plural: [
                {
                    "name": entry.name,
                    "summary": entry.summary,
                    "family": entry.family,
                    "level": entry.level,
                    "plugin": entry.plugin,
                    "distribution": entry.distribution,
                }
                for entry in chosen(one)
            ]
            for plural, one in kinds.items()
        }
        echo_json(found)
        return
    sections = {plural: chosen(one) for plural, one in kinds.items()}
    shown = {plural: entries for plural, entries in sections.items() if entries}
    if not shown:
        click.echo(f"{kind}\n(none)" if kind else "(none)")
    for position, (plural, entries) in enumerate(shown.items()):
        if position:
            click.echo()
        echo_table([plural, ""], [[entry.name, entry.summary] for entry in entries])


def _check(
    registry: Registry,
    kinds: Mapping[str, Kind],
    label: Literal["family", "level"],
    wanted: str | None,
) -> None:
    """Refuse a family or level that none of these kinds has, and list the known ones."""
    entries = [entry for kind in kinds.values() for entry in registry.entries(kind)]
    known = {getattr(entry, label) for entry in entries} - {""}
    if wanted is not None and wanted not in known:
        of = f" of {next(iter(kinds))}" if len(kinds) == 1 else ""
        raise UsageError(
            f"there is no {label}{of} '{wanted}'; there is {', '.join(sorted(known)) or 'none'}."
            + did_you_mean(wanted, known)
        )
