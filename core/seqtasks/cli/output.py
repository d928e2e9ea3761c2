"""What every command prints with: tables, figures and JSON."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.errors import UsageError
from seqtasks.files.json_text import write_text

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "brief",
    "check_picture",
    "console",
    "echo_json",
    "echo_table",
    "figure",
    "heading",
    "percentage",
    "printable",
    "say",
    "table_lines",
]

# Controls but the end of a line, marks of direction, and halves of characters.
_STEERING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_LONGEST = 1000
_PIPED_WIDTH = 10_000
_PICTURES = (".png", ".svg", ".pdf")


def printable(text: str) -> str:
    r"""Return text with what would steer a terminal, or is no character, written as `\x1b`.

    What a run, a record or a file says may be a stranger's: everything printed that comes from
    there goes through here. Ends of lines stay.
    """
    return _STEERING.sub(lambda found: ascii(found[0])[1:-1], text)


def say(text: object = "", err: bool = False) -> None:
    """Print a line, or lines, in which nothing steers the terminal."""
    click.echo(printable(str(text)), err=err)


def brief(message: str) -> str:
    """Return a message whose lines are no longer than a reader reads."""
    lines = message.split("\n")
    return "\n".join(line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ..." for line in lines)


def check_picture(path: Path) -> None:
    """Check, before the work that it is to show, that a picture can be written there.

    Raises:
        UsageError: if the name is that of no kind of picture, or there is no such folder.
    """
    if path.suffix.lower() not in _PICTURES:
        raise UsageError(f"a plot is one of {', '.join(_PICTURES)}, got '{path.name}'")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.absolute().parent} for the plot")


def console(stderr: bool = False) -> "Console":
    """Return a rich console: as wide as the terminal; piped, so wide that no line is broken.

    Tables are never narrower than 80 columns: a line that the terminal folds can still be read.
    """
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPED_WIDTH
    made = Console(file=stream, width=width, highlight=False, emoji=False, markup=False)
    if not stderr:
        made.width = max(made.width, 80)
    return made


def echo_json(document: Any) -> None:
    """Print one JSON document on stdout; what its encoding lacks stands there as JSON's escapes."""
    text = write_text(document, indent=2)
    if "utf" not in (sys.stdout.encoding or "").lower():
        text = re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text)
    click.echo(text)


def echo_table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()
) -> None:
    """Print rows under headers; the columns whose headers are named in `right` are aligned so."""
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


def heading(name: str) -> str:
    """Return what a table calls a metric."""
    return {"token_accuracy": "per symbol", "sequence_accuracy": "whole sequence"}.get(
        name, name.replace("_", " ")
    )


def percentage(share: float, decimals: int = 2) -> str:
    """Return a share in percent; only what is all right is 100, and only what is all wrong 0."""
    least = 10.0**-decimals
    percent = 100 * share
    if 0 < share < 1:
        percent = min(max(percent, least), 100 - least)
    return f"{percent:.{decimals}f}"


def figure(metric: str, value: float, decimals: int = 2, digits: int = 4) -> str:
    """Return a metric's value: an accuracy in percent, another with so many digits."""
    if metric.endswith("accuracy"):
        return f"{percentage(value, decimals)} %"
    return f"{value:.{digits}g}"
