"""The nodes of a graph, each a value for one row of the batch.

A node's value has a `shape` for one column; how many columns there are is its `columns`: one for
what depends on weights alone, one for each symbol of the vocabulary for what depends on a token
alone, and one for each (time, batch row) for the rest. Its `phase` says when it is computed: the
phases of a program follow each other, and a node belongs to the latest phase of its inputs. That
is the whole analysis of what runs before, in and after a loop.

Slicing, stacking, broadcasting, shifting and transposing all are one operation, `view`, whose
`index` holds for each element of the result the place of its source, or -1 for a zero.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Columns", "Index", "Node", "Pullback", "Shape", "reached"]

Index = NDArray[np.integer[Any]]
Shape = tuple[int, ...]
Pullback = Callable[["Node"], list[tuple["Node", "Node"]]]
"""From the cotangent of a node to (input, cotangent) pairs."""


class Columns(IntEnum):
    """How many columns a value has."""

    ONE = 0
    VOCABULARY = 1
    BATCH = 2


@dataclass(eq=False, slots=True)
class Node:
    """A value of the graph.

    Attributes:
        operation: its name: one of POINTWISE, or `view`, `concatenate`, `sum`, `maximum_of`,
            `linear`, `lookup`, or a leaf: `parameter`, `constant`, `state`, ...
        inputs: what it is computed from.
        shape: of one column.
        columns: how many columns.
        phase: when it is computed.
        index: for a view, the source of each element; else None.
        value: a constant's number, a leaf's key, `linear`'s transposition.
        number: its place in the order of making.
    """

    operation: str
    inputs: tuple["Node", ...]
    shape: Shape
    columns: Columns
    phase: int
    index: Index | None
    value: Any
    number: int

    @property
    def size(self) -> int:
        """Rows: numbers in a column."""
        return math.prod(self.shape)

    def __repr__(self) -> str:
        sources = ", ".join(f"%{node.number}" for node in self.inputs)
        about = "" if self.value is None else f" [{self.value}]"
        shape = "x".join(map(str, self.shape))
        return f"%{self.number} = {self.operation}({sources}){about} {shape} phase {self.phase}"


def reached(roots: Iterable[Node], sources: Callable[[Node], Iterable[Node]]) -> set[Node]:
    """Return some nodes, and all that are reached from one to its sources."""
    seen: set[Node] = set()
    pending = list(roots)
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            pending.extend(sources(node))
    return seen
