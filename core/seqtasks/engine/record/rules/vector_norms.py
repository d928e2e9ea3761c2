"""The rules of norms: 1, 2 and infinity."""

import math
from typing import Any

import torch

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.rules.reductions import reduction, spread

__all__ = ["any_norm", "kind_of_norm", "norm", "vector_norm"]


def norm(graph: Graph, x: Node, keep: int, kind: float = 2.0) -> Node:
    if kind == 1:
        return graph.sum(graph.pointwise("absolute", x), keep)
    if kind == math.inf:
        return graph.maximum_of(graph.pointwise("absolute", x), keep)
    y = graph.pointwise("square_root", graph.sum(graph.multiply(x, x), keep))
    if y.operation == "square_root":  # a root that a cell takes itself has another derivative
        y = graph.make("square_root", y.inputs, y.shape, value="norm")

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        # torch's derivative of the norm of a zero vector is zero
        length = spread(graph, y, x)
        share = graph.divide(x, length)
        share = graph.pointwise("where", graph.pointwise("equal", length, 0.0), 0.0, share)
        return [(x, graph.multiply(spread(graph, g, x), share))]

    return graph.with_pullback(y, pullback)


def vector_norm(
    recorder: Recorder,
    func: Any,
    result: Any,
    x: Any,
    ord: Any = 2,
    dim: Any = None,
    keepdim: bool = False,
    **kwargs: Any,
) -> Any:
    """Record torch.linalg.vector_norm."""
    kind = kind_of_norm(ord)
    return reduction(norm)(recorder, func, result, x, dim, keepdim=keepdim, kind=kind, **kwargs)


def kind_of_norm(kind: Any) -> float:
    """Return a kind of norm that has a rule: 1, 2 or infinity."""
    if kind is None or kind == "fro":
        return 2.0
    if kind not in (1, 2, math.inf):
        raise UnsupportedError("it takes a norm other than 1, 2 or infinity")
    return float(kind)


def any_norm(
    recorder: Recorder,
    func: Any,
    result: Any,
    x: Any,
    p: Any = "fro",
    dim: Any = None,
    keepdim: bool = False,
    **kwargs: Any,
) -> Any:
    kind = kwargs.pop("ord", p)
    kwargs.pop("out", None)
    of_matrix = func is torch.linalg.norm and kind not in (None, "fro")
    if of_matrix and not isinstance(dim, int):
        raise UnsupportedError("it takes a matrix norm other than the Euclidean")
    kind = kind_of_norm(kind)
    return reduction(norm)(recorder, func, result, x, dim, keepdim=keepdim, kind=kind, **kwargs)
