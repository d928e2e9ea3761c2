"""Address memory in a part of the program: a row's first column, the way to the next row."""

from dataclasses import dataclass, field

from seqtasks.engine.graph.node import Node
from seqtasks.engine.native.plan.storage import Place

__all__ = ["Scope", "Used", "each_column"]


@dataclass
class Used:
    """The memory that a function works on: names of buffers, and leaves of parameters."""

    buffers: set[str] = field(default_factory=set[str])
    parameters: set[Node] = field(default_factory=set[Node])


class Scope:
    """How one part of the program addresses memory.

    Args:
        kind: `one` column, `vocabulary` or `batch`.
        used: receives the buffers that are used.
        ahead: the way to the columns of the next step, if they are fetched early.
        parted: whether a loop over a block of columns is parted where costly functions wait for
            each other.
    """

    def __init__(self, kind: str, used: Used, ahead: str = "", parted: bool = False) -> None:
        self.kind, self.used, self.ahead, self.parted = kind, used, ahead, parted

    def row(self, place: Place, row: str, writing: bool = False) -> str:
        """Return a pointer to the first column of a row."""
        name = place.buffer.name
        self.used.buffers.add(name)
        kind = place.buffer.kind
        if place.first:
            row = str(place.first + int(row)) if row.isdigit() else f"{place.first} + {row}"
        if kind == "one":
            return f"{name} + {_factor(row)}"
        if kind == "vocabulary":
            return f"{name} + {_times(row, 'VOCABULARY_ROW')}"
        if kind == "scratch":
            return f"{name} + {_times(row, 'SCRATCH_ROW')}"
        if kind == "carry":
            turn = "(1 - turn)" if writing or place.ahead else "turn"
            return f"{name} + ({turn} * {place.buffer.rows} + {row}) * SCRATCH_ROW"
        if kind == "recent":
            return f"{name} + {_times(row, 'RECENT_ROW')} + recent"
        if kind == "packed":
            at = f"(at + {place.shift} * columns)" if place.shift else "at"
            return f"{name} + {at} * {place.buffer.rows} + {_times(row, 'count')}"
        later = f" + {place.shift} * columns" if place.shift > 1 else " + columns" * place.shift
        return f"{name} + {_times(row, 'row')} + at{later}"

    def stride(self, place: Place) -> str:
        """Return the distance from one row to the next."""
        return {
            "one": "1",
            "vocabulary": "VOCABULARY_ROW",
            "scratch": "SCRATCH_ROW",
            "carry": "SCRATCH_ROW",
            "recent": "RECENT_ROW",
            "packed": "count",
            "history": "row",
        }[place.buffer.kind]


def _factor(row: str) -> str:
    return row if row.isidentifier() or row.isdigit() else f"({row})"


def _times(row: str, stride: str) -> str:
    return "0" if row == "0" else f"{_factor(row)} * {stride}"


def each_column(scope: Scope) -> str:
    """Return the head of the loop over columns, if there are several."""
    return "" if scope.kind == "one" else "for (long j = 0; j < count; j += LANES)"
