"""Lay out a table of ten thousand rows in no time: rich takes seconds for it."""

import sys
from collections.abc import Callable, Sequence

from seqtasks.cli.output import printable, table_lines

__all__ = ["many_lines"]

_FEW = 200
_WIDEST = 10_000


def many_lines(
    headers: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()
) -> list[str]:
    """Return the lines of `table_lines`; those of a long table for a pipe by a faster way.

    Both ways give the same lines. On a terminal, the last column of a long table is not wrapped:
    the terminal folds its lines.
    """
    if len(rows) <= _FEW:
        return table_lines(headers, rows, right)
    cells = [[printable(cell).replace("\n", "\\n") for cell in row] for row in rows]
    columns = list(zip(headers, *cells, strict=True))
    width = _width_of(columns)
    sizes = [max(map(width, column)) for column in columns]
    if not sys.stdout.isatty() and sum(sizes) + 2 * len(sizes) > _WIDEST:
        return table_lines(headers, rows, right)
    padded: list[list[str]] = []
    for header, column, size in zip(headers, columns, sizes, strict=True):
        to_right = header in right
        spaces = [" " * (size - width(cell)) for cell in column]
        padded.append(
            [f"{s}{c}" if to_right else f"{c}{s}" for s, c in zip(spaces, column, strict=True)]
        )
    return ["  ".join(line).rstrip() for line in zip(*padded, strict=True)]


def _width_of(columns: Sequence[Sequence[str]]) -> Callable[[str], int]:
    """Return the function that measures cells in columns of a terminal."""
    if all(cell.isascii() for column in columns for cell in column):
        return len
    from rich.cells import cell_len

    return cell_len
