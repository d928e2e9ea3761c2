"""Gather what the page of a run says: what was asked, scores, charts, answers, the engine."""

import shlex
from typing import Any

from seqtasks.reports.charts.theme import PAGE
from seqtasks.reports.opened_run import Opened, measures_shown
from seqtasks.reports.render import Page
from seqtasks.reports.run_charts import run_charts
from seqtasks.reports.run_said import RunSaid
from seqtasks.reports.run_tables import (
    engine_table,
    history_table,
    places_table,
    published_table,
    scores_table,
)

__all__ = ["run_page"]


def run_page(said: RunSaid, opened: Opened | None, why_closed: str = "") -> Page:
    """Return the page of a run.

    Args:
        said: what its files say.
        opened: what its code tells, or None if that was not executed.
        why_closed: why it was not.
    """
    charts = run_charts(said, opened, theme=PAGE)
    commands: list[tuple[str, str]] = []
    if opened is not None and opened.command is not None:
        commands.append(("This command makes the run again:", opened.command))
    if said.path is not None:
        record = shlex.quote(str(said.path / "experiment.json"))
        text = "So does this one, with every setting of its record:"
        if not commands:
            text = "This command makes the run again, with every setting of its record:"
        commands.append((text, f"seqtasks run {record}"))
    content: dict[str, Any] = {
        "said": said,
        "opened": opened,
        "why_closed": why_closed,
        "commands": commands,
        "charts": charts,
        "scores": scores_table(said),
        "published": published_table(said) if said.published else None,
        "sources": list(dict.fromkeys(str(one.get("source", "")) for one in said.published)),
        "measures": measures_shown(said, opened),
        "summary": _summary(said),
        "history": history_table(said),
        "places": places_table(opened) if opened is not None and opened.answers else None,
        "engine_parts": engine_table(opened),
        "lines": 0 if opened is None or opened.engine is None else _lines(opened.engine.source),
    }
    title = f"{said.name}: {said.cell} on {said.task}"
    return Page("run.html.jinja", title, content, charts, {"kind": "run"})


def _summary(said: RunSaid) -> list[tuple[str, str]]:
    rows = [("task", said.task), ("cell", said.cell), ("seed", str(said.seed)), ("end", said.end)]
    if said.parameters is not None:
        rows.append(("trained numbers", f"{said.parameters:,}"))
    if said.seconds is not None:
        rows.append(("training", f"{said.seconds:.3g} s"))
    return rows


def _lines(source: str | None) -> int:
    return 0 if source is None else len(source.splitlines())
