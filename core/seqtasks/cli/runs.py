"""`seqtasks runs`: list the runs in a folder."""

from pathlib import Path
from typing import Any

import click

from seqtasks.cli.output import echo_json, echo_table, figure, say
from seqtasks.errors import UsageError
from seqtasks.runs.listing import list_runs

__all__ = ["runs"]

_SORTS = ("name", "task", "cell", "status", "step", "accuracy", "parameters", "seconds")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default="runs")
@click.option("--sort", type=click.Choice(_SORTS), default="name", show_default=True)
@click.option("--reverse", is_flag=True, help="In reverse order.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def runs(folder: Path, sort: str, reverse: bool, as_json: bool) -> None:
    """List the runs in FOLDER (by default `runs`), with their last scores."""
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}; `seqtasks run TASK` makes one")
    found = list_runs(folder)
    if sort != "name":
        found.sort(key=lambda summary: _key(summary, sort))
    if reverse:
        found.reverse()
    if as_json:
        echo_json(found)
        return
    if not found:
        say(f"no runs in {folder}")
        return
    rows = [
        [
            summary["name"],
            summary["status"],
            str(summary.get("step", "")),
            str(summary.get("parameters", "")),
            "; ".join(filter(None, [_score_text(summary), summary.get("problem", "")])),
        ]
        for summary in found
    ]
    echo_table(
        ["run", "status", "step", "parameters", "scores"], rows, right=["step", "parameters"]
    )


def _key(summary: dict[str, Any], sort: str) -> tuple[bool, Any]:
    value = _accuracy(summary) if sort == "accuracy" else summary.get(sort)
    if isinstance(value, dict):
        value = str(value)
    return value is None, value if value is not None else 0


def _accuracy(summary: dict[str, Any]) -> float | None:
    """Return the first metric's mean over the scored lengths."""
    values = [next(iter(metrics.values())) for metrics in summary.get("scores", {}).values()]
    return sum(values) / len(values) if values else None


def _score_text(summary: dict[str, Any]) -> str:
    parts: list[str] = []
    for length, metrics in summary.get("scores", {}).items():
        name, value = next(iter(metrics.items()))
        parts.append(f"{figure(name, value, decimals=1, digits=3)} at {length}")
    return ", ".join(parts)
