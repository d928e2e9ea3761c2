"""The rules of reductions over features."""

import math
from collections.abc import Callable
from typing import Any

import torch

from seqtasks.engine.graph import Graph
from seqtasks.engine.nodes import Node
from seqtasks.engine.recording import Recorder, Tracked
from seqtasks.engine.rules_pointwise import Rule
from seqtasks.engine.unsupported import UnsupportedError

__all__ = [
    "any_norm",
    "axes_last",
    "axes_of",
    "from_mean",
    "log_sum_exp",
    "maximum_of",
    "mean",
    "minimum_of",
    "norm",
    "of_variance",
    "reduction",
    "spread",
    "standard_deviation",
    "variance",
]


def axes_of(recorder: Recorder, source: Tracked, dim: Any) -> list[int]:
    """Return the axes a reduction goes over, counted within a row."""
    rows = len(recorder.rows) if source.rows else 0
    rank = len(source.node.shape) + rows
    if dim is None or dim == ():
        if source.rows:
            raise UnsupportedError("its rows mix: it reduces over the batch")
        return list(range(rank))
    dims = [dim] if isinstance(dim, int) else list(dim)
    axes = [d % max(rank, 1) - rows for d in dims]
    if any(axis < 0 for axis in axes):
        raise UnsupportedError("its rows mix: it reduces over the batch")
    return axes


def reduction(compute: Callable[..., Node]) -> Rule:
    """Return the rule of a reduction; `compute` gets the reduced axes last, as one."""

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
    """Return a node with some axes moved to the end, and how many come before them."""
    kept = [a for a in range(len(node.shape)) if a not in axes]
    places = graph.places(node).transpose([*kept, *axes])
    return graph.view(node, places, places.shape), len(kept)


def _count(node: Node, keep: int) -> int:
    return math.prod(node.shape[keep:])


def mean(graph: Graph, x: Node, keep: int) -> Node:
    return graph.multiply(graph.sum(x, keep), 1 / _count(x, keep))


def from_mean(graph: Graph, x: Node, keep: int) -> Node:
    return graph.subtract(x, spread(graph, mean(graph, x, keep), x))


def spread(graph: Graph, reduced: Node, like: Node) -> Node:
    """Return a reduced value repeated over the axes it was reduced over."""
    shape = reduced.shape + (1,) * (len(like.shape) - len(reduced.shape))
    return graph.broadcast(graph.reshape(reduced, shape), like.shape)


def variance(graph: Graph, x: Node, keep: int, correction: Any = 1, unbiased: Any = None) -> Node:
    if unbiased is not None:
        correction = int(unbiased)
    centred = from_mean(graph, x, keep)
    total = graph.sum(graph.multiply(centred, centred), keep)
    return graph.multiply(total, 1 / max(0, _count(x, keep) - correction))


def of_variance(compute: Callable[..., Node]) -> Rule:
    """Return the rule of a reduction that may get `unbiased` before `keepdim`."""
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
        given = dict(zip(("unbiased", "keepdim"), args, strict=False))
        if isinstance(dim, bool):
            given, dim = {"unbiased": dim}, None
        return reduced(recorder, func, result, x, dim, **given, **kwargs)

    return rule


def standard_deviation(graph: Graph, x: Node, keep: int, **kwargs: Any) -> Node:
    return graph.pointwise("square_root", variance(graph, x, keep, **kwargs))


def norm(graph: Graph, x: Node, keep: int, p: float = 2.0, ord: Any = None) -> Node:
    if (p if ord is None else ord) not in (2, 2.0, "fro"):
        raise UnsupportedError("it takes a norm other than the Euclidean")
    total = graph.sum(graph.multiply(x, x), keep)
    root = graph.pointwise("square_root", total)
    # torch's gradient of the norm of a zero vector is zero
    safe = graph.pointwise("where", graph.pointwise("equal", total, 0.0), 1.0, total)
    positive = graph.pointwise("square_root", safe)
    return graph.pointwise("where", graph.pointwise("equal", root, 0.0), 0.0, positive)


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
    spectral = func is torch.linalg.norm and kind == 2 and not isinstance(dim, int)
    if spectral or kind not in (None, 2, "fro"):
        raise UnsupportedError("it takes a norm other than the Euclidean")
    return reduction(norm)(recorder, func, result, x, dim, keepdim=keepdim, **kwargs)


def maximum_of(graph: Graph, x: Node, keep: int) -> Node:
    return graph.maximum_of(x, keep)


def minimum_of(graph: Graph, x: Node, keep: int) -> Node:
    return graph.pointwise("negative", graph.maximum_of(graph.pointwise("negative", x), keep))


def log_sum_exp(graph: Graph, x: Node, keep: int) -> Node:
    greatest = graph.pointwise("stopped", graph.maximum_of(x, keep))
    # Infinite less infinite is no number; zero less infinite is right.
    size = graph.pointwise("absolute", greatest)
    greatest = graph.pointwise("where", graph.pointwise("equal", size, math.inf), 0.0, greatest)
    powers = graph.pointwise("exp", graph.subtract(x, spread(graph, greatest, x)))
    return graph.add(graph.pointwise("log", graph.sum(powers, keep)), greatest)
