"""Make a view of a value, or of its operands, where that is less to compute."""

from typing import TYPE_CHECKING

import numpy as np

from seqtasks.engine.graph.node import Index, Node, Shape
from seqtasks.engine.graph.operations import POINTWISE
from seqtasks.engine.graph.simplify import is_constant

if TYPE_CHECKING:
    from seqtasks.engine.graph.build import Graph

__all__ = ["made_view"]


def made_view(graph: "Graph", source: Node, index: Index, shape: Shape) -> Node:
    """Return the elements of a node that `index` names; -1 means zero, see `node`."""
    index = np.ascontiguousarray(index, dtype=np.int32).reshape(-1)
    if source.operation == "view":
        assert source.index is not None
        inner = np.append(source.index, np.int32(-1))
        return made_view(graph, source.inputs[0], inner[index], shape)
    if source.operation == "constant" and (is_constant(source, 0) or not (index < 0).any()):
        return graph.constant(source.value, shape)
    if (index < 0).all():
        return graph.constant(0.0, shape)
    if source.operation == "concatenate":
        return _view_of_parts(graph, source, index, shape)
    if source.operation == "lookup" and len(index) <= source.size:
        return graph.lookup(made_view(graph, source.inputs[0], index, shape))
    if shape == source.shape and np.array_equal(index, np.arange(source.size)):
        return source
    if len(index) < source.size and _is_run(index):
        # The slices that are made instead keep their own phase: a gradient that is carried back
        # no longer exists when the loop has ended.
        least, graph.least_phase = graph.least_phase, 0
        before = len(graph.nodes)
        pushed = _pushed_down(graph, source, index, shape)
        graph.least_phase = least
        # The forward pass computes its values whole; the pass back does not compute parts anew.
        anew = source.number < graph.recorded and len(graph.nodes) > before
        if pushed is not None and not anew:
            return pushed
    return graph.make("view", (source,), shape, index=index)


def _view_of_parts(graph: "Graph", source: Node, index: Index, shape: Shape) -> Node:
    first = 0
    for part in source.inputs:
        within = (index >= first) & (index < first + part.size)
        if (within | (index < 0)).all():
            return made_view(graph, part, np.where(within, index - first, -1), shape)
        first += part.size
    if shape == source.shape and np.array_equal(index, np.arange(source.size)):
        return source
    return graph.make("view", (source,), shape, index=index)


def _pushed_down(graph: "Graph", source: Node, index: Index, shape: Shape) -> Node | None:
    """Slice the inputs of a sum, a gate or a product instead of its result."""
    if source in graph.whole:
        return None
    if source.operation in POINTWISE:
        parts = [made_view(graph, n, index, shape) for n in source.inputs]
        return graph.make(source.operation, parts, shape)
    if source.operation == "linear" and len(source.shape) == 1 and len(shape) == 1:
        weight, vector = source.inputs
        rows, width = weight.shape
        if source.value:  # transposed, so the result's rows are the weight's columns
            places = np.arange(rows)[:, None] * width + index
            return graph.linear(made_view(graph, weight, places, (rows, len(index))), vector, True)
        places = index[:, None] * width + np.arange(width)
        return graph.linear(made_view(graph, weight, places, (len(index), width)), vector)
    return None


def _is_run(index: Index) -> bool:
    return bool(index[0] >= 0 and (np.diff(index) == 1).all())
