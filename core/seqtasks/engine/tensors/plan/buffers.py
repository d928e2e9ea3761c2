"""The data of a memory plan: buffers, places in them, and the terms of sums."""

from dataclasses import dataclass, field

from seqtasks.engine.graph.index import Strided
from seqtasks.engine.graph.node import Node

__all__ = ["LASTING", "Buffer", "Contraction", "Slot", "Storage", "Term"]

LASTING = ("steps", "states", "stretch", "carry")
"""Kinds of buffers with all steps, of a batch or of a stretch."""


@dataclass(frozen=True)
class Buffer:
    """Memory of a program.

    Attributes:
        name: in the source.
        kind: `one`, (size,); `vocabulary`, (symbols, size); `scratch`, (batch, size); `steps`,
            (time, batch, size); `states`, one step more; `stretch` and `carry`, the same for the
            steps of a stretch of the pass back.
        size: numbers in a row.
        truth: whether it holds truth values.
        zero: whether some of it is zero from the beginning, and stays so.
    """

    name: str
    kind: str
    size: int
    truth: bool = False
    zero: bool = False


@dataclass(frozen=True)
class Slot:
    """A place in a buffer: where in a row it begins, and how many steps later it lies."""

    buffer: Buffer
    first: int = 0
    later: int = 0


@dataclass
class Term:
    """A term of a sum: a `value`, a `product`, `multiply` or `divide`, or a view's `boxes`."""

    sign: int
    operation: str
    nodes: tuple[Node, ...]
    transposed: bool = False


@dataclass
class Contraction:
    """A product of a vector (1, summed) and a matrix (summed, kept), for each row of the batch.

    With a matrix to the left, torch takes up to twenty times as long.
    """

    vector: tuple[Node, Strided]
    matrix: tuple[Node, Strided]
    summed: int


@dataclass
class Storage:
    """Where a program's values lie.

    Attributes:
        slots: of each value with memory.
        buffers: all, by name.
        sums: a sum -> its terms, without what lies in its place already.
        started: sums whose place holds a first term.
        contractions: sum over an axis -> the product that it is.
        inside: values that are computed only as part of a sum.
        fills: sum -> what is copied to its place before its loop back.
        merged: (layer, part) -> the sum whose place the gradient carried back is added to.
        preloaded: those of them whose place holds a first term before the loop.
        direct: sums over steps that are computed right into gradients.
    """

    slots: dict[Node, Slot] = field(default_factory=dict[Node, Slot])
    buffers: dict[str, Buffer] = field(default_factory=dict[str, Buffer])
    sums: dict[Node, list[Term]] = field(default_factory=dict[Node, list[Term]])
    started: set[Node] = field(default_factory=set[Node])
    contractions: dict[Node, Contraction] = field(default_factory=dict[Node, Contraction])
    inside: set[Node] = field(default_factory=set[Node])
    fills: dict[Node, Node] = field(default_factory=dict[Node, Node])
    merged: dict[tuple[int, int], Node] = field(default_factory=dict[tuple[int, int], Node])
    preloaded: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    direct: set[Node] = field(default_factory=set[Node])

    def buffer(
        self, name: str, kind: str, size: int, truth: bool = False, zero: bool = False
    ) -> Buffer:
        """Return a new buffer."""
        assert name not in self.buffers, name
        self.buffers[name] = Buffer(name, kind, size, truth, zero)
        return self.buffers[name]
