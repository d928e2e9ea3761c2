"""Print tables, figures and JSON for every command."""

import json
import re
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import click

from seqtasks.display import console, figure, heading, percentage, printable
from seqtasks.errors import UsageError
from seqtasks.files.json_text import write_text
from seqtasks.files.outputs import check_output

__all__ = [
    "STDOUT",
    "brief",
    "check_picture",
    "console",
    "echo_json",
    "echo_table",
    "figure",
    "heading",
    "percentage",
    "printable",
    "prints_aside",
    "say",
    "table_lines",
]

STDOUT = Path("-")
"""The name that stands for standard output in place of a file."""

_LONGEST = 1000
_KEPT = 100  # characters at the end of a longer line
_PICTURES = (".png", ".svg", ".pdf")


def say(text: object = "", err: bool = False) -> None:
    """Print one line or several, with nothing that could control the terminal."""
    click.echo(printable(str(text)), err=err)


def brief(message: str) -> str:
    """Return a message with its lines cut to a readable length.

    A line keeps its end, which says what to do.
    """
    return "\n".join(map(_cut, message.split("\n")))


def _cut(line: str) -> str:
    if len(line) <= _LONGEST:
        return line
    return f"{line[: _LONGEST - _KEPT]} ... {line[-_KEPT:]}"


def check_picture(path: Path) -> None:
    """Check that a picture can be written to a path, before the work that it shows.

    Raises:
        UsageError: if the name's ending is not a picture format, or it cannot be written.
    """
    if path.suffix.lower() not in _PICTURES:
        raise UsageError(f"a plot is one of {', '.join(_PICTURES)}, got '{path.name}'")
    check_output(path, "plot.png")


def echo_json(document: Any) -> None:
    """Print one JSON document on stdout; characters that its encoding lacks become JSON escapes."""
    text = write_text(document, indent=2)
    if "utf" not in (sys.stdout.encoding or "").lower():
        text = re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text)
    click.echo(text)


@contextmanager
def prints_aside(aside: bool) -> Generator[None, None, None]:
    """Send what a cell or a task prints to stderr, where stdout is read by a program."""
    if not aside:
        yield
        return
    with redirect_stdout(sys.stderr):
        yield


def echo_table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()
) -> None:
    """Print rows under headers; `right` names the headers of columns to align right."""
    for line in table_lines(headers, rows, right):
        click.echo(line)


def table_lines(
    headers: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()
) -> list[str]:
    """Return the lines that `echo_table` prints."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for header in headers:
        wraps = header == headers[-1]
        table.add_column(
            header,
            justify="right" if header in right else "left",
            no_wrap=not wraps,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(printable(cell).replace("\n", "\\n") for cell in row))
    out = console()
    with out.capture() as captured:
        out.print(table)
    return [line.rstrip() for line in captured.get().splitlines()]
