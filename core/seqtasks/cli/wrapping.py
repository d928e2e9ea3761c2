"""Text that fits the terminal: paragraphs, labelled rows, and instances in aligned columns."""

import re
import shutil
import textwrap
from collections.abc import Iterable

from seqtasks.tasks import Batch, Task

__all__ = ["aligned", "labelled", "text_width", "wrapped"]

_WIDEST, _NARROWEST = 100, 30
_LABEL = 18
_EQUATION = re.compile(r"[^\s=]{1,16} = ")
_HARD_END = 72
"""A docstring line that is shorter than the rest ends there on purpose, such as an equation."""


def text_width() -> int:
    """Return the width of text in columns: the terminal's width, or 80 without a terminal."""
    columns = shutil.get_terminal_size((80, 24)).columns
    return max(_NARROWEST, min(_WIDEST, columns))


def wrapped(text: str, width: int | None = None) -> list[str]:
    r"""Return a text in lines that fit; a line that ends on purpose stays a line.

    Example:
        >>> wrapped("h' = W h\nThe next state is a product.", 20)
        ["h' = W h", 'The next state is a', 'product.']
    """
    width = text_width() if width is None else width
    lines: list[str] = []
    for paragraph in _joined(text.splitlines()):
        indent = paragraph[: len(paragraph) - len(paragraph.lstrip())]
        further = f"{indent}    " if indent else ""
        fitting = textwrap.wrap(paragraph, width, subsequent_indent=further) or [""]
        lines.extend(fitting)
    return lines


def labelled(label: str, text: str, width: int | None = None, column: int = _LABEL) -> str:
    """Return a label and, from a column on, its text, wrapped below itself if it is long."""
    width = text_width() if width is None else width
    indent = column if width >= 2 * column + 14 else 4
    first = f"{label:<{column - 1}} "
    return "\n".join(
        textwrap.wrap(text, width, initial_indent=first, subsequent_indent=" " * indent)
        or [first.rstrip()]
    )


def aligned(batch: Batch, made: Task, row: int = 0, width: int | None = None) -> str:
    """Return an instance as two lines of aligned symbols, its input and its target.

    If an instance is wider than the terminal, two more lines continue it.
    """
    width = text_width() if width is None else width
    inputs, targets = made.inputs.words(batch.inputs[row]), made.targets.words(batch.targets[row])
    columns = list(zip(inputs, targets, strict=True))
    label = len("target  ")
    lines: list[str] = []
    for part in _fitting(columns, width - label):
        sizes = [max(map(len, column)) for column in part]
        for name, side in (("input", 0), ("target", 1)):
            words = (column[side].rjust(size) for column, size in zip(part, sizes, strict=True))
            lines.append(f"{name:<{label}}{' '.join(words)}")
    return "\n".join(lines)


def _fitting(columns: list[tuple[str, str]], width: int) -> Iterable[list[tuple[str, str]]]:
    """Yield columns, separated by one space, as many at once as fit."""
    part: list[tuple[str, str]] = []
    used = 0
    for column in columns:
        size = max(map(len, column))
        if part and used + 1 + size > width:
            yield part
            part, used = [], 0
        used += size + (1 if part else 0)
        part.append(column)
    yield part


def _joined(lines: list[str]) -> list[str]:
    """Return each paragraph as one line."""
    paragraphs: list[str] = []
    goes_on = False
    for line in lines:
        if goes_on and line.strip() and not line.startswith(" ") and not _EQUATION.match(line):
            paragraphs[-1] += " " + line
        else:
            paragraphs.append(line)
        goes_on = len(line) >= _HARD_END
    return paragraphs
