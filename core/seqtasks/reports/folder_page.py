"""Gather what the page of a folder says: its runs in a table, its studies one after another."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from seqtasks.display import figure
from seqtasks.errors import UsageError, counted
from seqtasks.reports.render import Page
from seqtasks.reports.study_tables import solved_table
from seqtasks.reports.tables import Bar, Cell, Table
from seqtasks.runs.listing import list_runs
from seqtasks.studies.reopen import load_study

__all__ = ["folder_page"]

MOST_STUDIES = 60
"""The most studies whose tables the page has; of more, only the names."""
MOST_LENGTHS = 6


@dataclass(frozen=True)
class StudySaid:
    """A study of a folder.

    Attributes:
        name: the name of its folder.
        link: where its folder lies, seen from the page; empty if that is unknown.
        text: what it is, or why it cannot be read.
        words: its sentences.
        table: how often its settings solve the task, or None.
        command: the command that makes its own page.
    """

    name: str
    link: str
    text: str
    words: tuple[str, ...]
    table: Table | None
    command: str


def folder_page(folder: Path, out: Path | None, trust: bool = False) -> Page:
    """Return the page of a folder.

    Args:
        folder: the folder with the runs and studies.
        out: the file that the page will be, for links to the folders; None if it is unknown.
        trust: whether to execute code that came with studies; this is remembered.

    Raises:
        UsageError: if the folder holds neither runs nor studies.
    """
    listed = list_runs(folder)
    runs = [one for one in listed if one["kind"] == "run"]
    places = [Path(one["path"]) for one in listed if one["kind"] == "study"]
    if not runs and not places:
        raise UsageError(f"{folder} holds neither runs nor studies; `seqtasks run TASK` makes one")
    studies = [
        _study(place, out, trust, whole=number < MOST_STUDIES)
        for number, place in enumerate(places)
    ]
    said: dict[str, Any] = {
        "name": folder.resolve().name or str(folder),
        "counts": " and ".join(
            counted(len(found), noun)
            for found, noun in ((runs, "run"), (studies, "study"))
            if found
        ).replace("studys", "studies"),
        "runs": _runs_table(runs),
        "links": {run["name"]: _link(Path(run["path"]), out) for run in runs},
        "filters": _filters(runs),
        "facts": [
            {name: _named(run.get(name)) for name in ("task", "cell", "status")} for run in runs
        ],
        "studies": studies,
        "charts": {},
    }
    return Page(
        "folder.html.jinja", f"{said['name']}: {said['counts']}", said, {}, {"kind": "folder"}
    )


def _study(place: Path, out: Path | None, trust: bool, whole: bool) -> StudySaid:
    command = f"seqtasks report {shlex.quote(str(place))}"
    link = _link(place, out)
    if not whole:
        return StudySaid(place.name, link, "", (), None, command)
    try:
        summary = load_study(place, trust=trust).summary()
    except UsageError as error:
        return StudySaid(place.name, link, f"It cannot be shown: {error}", (), None, command)
    asked = sum(one["runs"] for one in summary["settings"])
    text = f"{counted(asked, 'run')} of {counted(len(summary['settings']), 'setting')}"
    if summary.get("unfinished"):
        text += f", {summary['unfinished']:,} unfinished"
    return StudySaid(
        place.name, link, text, tuple(summary.get("words") or ()), solved_table(summary), command
    )


def _runs_table(runs: list[dict[str, Any]]) -> Table:
    lengths: dict[str, None] = {}
    for run in runs:
        lengths.update(dict.fromkeys(run.get("scores", {})))
    shown = list(lengths)[:MOST_LENGTHS]
    rows: list[tuple[int | None, list[Cell]]] = []
    for index, run in enumerate(runs):
        steps = "" if run.get("steps") is None else f"{run['step']:,} of {run['steps']:,}"
        cells = [
            Cell(run["name"]),
            Cell(run["status"], note=run.get("problem", "")),
            Cell(_named(run.get("task"))),
            Cell(_named(run.get("cell"))),
            Cell(str(run.get("seed", "–")), run.get("seed")),
            Cell(steps, run.get("step")),
            Cell(f"{run['parameters']:,}" if "parameters" in run else "–", run.get("parameters")),
            *(_score(run.get("scores", {}).get(length)) for length in shown),
        ]
        rows.append((index, cells))
    heads = ["run", "status", "task", "cell", "seed", "steps", "parameters"]
    notes = ["A score is the first metric of the task."] if shown else []
    if len(lengths) > len(shown):
        notes.append(f"{counted(len(lengths) - len(shown), 'further length')} not shown.")
    return Table("Runs", [*heads, *(f"length {length}" for length in shown)], rows, notes)


def _score(metrics: Mapping[str, float] | None) -> Cell:
    if not metrics:
        return Cell("–", float("-inf"))
    name, value = next(iter(metrics.items()))
    share = name.endswith("accuracy") and 0 <= value <= 1
    return Cell(figure(name, value), value, "", Bar(value, value, value) if share else None)


def _named(thing: Any) -> str:
    """Return the text of a record's name for a thing."""
    if thing is None:
        return "own module"
    return str(thing.get("class", thing)) if isinstance(thing, dict) else str(thing)


def _filters(runs: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return what the runs can be filtered by: fields that differ, with their values."""
    groups = {
        name: sorted({_named(run.get(name)) for run in runs}) for name in ("task", "cell", "status")
    }
    return {name: values for name, values in groups.items() if len(values) > 1}


def _link(place: Path, out: Path | None) -> str:
    """Return the address of a folder, seen from the page; empty if that is unknown."""
    if out is None:
        return ""
    try:
        relative = os.path.relpath(place.resolve(), out.absolute().parent.resolve())
    except ValueError:  # on another drive
        return ""
    return quote(Path(relative).as_posix()) + "/"
