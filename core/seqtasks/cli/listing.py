"""`seqtasks list` and `seqtasks plugins`: what there is, without importing any of it."""

from typing import Any

import click

from seqtasks.cli.output import echo_json, echo_table
from seqtasks.registry import KINDS, Kind, current_registry

__all__ = ["list_names", "plugins"]

_KINDS: dict[str, Kind] = {f"{kind}s": kind for kind in KINDS if kind != "command"}


@click.command("list")
@click.argument("kind", type=click.Choice(list(_KINDS)), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def list_names(kind: str | None, as_json: bool) -> None:
    """List the tasks, cells, readouts and experiments, or one KIND of them."""
    registry = current_registry()
    kinds: dict[str, Kind] = {kind: _KINDS[kind]} if kind else _KINDS
    if as_json:
        found: dict[str, list[dict[str, Any]]] = {
            plural: [
                {
                    "name": entry.name,
                    "summary": entry.summary,
                    "plugin": entry.plugin,
                    "distribution": entry.distribution,
                }
                for entry in registry.entries(one)
            ]
            for plural, one in kinds.items()
        }
        echo_json(found)
        return
    for position, (plural, one) in enumerate(kinds.items()):
        if position:
            click.echo()
        rows = [[entry.name, entry.summary] for entry in registry.entries(one)]
        echo_table([plural, ""], rows or [["(none)", ""]])


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def plugins(as_json: bool) -> None:
    """Show the plugins found, and why any was set aside."""
    registry = current_registry()
    if as_json:
        echo_json(
            {
                "plugins": [
                    {
                        "name": plugin.name,
                        "distribution": plugin.distribution,
                        "version": plugin.version,
                        "status": plugin.status,
                        "problem": plugin.problem,
                    }
                    for plugin in registry.plugins
                ],
                "warnings": registry.warnings,
            }
        )
        return
    rows = [
        [plugin.name, f"{plugin.distribution} {plugin.version}", plugin.status, plugin.problem]
        for plugin in registry.plugins
    ]
    echo_table(["plugin", "distribution", "status", "problem"], rows)
