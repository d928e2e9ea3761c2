"""The nodes of a graph, each a value for one row of the batch.

A node's value has a `shape` for one column. `columns` says how many columns there are: one for a
value that depends on weights alone, one for each symbol of the vocabulary for a value that depends
on a token alone, and one for each (time, batch row) for the rest. `phase` says when the value is
computed: the phases of a program follow each other, and a node belongs to the latest phase of its
inputs. This alone decides what runs before, in and after a loop.

Slicing, stacking, broadcasting, shifting and transposing are all one operation, `view`. Its `index`
holds, for each element of the result, the position in the source, or -1 for a zero.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Columns", "Index", "Node", "Order", "Pullback", "Shape"]

Index = NDArray[np.integer[Any]]
Shape = tuple[int, ...]
Order = Literal["sorted stably", "sorted", "greatest first", "greatest"]
"""How places are put in order; see `Graph.order`."""
Pullback = Callable[["Node"], list[tuple["Node", "Node"]]]
"""Maps the cotangent of a node to (input, cotangent) pairs."""


class Columns(IntEnum):
    """How many columns a value has."""

    ONE = 0
    VOCABULARY = 1
    BATCH = 2


@dataclass(eq=False, slots=True, frozen=True)
class Node:
    """A value of the graph. Both engines read it, so no pass changes it.

    Attributes:
        operation: its name: one of POINTWISE, or `view`, `concatenate`, `sum`, `maximum_of`,
            `linear`, `lookup`, or a leaf: `parameter`, `constant`, `state`, ...
        inputs: the nodes it is computed from.
        shape: the shape of one column.
        columns: how many columns there are.
        phase: when it is computed.
        index: for a view, the source of each element; otherwise None.
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
        """The number of rows, the elements of a column."""
        return math.prod(self.shape)

    def __repr__(self) -> str:
        sources = ", ".join(f"%{node.number}" for node in self.inputs)
        about = "" if self.value is None else f" [{self.value}]"
        shape = "x".join(map(str, self.shape))
        return f"%{self.number} = {self.operation}({sources}){about} {shape} phase {self.phase}"
