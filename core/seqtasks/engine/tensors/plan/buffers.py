"""The data of a memory plan: buffers, places in them, and the terms of sums."""

from dataclasses import dataclass, field

from seqtasks.engine.graph.index import Strided
from seqtasks.engine.graph.node import Node

__all__ = ["LASTING", "Buffer", "Contraction", "Slot", "Storage", "Term"]

LASTING = ("steps", "states", "stretch", "carry")
"""The kinds of buffers that hold all steps, of a batch or of a stretch."""


@dataclass(frozen=True)
class Buffer:
    """One piece of a program's memory.

    Attributes:
        name: its name in the source.
        kind: `one`, (size,); `vocabulary`, (symbols, size); `scratch`, (batch, size); `steps`,
            (time, batch, size); `states`, one step more than `steps`; `stretch` and `carry`, the
            same two for the steps of one stretch of the backward pass.
        size: the number of elements in a row.
        truth: whether it holds truth values.
        zero: whether part of it is zero from the beginning and stays zero.
    """

    name: str
    kind: str
    size: int
    truth: bool = False
    zero: bool = False


@dataclass(frozen=True)
class Slot:
    """A place in a buffer: where in a row it begins, and how many steps later it is."""

    buffer: Buffer
    first: int = 0
    later: int = 0


@dataclass
class Term:
    """A term of a sum: `value`, `product`, `multiply`, `divide`, or the `boxes` of a view."""

    sign: int
    operation: str
    nodes: tuple[Node, ...]
    transposed: bool = False


@dataclass
class Contraction:
    """A product of a vector (1, summed) and a matrix (summed, kept), for each row of the batch.

    With the matrix on the left, torch takes up to twenty times as long.
    """

    vector: tuple[Node, Strided]
    matrix: tuple[Node, Strided]
    summed: int


@dataclass
class Storage:
    """The places of a program's values.

    Attributes:
        slots: the place of each value with memory.
        buffers: all buffers, by name.
        sums: a sum -> its terms, except the term that is already in its place.
        started: sums whose place already holds a first term.
        contractions: a sum over an axis -> the equivalent product.
        inside: values that are computed only as part of a sum.
        fills: a sum -> the value that is copied to its place before its backward loop.
        merged: (layer, part) -> the sum in whose place the gradient carried back is added.
        preloaded: the keys of `merged` whose place holds a first term before the loop.
        direct: sums over steps that are computed directly into gradients.
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
