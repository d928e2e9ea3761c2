"""Take factors out of a sum of products: S (u wᵀ) is (S u) wᵀ.

Written out, a product of two matrices of n × n numbers for each row of the batch is n³ products. If
one of the matrices is itself an outer product, two sums of n² products give the same.
"""

import math

import numpy as np

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Index, Node

__all__ = ["factored"]

Factor = tuple[Node, Index]
"""A value, and its element in each place of the product that it is a factor of."""


def factored(
    graph: Graph, node: Node, letters: str, summed: set[str], others: str
) -> tuple[Node, str, Node, str] | None:
    """Part a factor of a sum of products into what is summed and what multiplies the sum.

    Args:
        graph: receives new nodes.
        node: the factor.
        letters: the letter of each of its axes.
        summed: the letters over which the sum goes.
        others: the letters of the sum's other factor.

    Returns:
        What is summed with the other factor, and its letters; what multiplies the sum, and its
        letters. None if the factor is no such product, or if to part it would save nothing.
    """
    shape = node.shape
    axes = {letter for letter, size in zip(letters, shape, strict=True) if size > 1}
    if not axes & summed or node.operation not in ("multiply", "view"):
        return None
    factors = _factors(graph, node, graph.places(node))
    outside = [f for f in factors if not _varies_along(f, letters) & summed]
    inside = [f for f in factors if _varies_along(f, letters) & summed]
    varies = set[str]().union(*(_varies_along(f, letters) for f in inside))
    if not outside or not inside or not axes - varies - summed - set(others):
        return None
    alone = "".join(c for c in letters if c in varies or c in others or c in summed)
    rest = "".join(c for c in letters if c not in summed)
    return (
        _product(graph, inside, letters, alone),
        alone,
        _product(graph, outside, letters, rest),
        rest,
    )


def _factors(graph: Graph, node: Node, places: Index) -> list[Factor]:
    """Return the values whose product gives the elements of a node at some places."""
    if node.operation == "view":
        assert node.index is not None
        inner = node.index[places]
        if (places < 0).any() or (inner < 0).any():
            return [(node, places)]
        return _factors(graph, node.inputs[0], inner)
    own = node in graph.whole or node in graph.rounded or node in graph.pullbacks
    if node.operation == "multiply" and not own:
        return [found for source in node.inputs for found in _factors(graph, source, places)]
    return [(node, places)]


def _varies_along(factor: Factor, letters: str) -> set[str]:
    """Return the axes along which a factor has more than one number."""
    node, places = factor
    if node.operation == "constant":
        return set()
    return {c for axis, c in enumerate(letters) if np.diff(places, axis=axis).any()}


def _product(graph: Graph, factors: list[Factor], letters: str, kept: str) -> Node:
    """Return a product of factors for some axes alone; no factor varies along the other axes."""
    first = tuple(slice(None) if c in kept else 0 for c in letters)
    parts = [graph.view(node, places[first], places[first].shape) for node, places in factors]
    # the smallest first, so that few numbers are multiplied before they are spread
    parts.sort(key=lambda part: math.prod(part.shape))
    total = parts[0]
    for part in parts[1:]:
        total = graph.multiply(total, part)
    return total
