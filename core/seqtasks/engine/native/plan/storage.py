"""The memory of a program: its buffers, and the places of values in them."""

from dataclasses import dataclass, field

from seqtasks.engine.graph.node import Node

__all__ = ["Buffer", "Place", "Storage", "inputs_of"]


@dataclass
class Buffer:
    """One piece of a program's memory.

    Attributes:
        name: its name in the C.
        rows: the number of rows.
        kind: `one` column; `vocabulary`; `scratch`, a block of columns for one step; `history`, all
            columns of all steps and one step more; `packed`, the same, but at each step the rows
            of a block of columns follow each other; `carry`, two blocks in turn; `recent`, the
            last few steps, after which sums over steps take them in.
    """

    name: str
    rows: int
    kind: str


@dataclass
class Place:
    """The place of a node's value: a buffer, its delay in steps, its first row.

    A place `ahead` is in the block of a carried buffer that the step writes.
    """

    buffer: Buffer
    shift: int = 0
    first: int = 0
    ahead: bool = False


@dataclass
class Storage:
    """The memory plan of a program.

    Attributes:
        places: node -> its place.
        buffers: all buffers, by name.
        sums: a sum -> its terms; one term joins the sum's products.
        stacked: product -> the products computed together with it. They share a vector, and both
            their results and their blocks of one matrix lie one below the other in memory.
        in_portions: whether sums over steps are made every few steps of a backward loop.
        sums_by_step: whether sums over columns are made at each step, of a vector or two.
        loops_back: the phases of the backward loops.
    """

    places: dict[Node, Place] = field(default_factory=dict[Node, Place])
    buffers: dict[str, Buffer] = field(default_factory=dict[str, Buffer])
    sums: dict[Node, list[Node]] = field(default_factory=dict[Node, list[Node]])
    live: list[Node] = field(default_factory=list[Node])
    stacked: dict[Node, list[Node]] = field(default_factory=dict[Node, list[Node]])
    in_portions: bool = False
    sums_by_step: bool = False
    loops_back: frozenset[int] = frozenset()

    def buffer(self, name: str, rows: int, kind: str) -> Buffer:
        """Return a new buffer."""
        assert name not in self.buffers, name
        self.buffers[name] = Buffer(name, rows, kind)
        return self.buffers[name]


def inputs_of(storage: Storage, node: Node) -> list[Node]:
    """Return the nodes from which a node is computed; the products of a sum are joined."""
    return storage.sums.get(node) or list(node.inputs)
