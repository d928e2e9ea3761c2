"""Find products of two matrices that each row of the batch has of its own."""

from dataclasses import dataclass

import numpy as np

from seqtasks.engine.graph.index import affine
from seqtasks.engine.graph.node import Columns, Index, Node
from seqtasks.engine.native.plan.storage import Storage

__all__ = ["Factor", "ProductByRow", "product_by_row"]

LEAST = 2**15
"""A product that multiplies fewer numbers shares a loop with other values."""


@dataclass(frozen=True)
class Factor:
    """A matrix in memory.

    Attributes:
        node: the value that holds it.
        first: the place of its first number.
        down: how far apart its rows' numbers lie.
        across: how far apart the numbers lie that are summed over.
    """

    node: Node
    first: int
    down: int
    across: int


@dataclass(frozen=True)
class ProductByRow:
    """A sum over `inner` products: result[i][k] = sum over m of one[i][m] other[k][m].

    Attributes:
        rows: the number of rows of the result.
        width: the number of its columns.
        inner: how many products each of its numbers sums.
        one: the factor whose rows are those of the result.
        other: the factor whose rows are the result's columns.
    """

    rows: int
    width: int
    inner: int
    one: Factor
    other: Factor


def product_by_row(storage: Storage, node: Node) -> ProductByRow | None:
    """Return how a sum is a product of two matrices of each row of the batch; None if it is none.

    Args:
        storage: the memory plan, in which both factors have places.
        node: the sum.
    """
    if node.operation != "sum" or node.columns != Columns.BATCH:
        return None
    (source,) = node.inputs
    if source.size < LEAST:
        return None
    product, index = _behind(storage, source, np.arange(source.size))
    if product.operation != "multiply" or product in storage.places:
        return None
    operands = [_behind(storage, given, index) for given in product.inputs]
    if any(operand not in storage.places or places.min() < 0 for operand, places in operands):
        return None
    if any(n.columns != Columns.BATCH or n.operation == "external" for n, _ in operands):
        return None
    inner = source.size // node.size
    operands.sort(key=lambda one: _equal_at_first(one[1][::inner]), reverse=True)
    width = _equal_at_first(operands[0][1][::inner])
    if width < 2 or node.size % width or node.size == width:
        return None
    factors: list[Factor] = []
    for axis, (operand, places) in enumerate(operands):
        pattern = affine(places.reshape(-1, width, inner))
        if pattern is None or pattern.strides[1 - axis] or not pattern.strides[2]:
            return None
        factors.append(Factor(operand, pattern.first, pattern.strides[axis], pattern.strides[2]))
    return ProductByRow(node.size // width, width, inner, factors[0], factors[1])


def _equal_at_first(places: Index) -> int:
    """Return how many places at the beginning are the same."""
    others = np.flatnonzero(places != places[0])
    return int(others[0]) if len(others) else len(places)


def _behind(storage: Storage, node: Node, index: Index) -> tuple[Node, Index]:
    """Return the value that a node rearranges without a place of its own, and the places in it."""
    while node.operation == "view" and node not in storage.places and index.min() >= 0:
        assert node.index is not None
        index, node = node.index[index], node.inputs[0]
    return node, index
