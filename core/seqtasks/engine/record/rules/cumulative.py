"""The rules of products along an axis, and of logarithms of sums of exponentials along it."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.unsupported import UnsupportedError, check_spread
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.rules.places import counted, last, moved_back
from seqtasks.engine.record.rules.pointwise import Rule
from seqtasks.engine.record.rules.reductions import axes_of, spread

__all__ = ["along", "cumulative_product", "cumulative_sum", "log_sum_exps", "product_of"]


def along(compute: Callable[..., Node]) -> Rule:
    """Return the rule of a function along one axis; `compute` receives the axis last."""

    def rule(
        recorder: Recorder, func: Any, result: Any, x: Any, dim: Any = None, **kwargs: Any
    ) -> Any:
        if kwargs or not isinstance(dim, int):
            raise UnsupportedError(f"it calls {func.__name__} with options")
        source, graph = recorder.find(x), recorder.graph
        (axis,) = axes_of(recorder, source, dim)
        node = last(graph, source.node, axis)
        if not node.size:
            return source.node, source.rows
        return moved_back(graph, compute(graph, node), axis), source.rows

    return rule


def _pairs(graph: Graph, x: Node) -> tuple[Node, tuple[int, ...]]:
    """Return x_j spread over (..., i, j)."""
    size = x.shape[-1]
    shape = (*x.shape[:-1], size, size)
    check_spread(shape, "combines all numbers along an axis that is too long")
    return graph.broadcast(graph.reshape(x, (*x.shape[:-1], 1, size)), shape), shape


def _part(graph: Graph, x: Node, first: int, end: int) -> Node:
    places = graph.places(x)[..., first:end]
    return graph.view(x, places, places.shape)


def _folded(graph: Graph, x: Node) -> Node:
    """Return the product over the last axis."""
    size = x.shape[-1]
    while size > 1:
        half = size // 2
        both = graph.multiply(_part(graph, x, 0, half), _part(graph, x, half, 2 * half))
        rest = _part(graph, x, 2 * half, size)
        x = _joined(graph, [both, rest]) if size % 2 else both
        size = x.shape[-1]
    return graph.reshape(x, x.shape[:-1])


def _joined(graph: Graph, parts: list[Node]) -> Node:
    """Join values along their last axis."""
    whole = graph.concatenate([graph.reshape(p, (p.size,)) for p in parts])
    first = np.cumsum([0, *(p.size for p in parts)])
    places = [graph.places(p) + int(at) for p, at in zip(parts, first, strict=False)]
    index = np.concatenate(places, -1)
    return graph.view(whole, index, index.shape)


def product_of(graph: Graph, x: Node, keep: int) -> Node:
    """Return the product over the axes after the first `keep`.

    The gradient of each factor is the product of the others. torch divides the product by the
    factor unless a row of the batch has a zero: the same but for infinities.
    """
    shape = x.shape[:keep]
    count = math.prod(x.shape[keep:])
    if not count:
        return graph.constant(1.0, shape)
    flat = graph.reshape(x, (*shape, count))
    y = _folded(graph, flat)
    y = graph.apart(y, "product")

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        wide, of = _pairs(graph, flat)
        own = graph.pointwise("equal", counted(graph, of, -1), counted(graph, of, -2))
        others = _folded(graph, graph.pointwise("where", own, 1.0, wide))
        return [(flat, graph.multiply(spread(graph, g, flat), others))]

    return graph.with_pullback(y, pullback)


def cumulative_product(graph: Graph, x: Node) -> Node:
    return graph.cumulative("product", x)


def cumulative_sum(graph: Graph, x: Node) -> Node:
    return graph.cumulative("sum", x)


def log_sum_exps(
    recorder: Recorder, func: Any, result: Any, x: Any, dim: Any = None, **kwargs: Any
) -> Any:
    """Record logcumsumexp."""
    compute = _log_sum_exps(recorder.dtype)
    return along(compute)(recorder, func, result, x, dim, **kwargs)


def _log_sum_exps(dtype: torch.dtype) -> Callable[[Graph, Node], Node]:
    lowest = torch.finfo(dtype).min

    def compute(graph: Graph, x: Node) -> Node:
        y = graph.apart(graph.cumulative("log_sum_exp", x), "running logarithm")

        def pullback(g: Node) -> list[tuple[Node, Node]]:
            size = graph.pointwise("log", graph.pointwise("absolute", g))

            def part(comparison: str) -> Node:
                chosen = graph.pointwise(comparison, g, 0.0)
                logs = graph.pointwise("where", chosen, size, lowest)
                after = graph.cumulative("log_sum_exp", graph.subtract(logs, y), backwards=True)
                return graph.pointwise("exp", graph.add(after, x))

            return [(x, graph.subtract(part("greater"), part("less")))]

        return graph.with_pullback(y, pullback)

    return compute
