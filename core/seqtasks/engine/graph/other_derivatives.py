"""The derivatives of operations that are not pointwise: from a cotangent to its operands'.

Each maps (graph, phases, node, cotangent) to pairs of (operand, its cotangent).
"""

from typing import TYPE_CHECKING

import numpy as np

from seqtasks.engine.graph.node import Columns
from seqtasks.engine.graph.walk import depends_on_trained

if TYPE_CHECKING:
    from seqtasks.engine.graph.build import Graph
    from seqtasks.engine.graph.node import Node
    from seqtasks.engine.graph.phases import Phases

__all__ = [
    "of_concatenate",
    "of_cumulative_product",
    "of_cumulative_sum",
    "of_linear",
    "of_maximum",
    "of_repeated",
    "of_sum",
    "of_symbols",
    "of_view",
]

Pairs = list[tuple["Node", "Node"]]


def of_repeated(graph: "Graph", phases: "Phases", node: "Node", g: "Node") -> Pairs:
    """Return the gradient of a value that is repeated in other columns; `derive` sums them."""
    return [(node.inputs[0], g)]


def of_view(graph: "Graph", phases: "Phases", node: "Node", g: "Node") -> Pairs:
    """Return, for each element of a view's source, the sum over its copies."""
    source, index = node.inputs[0], node.index
    assert index is not None
    used = np.flatnonzero(index >= 0)
    counts = np.bincount(index[used], minlength=source.size)
    most = int(counts.max(initial=0))
    places = np.full((source.size, most), -1, dtype=np.int32)
    if most == 1:
        places[index[used], 0] = used
    else:
        order = used[np.argsort(index[used], kind="stable")]
        rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
        places[index[order], rank] = order
    spread = graph.view(g, places, (source.size, most))
    return [(source, graph.reshape(graph.sum(spread, 1), source.shape))]


def of_concatenate(graph: "Graph", phases: "Phases", node: "Node", g: "Node") -> Pairs:
    """Return, for each part, its part of the gradient."""
    pairs: Pairs = []
    first = 0
    for part in node.inputs:
        places = np.arange(first, first + part.size)
        pairs.append((part, graph.view(g, places, part.shape)))
        first += part.size
    return pairs


def of_sum(graph: "Graph", phases: "Phases", node: "Node", g: "Node") -> Pairs:
    """Return the gradient for each summand."""
    return [(node.inputs[0], _spread(graph, g, node.inputs[0]))]


def of_maximum(graph: "Graph", phases: "Phases", node: "Node", g: "Node") -> Pairs:
    """Return the gradient where the maximum is; equal elements share it."""
    source = node.inputs[0]
    at = graph.pointwise("equal", source, _spread(graph, node, source))
    ties = graph.sum(at, len(node.shape))
    return [(source, graph.multiply(at, _spread(graph, graph.divide(g, ties), source)))]


def of_cumulative_sum(graph: "Graph", phases: "Phases", node: "Node", g: "Node") -> Pairs:
    """Return, for each number, the sum of the gradients from its place on."""
    return [(node.inputs[0], graph.cumulative("sum", g, backwards=True))]


def of_cumulative_product(graph: "Graph", phases: "Phases", node: "Node", g: "Node") -> Pairs:
    """Return the gradients of products up to each place, as torch computes them.

    Before the first zero it is the sum of g y from there on, over the number; at the zero it is a
    sum of products without the zero; after it, it is zero.
    """
    x = node.inputs[0]
    zero = graph.pointwise("equal", x, 0.0)
    zeros = graph.cumulative("sum", zero)
    none, one = (graph.pointwise("equal", zeros, n) for n in (0.0, 1.0))
    weighted = graph.pointwise("where", none, graph.multiply(node, g), 0.0)
    steady = graph.divide(graph.cumulative("sum", weighted, backwards=True), x)
    first = graph.multiply(one, zero)
    # all factors but the first zero, up to the second
    others = graph.pointwise("where", first, 1.0, x)
    others = graph.cumulative("product", others)
    given = graph.pointwise("where", one, graph.multiply(g, others), 0.0)
    total = _spread(graph, graph.sum(given, len(x.shape) - 1), x)
    at_zero = graph.pointwise("where", first, total, 0.0)
    return [(x, graph.pointwise("where", none, steady, at_zero))]


def of_linear(graph: "Graph", phases: "Phases", node: "Node", g: "Node") -> Pairs:
    """Return the gradients of a product's vector and, if it is trained, of its matrix."""
    weight, vector = node.inputs
    pairs = [(vector, graph.linear(weight, g, not node.value))]
    if depends_on_trained(weight):
        pair = (vector, g) if node.value else (g, vector)
        pairs.append((weight, _outer(graph, phases, *pair)))
    return pairs


def of_symbols(graph: "Graph", phases: "Phases", node: "Node", g: "Node") -> Pairs:
    """Return the gradient of an embedding's table."""
    table = node.inputs[0]
    return [(table, graph.make("symbols_back", (g,), table.shape, columns=Columns.ONE))]


def _spread(graph: "Graph", reduced: "Node", like: "Node") -> "Node":
    shape = reduced.shape + (1,) * (len(like.shape) - len(reduced.shape))
    return graph.broadcast(graph.reshape(reduced, shape), like.shape)


def _outer(graph: "Graph", phases: "Phases", g: "Node", vector: "Node") -> "Node":
    """Return the sum of g vᵀ over all columns, the gradient of a matrix."""
    if Columns.VOCABULARY in (g.columns, vector.columns) and Columns.BATCH in (
        g.columns,
        vector.columns,
    ):
        g, vector = graph.aligned([g, vector])
    if g.columns == vector.columns == Columns.ONE:
        a = graph.broadcast(graph.reshape(g, (g.size, 1)), (g.size, vector.size))
        return graph.multiply(a, graph.reshape(vector, (1, vector.size)))
    phase = phases.after(max(g.phase, vector.phase, phases.backward))
    shape = (g.size, vector.size)
    return graph.make("outer", (g, vector), shape, columns=Columns.ONE, phase=phase)
