"""Show things shortly: one line of text, or a small table of HTML for a notebook.

Names, docstrings and numbers may come from a stranger's plugin or run, so all of them are escaped.
"""

import html
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "MOST_SHOWN",
    "card",
    "console",
    "figure",
    "first_sentence",
    "heading",
    "measured",
    "module_line",
    "parameters_of",
    "percentage",
    "printable",
    "shortened",
]

MOST_SHOWN = 200
"""The most characters of a short description."""

_MOST_ROWS = 12
"""The most rows of a table in a notebook."""

# Control characters except the line end, direction marks, and halves of characters.
_STEERING = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_PIPED_WIDTH = 10_000


def shortened(text: str, most: int = MOST_SHOWN) -> str:
    r"""Return text on one line, cut to a number of characters.

    Example:
        >>> shortened("one\n  two", 20), shortened("one two three", 9)
        ('one two', 'one t ...')
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else f"{line[: most - 4]} ..."


def first_sentence(thing: Any) -> str:
    """Return the first line of the docstring of a thing's class."""
    lines = (type(thing).__doc__ or "").strip().splitlines()
    return shortened(lines[0]) if lines else ""


def measured(metrics: Mapping[str, float], intervals: Mapping[str, Sequence[float]]) -> str:
    """Return scores with their intervals on one line; an exact score has none.

    Example:
        >>> measured({"token_accuracy": 0.5}, {"token_accuracy": (0.25, 0.75)})
        'token_accuracy 0.5 [0.25, 0.75]'
    """
    parts: list[str] = []
    for name, value in metrics.items():
        low, high = intervals.get(name, (value, value))
        ends = "" if low == high else f" [{low:.4g}, {high:.4g}]"
        parts.append(f"{shortened(name, 40)} {value:.4g}{ends}")
    return ", ".join(parts)


def module_line(module: Any, tree: str) -> str:
    """Return the description of a torch module: its tree, or one line if the tree is long.

    Args:
        module: the module.
        tree: the description of torch's own, with the parts of the module.
    """
    if len(tree) <= MOST_SHOWN:
        return tree
    parts = ", ".join(name for name, _ in module.named_children()) or "no parts"
    head = f"{type(module).__name__}({module.extra_repr()})"
    return shortened(f"{shortened(head, 100)}: {parameters_of(module)} in {parts}")


def card(title: str, rows: Iterable[Sequence[Any]], note: str = "", picture: bytes = b"") -> str:
    """Return a title, a table and a picture as HTML.

    Args:
        title: the title.
        rows: the cells of each row of the table; the first one of a row is its name.
        note: a line below the table.
        picture: a PNG file.
    """
    rows = list(islice(rows, _MOST_ROWS + 1))
    lines = ["<tr><td>...</td></tr>"] if len(rows) > _MOST_ROWS else []
    lines = [_row(row) for row in rows[:_MOST_ROWS]] + lines
    parts = [f"<strong>{_escaped(title)}</strong>", f"<table>{''.join(lines)}</table>"]
    if note:
        parts.append(f"<div>{_escaped(note)}</div>")
    if picture:
        # Imported here: a thing is described as text more often than with a picture.
        from base64 import b64encode

        content = b64encode(picture).decode()
        parts.append(f'<img alt="{_escaped(title)}" src="data:image/png;base64,{content}">')
    return f"<div>{''.join(parts)}</div>"


def _row(cells: Sequence[Any]) -> str:
    name, *rest = (_escaped(str(cell)) for cell in cells)
    others = "".join(f'<td style="text-align:left">{cell}</td>' for cell in rest)
    return f'<tr><th style="text-align:left">{name}</th>{others}</tr>'


def _escaped(text: str) -> str:
    return html.escape(shortened(text, 300))


def parameters_of(module: Any) -> str:
    """Return the number of a torch module's parameters in words."""
    try:
        number = sum(parameter.numel() for parameter in module.parameters())
    except Exception:  # a lazy parameter has no size before the first step
        return "parameters not yet made"
    return f"{number:,} parameter{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    r"""Return text with control characters and broken characters escaped, such as `\x1b`.

    The content of a run, a record or a file may come from a stranger. Everything that is printed
    from there passes through here. Line ends stay.
    """
    return _STEERING.sub(lambda found: ascii(found[0])[1:-1], text)


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


def heading(name: str) -> str:
    """Return a metric's name in a table."""
    return {"token_accuracy": "per symbol", "sequence_accuracy": "whole sequence"}.get(
        name, name.replace("_", " ")
    )
