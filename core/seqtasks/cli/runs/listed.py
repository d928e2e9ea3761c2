"""Print a list of runs: as a table, as CSV for a spreadsheet, as JSON."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import click

from seqtasks.cli.output import figure, percentage, printable, say
from seqtasks.cli.runs.plain_table import many_lines
from seqtasks.errors import counted
from seqtasks.files.json_text import write_text
from seqtasks.runs.comparisons import shown
from seqtasks.runs.run_fields import differing

__all__ = ["echo_csv", "echo_rows", "echo_summaries"]

MOST_DIFFERING = 8
"""The most columns that a table gets by itself for settings that differ."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ALWAYS = ("name", "status", "step", "parameters")


def echo_rows(
    rows: Sequence[Mapping[str, Any]],
    summaries: Sequence[Mapping[str, Any]],
    names: Sequence[str] | None,
    nothing: str,
) -> None:
    """Print a table of runs.

    Args:
        rows: the fields of each run.
        summaries: their summaries.
        names: the fields to show, or None for those in which runs differ.
        nothing: what to say if there is no run.
    """
    if not rows:
        say(nothing)
        return
    if names is not None:
        _echo_table(names, [[_cell(name, row.get(name)) for name in names] for row in rows], rows)
        return
    settings = dict.fromkeys(name for one in summaries for name in one.get("settings", {}))
    differ = differing(rows, ["cell", *settings, "steps", "seed"])
    kept, left = differ[:MOST_DIFFERING], differ[MOST_DIFFERING:]
    shown_names = ["name", "status", *kept, "step", "parameters"]
    cells = [
        [*(_cell(name, row.get(name)) for name in shown_names), _scores(one)]
        for row, one in zip(rows, summaries, strict=True)
    ]
    _echo_table([*shown_names, "scores"], cells, rows)
    if left:
        say(f"Runs also differ in {', '.join(left)}; --columns shows what you name.", err=True)


def _echo_table(
    names: Sequence[str], cells: Sequence[Sequence[str]], rows: Sequence[Mapping[str, Any]]
) -> None:
    headers = ["run" if name == "name" else printable(name) for name in names]
    right = [
        header
        for header, name in zip(headers, names, strict=True)
        if name != "scores"
        and all(_is_number(row.get(name)) for row in rows if row.get(name) is not None)
        and any(row.get(name) is not None for row in rows)
    ]
    click.echo("\n".join(many_lines(headers, cells, right)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(name: str, value: Any) -> str:
    if isinstance(value, float):
        if name in ("accuracy", "solved_share"):
            return f"{percentage(value, 1)} %"
        if name == "seconds":
            return f"{value:.3g}"
        metric, _, length = name.rpartition("_")
        if length and (length.isdecimal() or ".." in length):
            return figure(metric, value, decimals=1, digits=4)
    return shown(value)


def _scores(summary: Mapping[str, Any]) -> str:
    parts = [_of_study(summary)] if summary["kind"] == "study" else []
    scores: list[str] = []
    for length, metrics in summary.get("scores", {}).items():
        name, value = next(iter(metrics.items()))
        scores.append(f"{figure(name, value, decimals=1, digits=3)} at {length}")
    return "; ".join(filter(None, [*parts, ", ".join(scores), summary.get("problem", "")]))


def _of_study(summary: Mapping[str, Any]) -> str:
    if "asked" not in summary:
        return ""
    share = summary.get("solved_share")
    solved = "" if share is None else f", {percentage(share, 1)} % solved"
    settings = counted(summary["experiments"], "setting")
    done = f"{summary['done']:,} of {counted(summary['asked'], 'run')}"
    return f"{summary['face']}: {settings}, {done}{solved}"


def echo_summaries(documents: Sequence[Mapping[str, Any]]) -> None:
    """Print summaries as one JSON list, with one run on each line."""
    import json
    import re
    import sys

    text = ",\n ".join([write_text(document) for document in documents])
    if "utf" not in (sys.stdout.encoding or "").lower():
        text = re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text)
    click.echo(f"[{text}]")


def echo_csv(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Print rows as CSV (RFC 4180), with a line of names first.

    Names and texts may come from a stranger. A text that a spreadsheet would take for a formula
    begins with an apostrophe, and control characters are escaped, as in all that is printed.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_safe(name) for name in names])
    writer.writerows([[_csv_cell(row.get(name)) for name in names] for row in rows])
    click.echo(out.getvalue(), nl=False)


def _csv_cell(value: Any) -> str | int:
    if isinstance(value, float):
        if math.isfinite(value):
            return repr(value)
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return _safe(shown(value))


def _safe(text: str) -> str:
    return f"'{printable(text)}" if text.startswith(_FORMULA) else printable(text)
