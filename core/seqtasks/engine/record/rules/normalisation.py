"""The rules of softmax and of normalisation over features."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.rules.pointwise import Outcome, Rule, clamp
from seqtasks.engine.record.rules.reductions import (
    axes_last,
    axes_of,
    first_of,
    from_mean,
    mean,
    spread,
)
from seqtasks.engine.record.rules.vector_norms import kind_of_norm, norm

__all__ = [
    "layer_norm",
    "log_softmax_last",
    "normalised_last",
    "normalize",
    "rms_norm",
    "softmax",
    "softmax_last",
    "softmin_last",
]


def _over_axes(compute: Callable[..., Node]) -> Callable[[Recorder, Any, list[int]], Outcome]:
    """Return a function that moves axes to the end, computes there, and moves them back."""

    def apply(recorder: Recorder, x: Any, axes: list[int], *args: Any) -> Outcome:
        source = recorder.find(x)
        graph, rank = recorder.graph, len(source.node.shape)
        kept = [a for a in range(rank) if a not in axes]
        node = compute(graph, *axes_last(graph, source.node, axes), *args)
        places = graph.places(node).transpose(np.argsort([*kept, *axes]))
        return graph.view(node, places, places.shape), source.rows

    return apply


def softmax_last(graph: Graph, x: Node, keep: int) -> Node:
    greatest = graph.pointwise("stopped", graph.maximum_of(x, keep))
    powers = graph.pointwise("exp", graph.subtract(x, spread(graph, greatest, x)))
    y = graph.divide(powers, spread(graph, graph.sum(powers, keep), powers))

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        total = spread(graph, graph.sum(graph.multiply(g, y), keep), y)
        return [(x, graph.multiply(y, graph.subtract(g, total)))]

    graph.pullbacks[y] = pullback
    return y


def softmin_last(graph: Graph, x: Node, keep: int) -> Node:
    return softmax_last(graph, graph.pointwise("negative", x), keep)


def log_softmax_last(graph: Graph, x: Node, keep: int) -> Node:
    greatest = graph.pointwise("stopped", graph.maximum_of(x, keep))
    # subtract the maximum first: the logarithm alone would be lost to rounding beside large numbers
    lowered = graph.subtract(x, spread(graph, greatest, x))
    total = graph.pointwise("log", graph.sum(graph.pointwise("exp", lowered), keep))
    y = graph.subtract(lowered, spread(graph, total, x))

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        whole = spread(graph, graph.sum(g, keep), x)
        return [(x, graph.subtract(g, graph.multiply(graph.pointwise("exp", y), whole)))]

    graph.pullbacks[y] = pullback
    return y


def normalised_last(graph: Graph, x: Node, keep: int, epsilon: float) -> Node:
    first = first_of(graph, x, keep)
    away = from_mean(graph, graph.subtract(x, spread(graph, first, x)), keep)
    variance = mean(graph, graph.multiply(away, away), keep)
    deviation = graph.pointwise("square_root", graph.add(variance, epsilon))
    # where squares overflow it is no number, as in torch
    squares = graph.add(graph.multiply(first, first), variance)
    scale = graph.add(graph.divide(1.0, deviation), graph.multiply(squares, 0.0))
    scale = spread(graph, scale, x)
    y = graph.multiply(away, scale)

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        along = spread(graph, mean(graph, graph.multiply(g, y), keep), x)
        rest = graph.subtract(from_mean(graph, g, keep), graph.multiply(y, along))
        return [(x, graph.multiply(scale, rest))]

    graph.pullbacks[y] = pullback
    return y


def softmax(compute: Callable[..., Node]) -> Rule:
    def rule(
        recorder: Recorder,
        func: Any,
        result: Tensor,
        x: Any,
        dim: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> Outcome:
        if dim is None or kwargs.get("dtype") is not None:
            raise UnsupportedError("it takes a softmax without an axis or in another type")
        return _over_axes(compute)(recorder, x, axes_of(recorder, recorder.find(x), dim))

    return rule


def layer_norm(
    recorder: Recorder,
    func: Any,
    result: Tensor,
    x: Any,
    normalized_shape: Any,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    *args: Any,
) -> Outcome:
    source, graph = recorder.find(x), recorder.graph
    rank = len(source.node.shape)
    node = normalised_last(graph, source.node, rank - len(normalized_shape), eps)
    return _scaled(recorder, node, weight, bias), source.rows


def _scaled(recorder: Recorder, node: Node, weight: Any, bias: Any = None) -> Node:
    """Return a value times a weight, plus a bias, each if there is one."""
    if weight is not None:
        node = recorder.graph.multiply(node, recorder.find(weight).node)
    if bias is not None:
        node = recorder.graph.add(node, recorder.find(bias).node)
    return node


def rms_norm(
    recorder: Recorder,
    func: Any,
    result: Tensor,
    x: Any,
    normalized_shape: Any,
    weight: Any = None,
    eps: Any = None,
) -> Outcome:
    source, graph = recorder.find(x), recorder.graph
    keep = len(source.node.shape) - len(normalized_shape)
    epsilon = torch.finfo(recorder.dtype).eps if eps is None else eps
    square = mean(graph, graph.multiply(source.node, source.node), keep)
    root = graph.pointwise("square_root", graph.add(square, epsilon))
    node = graph.multiply(source.node, spread(graph, graph.divide(1.0, root), source.node))
    return _scaled(recorder, node, weight), source.rows


def normalize(
    recorder: Recorder,
    func: Any,
    result: Tensor,
    x: Any,
    p: float = 2.0,
    dim: int = 1,
    eps: float = 1e-12,
    **kwargs: Any,
) -> Outcome:
    kind = kind_of_norm(p)

    def compute(graph: Graph, node: Node, keep: int) -> Node:
        length = clamp(graph, norm(graph, node, keep, kind), eps)
        return graph.divide(node, spread(graph, length, node))

    return _over_axes(compute)(recorder, x, axes_of(recorder, recorder.find(x), dim))
