"""The rules of reductions over features."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.simplify import truth_of
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.recorded_values import Tracked
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.rules.pointwise import Rule

__all__ = [
    "all_of",
    "any_of",
    "axes_last",
    "axes_of",
    "centred",
    "first_of",
    "from_mean",
    "log_sum_exp",
    "maximum_of",
    "mean",
    "minimum_of",
    "of_variance",
    "reduction",
    "spread",
    "standard_deviation",
    "variance",
]


def axes_of(recorder: Recorder, source: Tracked, dim: Any) -> list[int]:
    """Return the axes that a reduction covers, counted within a row."""
    rows = len(recorder.rows) if source.rows else 0
    rank = len(source.node.shape) + rows
    if dim is None or dim == ():
        if source.rows and recorder.rows:
            raise UnsupportedError("its rows mix: it reduces over the batch")
        return list(range(rank))
    dims = [dim] if isinstance(dim, int) else list(dim)
    axes = [d % max(rank, 1) - rows for d in dims]
    if any(axis < 0 for axis in axes):
        raise UnsupportedError("its rows mix: it reduces over the batch")
    return axes


def reduction(compute: Callable[..., Node]) -> Rule:
    """Return the rule of a reduction; `compute` receives the reduced axes last, as one."""

    def rule(
        recorder: Recorder,
        func: Any,
        result: Any,
        x: Any,
        dim: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        keepdim = kwargs.pop("keepdim", args[-1] if args and isinstance(args[-1], bool) else False)
        dim = kwargs.pop("axis", dim)
        if kwargs.pop("dtype", None) is not None:
            raise UnsupportedError("it sums in another type")
        source = recorder.find(x)
        axes = axes_of(recorder, source, dim)
        node = compute(recorder.graph, *axes_last(recorder.graph, source.node, axes), **kwargs)
        if keepdim:
            kept = [1 if a in axes else s for a, s in enumerate(source.node.shape)]
            node = recorder.graph.reshape(node, tuple(kept))
        return node, source.rows

    return rule


def axes_last(graph: Graph, node: Node, axes: list[int]) -> tuple[Node, int]:
    """Return a node with some axes moved to the end, and the number of axes before them."""
    kept = [a for a in range(len(node.shape)) if a not in axes]
    places = graph.places(node).transpose([*kept, *axes])
    return graph.view(node, places, places.shape), len(kept)


def _count(node: Node, keep: int) -> int:
    return math.prod(node.shape[keep:])


def mean(graph: Graph, x: Node, keep: int) -> Node:
    count = _count(x, keep)
    return graph.divide(graph.sum(x, keep), count)


def from_mean(graph: Graph, x: Node, keep: int) -> Node:
    return graph.subtract(x, spread(graph, mean(graph, x, keep), x))


def centred(graph: Graph, x: Node, keep: int) -> Node:
    """Return differences from the mean, which are exactly zero where all numbers are equal.

    The mean of equal numbers may be rounded. So the first number is taken from all of them before.
    """
    if not x.size:
        return x
    first = first_of(graph, x, keep)
    infinite = graph.pointwise("equal", graph.pointwise("absolute", first), math.inf)
    first = graph.pointwise("where", infinite, 0.0, first)
    return from_mean(graph, graph.subtract(x, spread(graph, first, x)), keep)


def first_of(graph: Graph, x: Node, keep: int) -> Node:
    """Return the first number of those that a reduction goes over."""
    graph.round(x)
    return graph.view(x, np.arange(0, x.size, _count(x, keep)), x.shape[:keep])


def spread(graph: Graph, reduced: Node, like: Node) -> Node:
    """Return a reduced value repeated over the axes it was reduced over."""
    shape = reduced.shape + (1,) * (len(like.shape) - len(reduced.shape))
    return graph.broadcast(graph.reshape(reduced, shape), like.shape)


def variance(
    graph: Graph,
    x: Node,
    keep: int,
    correction: Any = 1,
    unbiased: Any = None,
    differences: Node | None = None,
) -> Node:
    """Return the variance; `differences` from the mean are computed if they are not given."""
    if unbiased is not None:
        correction = int(unbiased)
    away = centred(graph, x, keep) if differences is None else differences
    total = graph.sum(graph.multiply(away, away), keep)
    freedom = max(0, _count(x, keep) - correction)
    share = 1 / freedom if freedom else math.inf  # the variance of one number is NaN
    y = graph.multiply(total, share)

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        return [(x, graph.multiply(spread(graph, graph.multiply(g, 2 * share), x), away))]

    return graph.with_pullback(y, pullback)


def of_variance(compute: Callable[..., Node]) -> Rule:
    """Return the rule of a reduction that may receive `unbiased` before `keepdim`."""
    reduced = reduction(compute)

    def rule(
        recorder: Recorder,
        func: Any,
        result: Any,
        x: Any,
        dim: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        given: dict[str, Any] = dict(zip(("unbiased", "keepdim"), args, strict=False))
        if isinstance(dim, bool):
            given, dim = {"unbiased": dim}, None
        if compute is standard_deviation:
            given["squares_overflow"] = recorder.dtype == torch.float64
        return reduced(recorder, func, result, x, dim, **given, **kwargs)

    return rule


def standard_deviation(
    graph: Graph, x: Node, keep: int, squares_overflow: bool = False, **kwargs: Any
) -> Node:
    """Return the root of the variance.

    torch computes it in float64, also of float32, whose squares overflow at 1e20 and vanish at
    1e-23. So there the differences from the mean are brought to a size near 1 before.
    """
    away = centred(graph, x, keep)
    size: Node | float = 1.0
    if not squares_overflow and x.size:
        size = graph.maximum_of(graph.pointwise("absolute", away), keep)
        no_size = graph.pointwise("equal", size, 0.0)
        size = graph.pointwise("where", no_size, 1.0, size)
        scaled = graph.divide(away, spread(graph, size, away))
    else:
        scaled = away
    near_one = graph.pointwise(
        "square_root", variance(graph, x, keep, differences=scaled, **kwargs)
    )
    y = graph.multiply(near_one, size)
    correction = kwargs.get("correction", 1)
    if kwargs.get("unbiased") is not None:
        correction = int(kwargs["unbiased"])
    freedom = max(0, _count(x, keep) - correction)
    share = 1 / freedom if freedom else math.inf

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        # torch's gradient is zero if all numbers are equal
        steep = graph.multiply(graph.divide(g, near_one), share)
        steep = graph.pointwise("where", graph.pointwise("equal", y, 0.0), 0.0, steep)
        return [(x, graph.multiply(spread(graph, steep, x), scaled))]

    return graph.with_pullback(y, pullback)


def maximum_of(graph: Graph, x: Node, keep: int) -> Node:
    return graph.maximum_of(x, keep)


def minimum_of(graph: Graph, x: Node, keep: int) -> Node:
    return graph.pointwise("negative", graph.maximum_of(graph.pointwise("negative", x), keep))


def any_of(graph: Graph, x: Node, keep: int) -> Node:
    """Return 1 where one of the numbers is not zero; NaN is not zero."""
    truths = truth_of(graph, x)
    return graph.maximum_of(truths, keep) if x.size else graph.constant(0.0, x.shape[:keep])


def all_of(graph: Graph, x: Node, keep: int) -> Node:
    """Return 1 where none of the numbers is zero."""
    return graph.subtract(1.0, any_of(graph, graph.pointwise("equal", x, 0.0), keep))


def log_sum_exp(graph: Graph, x: Node, keep: int) -> Node:
    greatest = graph.maximum_of(x, keep)
    # Infinity minus infinity is NaN; infinity minus zero is right.
    size = graph.pointwise("absolute", greatest)
    greatest = graph.pointwise("where", graph.pointwise("equal", size, math.inf), 0.0, greatest)
    powers = graph.pointwise("exp", graph.subtract(x, spread(graph, greatest, x)))
    y = graph.add(graph.pointwise("log", graph.sum(powers, keep)), greatest)

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        shares = graph.pointwise("exp", graph.subtract(x, spread(graph, y, x)))
        return [(x, graph.multiply(spread(graph, g, x), shares))]

    return graph.with_pullback(y, pullback)
