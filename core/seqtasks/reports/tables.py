"""Tables as data: rows of cells, each with a text, a value to sort by, and perhaps a drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Bar", "Cell", "Table"]


@dataclass(frozen=True)
class Bar:
    """A value with its interval, drawn small beside its text: shares of the whole width.

    Attributes:
        value: the value.
        low, high: the ends of its interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what it says.
        value: what it is sorted by; None for its text.
        note: a smaller text below.
        bar: a small drawing.
    """

    text: str
    value: float | None = None
    note: str = ""
    bar: Bar | None = None


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        caption: what it shows.
        heads: the heads of its columns; the first column names the row.
        rows: the cells of each row, with the index of the row's setting, or None.
        notes: sentences below.
        attributes: what a script may choose rows by, for each row.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[tuple[int | None, Sequence[Cell]]]
    notes: Sequence[str] = ()
    attributes: Sequence[Mapping[str, Any]] = ()
