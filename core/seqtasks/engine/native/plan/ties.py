"""Find the values that must be the same number wherever a program reads them.

A processor multiplies and adds in one step, without rounding the product, where a compiler sees
both. So `a * b - c` is not zero if `c` is the rounded `a * b`, such as the greatest of several
products; and a sum of a product has other last digits where a compiler keeps the product too. A
value that is compared with itself, or subtracted from itself, is therefore kept in memory.
"""

import itertools
from collections.abc import Iterable

import numpy as np

from seqtasks.engine.graph.node import Columns, Index, Node
from seqtasks.engine.graph.operations import COMPARISONS, OWN_LOOPS

__all__ = ["MOVED", "tied"]

_SUMS = {"add", "subtract"}
MOVED = {"view", "negative", "lookup", "spread", "stopped"}
"""Operations whose numbers are numbers that they take, up to the sign."""
_CHOSEN = {
    *("maximum_of", "maximum", "minimum", "where", "concatenate", "relu", "absolute"),
    *("cumulative_sum", "cumulative_product"),
}
"""Operations that may give a number they take as it is."""


def tied(nodes: Iterable[Node]) -> set[Node]:
    """Return products, and sums of products, that meet numbers of their own.

    Args:
        nodes: the values to compute, each after the values that it takes.
    """
    named: dict[Node, int] = {}
    made_of: dict[tuple[str, ...], int] = {}
    held: dict[Node, int] = {}
    found: set[Node] = set()
    for node in nodes:
        held[node] = 0
        if parts := _parts(node, named):
            named[node] = made_of.setdefault(parts, len(made_of))
            held[node] = 1 << named[node]
        if node.operation in MOVED or node.operation in _CHOSEN or _is_pick(node):
            for source in node.inputs:
                held[node] |= held.get(source, 0)
        if len(node.inputs) != 2 or not (node.operation in _SUMS or node.operation in COMPARISONS):
            continue
        for one, other in (node.inputs, node.inputs[::-1]):
            own = _moved(one)
            of_product = own.operation == "multiply" and node.operation in COMPARISONS
            kept_anyway = own.operation in OWN_LOOPS
            shared = held.get(own, 0) & held.get(other, 0)
            if shared and not kept_anyway and not of_product and not _apart(node):
                found.add(own)
    return found


def _apart(node: Node) -> bool:
    """Say whether a sum's products take different numbers of a matrix, as those of its columns."""
    if node.operation != "add":
        return False
    taken, others = (_columns(source) for source in node.inputs)
    return bool(taken and others) and all(
        matrix is other and not np.intersect1d(rows, more).size
        for (matrix, rows), (other, more) in itertools.product(taken, others)
    )


def _columns(node: Node) -> list[tuple[Node, Index]]:
    """Return the view of a matrix in each product of a sum; nothing if a product has none."""
    found: list[tuple[Node, Index]] = []
    pending = [node]
    while pending:
        one = pending.pop()
        if one.operation == "add":
            pending += one.inputs
            continue
        views = [
            (source.inputs[0], source.index)
            for source in one.inputs
            if source.columns == Columns.ONE and source.index is not None
        ]
        if one.operation != "multiply" or len(views) != 1:
            return []
        found += views
    return found


def _moved(node: Node) -> Node:
    while node.operation in MOVED:
        (node,) = node.inputs
    return node


def _is_pick(node: Node) -> bool:
    """Say whether a sum is of one number and zeros, as where a place is read."""
    return node.operation == "sum" and _moved(node.inputs[0]).operation == "where"


def _parts(node: Node, named: dict[Node, int]) -> tuple[str, ...]:
    """Return what a product, or a sum of products, is made of; nothing for all other values.

    Parts of a value are made of the same, so that a part has the name of the whole.
    """
    if node.operation != "multiply" and node.operation not in _SUMS:
        return ()
    sources = [_moved(source) for source in node.inputs]
    if node.operation != "multiply" and not any(source in named for source in sources):
        return ()
    parts = [f"={named[s]}" if s in named else str(s.number) for s in sources]
    return node.operation, *parts
