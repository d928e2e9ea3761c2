"""The rules of norms over features."""

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
    if kind != 2:
        return _norm_of_powers(graph, x, keep, kind)
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


def _norm_of_powers(graph: Graph, x: Node, keep: int, kind: float) -> Node:
    size = graph.pointwise("absolute", x)
    total = graph.sum(graph.pointwise("power", size, kind), keep)
    y = graph.apart(graph.pointwise("power", total, 1 / kind), "norm")

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        # as torch: of a zero vector it is zero
        length = spread(graph, y, x)
        steep = graph.multiply(x, graph.pointwise("power", size, kind - 2))
        if kind < 2:
            steep = graph.pointwise("where", graph.pointwise("equal", x, 0.0), 0.0, steep)
        share = graph.divide(steep, graph.pointwise("power", length, kind - 1))
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
    """Return a kind of norm that has a rule: infinity or a number of 1 or more."""
    if kind is None or kind == "fro":
        return 2.0
    if not isinstance(kind, int | float) or not kind >= 1:
        raise UnsupportedError("it takes a norm other than those of 1 and more")
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
