"""Find operands of products and look-ups that lie in the memory of something else."""

import numpy as np

from seqtasks.engine.graph import index
from seqtasks.engine.graph.node import Columns, Index, Node
from seqtasks.engine.graph.operations import FROM_MEMORY

__all__ = [
    "block_of",
    "follow_each_other",
    "in_memory",
    "looked_up",
    "operands_in_memory",
    "rectangle",
]


def block_of(weight: Node) -> tuple[Node, int, int] | None:
    """Return (matrix, first position, row stride) for whole or partial rows of a matrix."""
    base, positions = in_memory(weight)
    if positions is None:
        return base, 0, weight.shape[1]
    found = rectangle(weight)
    if found is None or found[2] != 1:
        return None
    return base, found[0], found[1]


def follow_each_other(weights: list[Node]) -> bool:
    """Say whether matrices are blocks of one matrix, each below the one before."""
    blocks = [block_of(weight) for weight in weights]
    for weight, above, below in zip(weights[:-1], blocks[:-1], blocks[1:], strict=True):
        if above is None or below is None or above[0] is not below[0] or above[2] != below[2]:
            return False
        if below[1] != above[1] + weight.shape[0] * above[2]:
            return False
    return len({weight.shape[1] for weight in weights}) == 1


def operands_in_memory(node: Node) -> list[Node]:
    """Return the operands of a node that its loops read from memory."""
    return list(node.inputs) if node.operation in FROM_MEMORY else []


def in_memory(node: Node) -> tuple[Node, "Index | None"]:
    """Return the node whose memory holds an operand, and the operand's positions there.

    A view is in its source's memory if it is a rectangle of it; see `rectangle`.
    """
    if node.operation == "view" and rectangle(node) is not None:
        return node.inputs[0], node.index
    return node, None


def looked_up(lookup: Node) -> tuple[Node, "Index | None"]:
    """Return the table in memory that a lookup reads, and the rows it reads."""
    (table,) = lookup.inputs
    if table.operation == "view" and table.index is not None and not (table.index < 0).any():
        return table.inputs[0], table.index
    return table, None


def rectangle(node: Node) -> tuple[int, int, int] | None:
    """Return (first, row stride, column stride) of a view, or None if it must be copied."""
    assert node.index is not None
    rows, width = node.shape if len(node.shape) == 2 else (node.size, 1)
    found = index.rectangle(node.index, rows, width, width)
    if found is None or node.columns == Columns.ONE:
        return found
    # the rows of values with several columns must follow each other in memory
    together = np.array_equal(node.index, found[0] + np.arange(node.size))
    return found if together else None
