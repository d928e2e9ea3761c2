"""Print tables, figures and JSON for every command."""

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

# Control characters except the line end, direction marks, and halves of characters.
_STEERING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_LONGEST = 1000
_PIPED_WIDTH = 10_000
_PICTURES = (".png", ".svg", ".pdf")


def printable(text: str) -> str:
    r"""Return text with control characters and broken characters escaped, such as `\x1b`.

    The content of a run, a record or a file may come from a stranger. Everything that is printed
    from there passes through here. Line ends stay.
    """
    return _STEERING.sub(lambda found: ascii(found[0])[1:-1], text)


def say(text: object = "", err: bool = False) -> None:
    """Print one line or several, with nothing that could control the terminal."""
    click.echo(printable(str(text)), err=err)


def brief(message: str) -> str:
    """Return a message with its lines cut to a readable length."""
    lines = message.split("\n")
    return "\n".join(line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ..." for line in lines)


def check_picture(path: Path) -> None:
    """Check that a picture can be written to a path, before the work that it shows.

    Raises:
        UsageError: if the name's ending is not a picture format, or the folder does not exist.
    """
    if path.suffix.lower() not in _PICTURES:
        raise UsageError(f"a plot is one of {', '.join(_PICTURES)}, got '{path.name}'")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.absolute().parent} for the plot")


def console(stderr: bool = False) -> "Console":
    """Return a rich console: as wide as the terminal, or so wide in a pipe that no line breaks.

    Tables are never narrower than 80 columns: a line that the terminal folds is still readable.
    """
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPED_WIDTH
    made = Console(file=stream, width=width, highlight=False, emoji=False, markup=False)
    if not stderr:
        made.width = max(made.width, 80)
    return made


def echo_json(document: Any) -> None:
    """Print one JSON document on stdout; characters that its encoding lacks become JSON escapes."""
    text = write_text(document, indent=2)
    if "utf" not in (sys.stdout.encoding or "").lower():
        text = re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text)
    click.echo(text)


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


def heading(name: str) -> str:
    """Return a metric's name in a table."""
    return {"token_accuracy": "per symbol", "sequence_accuracy": "whole sequence"}.get(
        name, name.replace("_", " ")
    )


def percentage(share: float, decimals: int = 2) -> str:
    """Return a share in percent; only a share of 1 prints as 100, and only 0 as 0."""
    least = 10.0**-decimals
    percent = 100 * share
    if 0 < share < 1:
        percent = min(max(percent, least), 100 - least)
    return f"{percent:.{decimals}f}"


def figure(metric: str, value: float, decimals: int = 2, digits: int = 4) -> str:
    """Return a metric's value: an accuracy in percent, any other with `digits` digits."""
    if metric.endswith("accuracy"):
        return f"{percentage(value, decimals)} %"
    return f"{value:.{digits}g}"
