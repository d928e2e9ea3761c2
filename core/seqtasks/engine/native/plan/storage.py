"""The memory of a program: its buffers, and the places of values in them."""

from dataclasses import dataclass, field

from seqtasks.engine.graph.node import Node

__all__ = ["LEAVES", "OWN_LOOPS", "SUMS", "Buffer", "Place", "Storage", "inputs_of"]

OWN_LOOPS = {
    "linear",
    "sum",
    "maximum_of",
    "outer",
    "sum_of_columns",
    "sum_by_symbol",
    "symbols",
    "symbols_back",
    "products",
}
"""Operations with loops of their own, whose result is always kept."""
SUMS = ("outer", "sum_of_columns", "sum_by_symbol")
"""Sums over the columns of all steps."""
LEAVES = {
    "parameter",
    "constant",
    "state",
    "carried",
    "back",
    "external",
    "inputs",
    "running",
    "cotangent",
    "initial_back",
}


@dataclass
class Buffer:
    """Memory of a program.

    Attributes:
        name: in the C.
        rows: how many.
        kind: `one` column; `vocabulary`; `scratch`, a block of columns, for one step; `history`,
            all columns of all steps and one step more; `carry`, two blocks in turn; `recent`, the
            last few steps, after which what is summed over steps is added up.
    """

    name: str
    rows: int
    kind: str


@dataclass
class Place:
    """Where a node's value is: a buffer, how many steps later than its own, its first row."""

    buffer: Buffer
    shift: int = 0
    first: int = 0


@dataclass
class Storage:
    """What is kept.

    Attributes:
        places: node -> where it is.
        buffers: all of them, by name.
        sums: a sum -> its terms, of which the products are one.
        stacked: products -> those of the same vector that lie one below the other in memory, by
            blocks of one matrix that do too: they are one product.
    """

    places: dict[Node, Place] = field(default_factory=dict[Node, Place])
    buffers: dict[str, Buffer] = field(default_factory=dict[str, Buffer])
    sums: dict[Node, list[Node]] = field(default_factory=dict[Node, list[Node]])
    live: list[Node] = field(default_factory=list[Node])
    stacked: dict[Node, list[Node]] = field(default_factory=dict[Node, list[Node]])
    in_portions: bool = False

    def buffer(self, name: str, rows: int, kind: str) -> Buffer:
        """Return a new buffer."""
        assert name not in self.buffers, name
        self.buffers[name] = Buffer(name, rows, kind)
        return self.buffers[name]


def inputs_of(storage: Storage, node: Node) -> list[Node]:
    """Return what a node is computed from, products of a sum being joined."""
    return storage.sums.get(node) or list(node.inputs)
