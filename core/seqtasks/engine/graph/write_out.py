"""Copy a graph in which some products with a matrix are sums of products of numbers."""

from collections.abc import Set
from dataclasses import replace

import numpy as np

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Index, Node, Shape

__all__ = ["written_out"]


def written_out(graph: Graph, products: Set[Node]) -> tuple[Graph, dict[Node, Node]]:
    """Return a graph of new nodes without some products, and of each node its copy.

    Numbers change, and a node that is made from now on is never one that is there already.

    Args:
        graph: the graph, which stays as it is.
        products: nodes of the operation `linear`; their copies are sums.
    """
    new = graph.emptied()
    copies: dict[Node, Node] = {}
    for node in graph.nodes:
        inputs = tuple(copies[source] for source in node.inputs)
        if node in products:
            copies[node] = _as_sum(new, node, *inputs)
        else:
            copies[node] = replace(node, inputs=inputs, number=len(new.nodes))
            new.nodes.append(copies[node])
    new.mark_as(graph, copies)
    return new, copies


def _as_sum(graph: Graph, product: Node, weight: Node, vector: Node) -> Node:
    """Return the sum over a vector's numbers, each times a column of the matrix."""
    places = np.arange(weight.size, dtype=np.int32).reshape(weight.shape)
    columns = places if product.value else places.T
    total: Node | None = None
    for number, column in enumerate(columns):
        one = _view(graph, weight, column, product.shape)
        other = _view(graph, vector, np.full(product.size, number, dtype=np.int32), product.shape)
        term = graph.make("multiply", (one, other), product.shape, phase=product.phase)
        total = term if total is None else graph.make("add", (total, term), product.shape)
    assert total is not None
    return total


def _view(graph: Graph, source: Node, index: Index, shape: Shape) -> Node:
    if source.index is not None:  # a view of a view is one view
        return _view(graph, source.inputs[0], np.append(source.index, -1)[index], shape)
    return graph.make("view", (source,), shape, index=np.ascontiguousarray(index, dtype=np.int32))
