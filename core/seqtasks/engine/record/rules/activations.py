"""The rules of activation functions."""

import math

import numpy as np

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.unsupported import UnsupportedError

__all__ = [
    "celu",
    "elu",
    "gelu",
    "hard_sigmoid",
    "hard_swish",
    "hard_tanh",
    "leaky",
    "prelu",
    "selu",
    "silu",
    "softplus",
]

_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805

_SIXTH = float(np.float32(1 / 6))
"""One sixth as torch's backward pass of hardsigmoid uses it, in all types."""


def leaky(
    graph: Graph, x: Node, negative_slope: Node | float = 0.01, inplace: bool = False
) -> Node:
    positive = graph.pointwise("greater", x, 0.0)
    return graph.pointwise("where", positive, x, graph.multiply(x, negative_slope))


def elu(graph: Graph, x: Node, alpha: float = 1.0, inplace: bool = False) -> Node:
    return _exponential_below(graph, x, alpha, 1.0)


def _exponential_below(
    graph: Graph, x: Node, alpha: float, scale: float, rate: float = 1.0, rate_back: float = 1.0
) -> Node:
    """Return scale * x where x > 0, scale * alpha * (exp(rate * x) - 1) elsewhere."""
    below = graph.pointwise("less_equal", x, 0.0)
    negative = graph.pointwise("where", below, x, 0.0)
    exponential = graph.pointwise("expm1", graph.multiply(negative, rate))
    exponential = graph.multiply(exponential, alpha * scale)
    y = graph.pointwise("where", below, exponential, graph.multiply(x, scale))

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        steep = graph.pointwise("exp", graph.multiply(negative, rate_back))
        steep = graph.multiply(steep, alpha * scale * rate_back)
        return [(x, graph.multiply(g, graph.pointwise("where", below, steep, scale)))]

    return graph.with_pullback(y, pullback)


def gelu(graph: Graph, x: Node, approximate: str = "none") -> Node:
    if approximate == "tanh":
        cubic = graph.multiply(graph.multiply(graph.multiply(x, x), x), 0.044715)
        inner = graph.multiply(graph.add(x, cubic), math.sqrt(2 / math.pi))
        share = graph.add(graph.pointwise("tanh", inner), 1.0)
    else:
        scaled = graph.multiply(x, math.sqrt(0.5))
        share = graph.add(graph.pointwise("error_function", scaled), 1.0)
    return graph.multiply(graph.multiply(x, 0.5), share)


def selu(graph: Graph, x: Node, inplace: bool = False) -> Node:
    return _exponential_below(graph, x, _SELU_ALPHA, _SELU_SCALE)


def celu(graph: Graph, x: Node, alpha: float = 1.0, inplace: bool = False) -> Node:
    # torch rounds alpha to float32 in the backward pass
    return _exponential_below(graph, x, alpha, 1.0, 1 / alpha, 1 / float(np.float32(alpha)))


def prelu(graph: Graph, x: Node, slope: Node) -> Node:
    if len(x.shape) > 1 and slope.size > 1:
        raise UnsupportedError("it calls prelu with slopes for an axis that is not the last")
    positive = graph.pointwise("greater", x, 0.0)
    # an infinite number above zero must not meet the slope's gradient, which is zero there
    below = graph.multiply(graph.pointwise("where", positive, 0.0, x), slope)
    return graph.pointwise("where", positive, x, below)


def hard_tanh(
    graph: Graph, x: Node, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Node:
    """Clamp numbers; the gradient at a bound is zero."""
    low, high = (
        graph.pointwise("less_equal", x, min_val),
        graph.pointwise("greater_equal", x, max_val),
    )
    y = graph.pointwise("where", low, min_val, graph.pointwise("where", high, max_val, x))

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        below = graph.pointwise("where", high, 0.0, g)
        return [(x, graph.pointwise("where", low, 0.0, below))]

    return graph.with_pullback(y, pullback)


def hard_sigmoid(graph: Graph, x: Node, inplace: bool = False) -> Node:
    y = graph.divide(hard_tanh(graph, graph.add(x, 3.0), 0.0, 6.0), 6.0)

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        below = graph.pointwise("where", graph.pointwise("less", x, 3.0), g, 0.0)
        inside = graph.pointwise("where", graph.pointwise("greater", x, -3.0), below, 0.0)
        return [(x, graph.multiply(inside, _SIXTH))]

    return graph.with_pullback(y, pullback)


def hard_swish(graph: Graph, x: Node, inplace: bool = False) -> Node:
    share = graph.divide(hard_tanh(graph, graph.add(x, 3.0), 0.0, 6.0), 6.0)
    y = graph.multiply(x, share)

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        slope = graph.add(graph.divide(x, 3.0), 0.5)
        inside = graph.pointwise("where", graph.pointwise("less", x, 3.0), slope, 1.0)
        low = graph.pointwise("less_equal", x, -3.0)
        return [(x, graph.multiply(g, graph.pointwise("where", low, 0.0, inside)))]

    return graph.with_pullback(y, pullback)


def silu(graph: Graph, x: Node, inplace: bool = False) -> Node:
    return graph.multiply(x, graph.pointwise("sigmoid", x))


def softplus(graph: Graph, x: Node, beta: float = 1, threshold: float = 20) -> Node:
    if threshold != 20:
        raise UnsupportedError("it calls softplus with a threshold of its own")
    scaled = graph.multiply(x, beta)
    curve = graph.divide(graph.pointwise("softplus", scaled), beta)
    if beta == 1:
        return curve
    return graph.pointwise("where", graph.pointwise("greater", scaled, threshold), x, curve)
