"""The rules of torch functions that compute each number of their operands alone."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.graph import Graph
from seqtasks.engine.nodes import Node
from seqtasks.engine.recording import Recorder, Tracked
from seqtasks.engine.unsupported import UnsupportedError

__all__ = [
    "Outcome",
    "Rule",
    "ceiling",
    "celu",
    "clamp",
    "divide",
    "dropout",
    "elu",
    "extreme_number",
    "gelu",
    "hard_swish",
    "hyperbolic_cosine",
    "hyperbolic_sine",
    "identity",
    "inside",
    "leaky",
    "lerp",
    "logical",
    "logical_not",
    "named",
    "pointwise",
    "power",
    "prelu",
    "reflected",
    "rounded",
    "scaled",
    "selu",
    "silu",
    "softplus",
    "truncated",
    "where",
]

_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805
Outcome = tuple[Node, bool]
Rule = Callable[..., Any]
COMPARISONS = {"greater", "greater_equal", "less", "less_equal", "equal", "not_equal"}


def _operands(recorder: Recorder, result: Tensor, values: Sequence[Any]) -> tuple[list[Node], bool]:
    """Return operands that torch broadcasts to a result, as nodes to be broadcast by row."""
    found = [recorder.find(value) for value in values]
    rows = any(f.rows for f in found)
    rank = result.dim() - (len(recorder.rows) if rows else 0)
    return [_of_rank(recorder, f, rank, rows) for f in found], rows


def _of_rank(recorder: Recorder, operand: Tracked, rank: int, rows: bool) -> Node:
    node = operand.node
    if operand.rows and len(node.shape) != rank:
        raise UnsupportedError("its rows mix: a tensor without a row's axes is combined with one")
    if rows and not operand.rows and len(node.shape) > rank:
        if math.prod(node.shape[: len(node.shape) - rank]) != 1:
            raise UnsupportedError("it treats the rows of a batch differently")
        node = recorder.graph.reshape(node, node.shape[len(node.shape) - rank :])
    return node


def pointwise(compute: Callable[..., Node], count: int = 1) -> Rule:
    """Return the rule of a pointwise function of its first `count` arguments."""

    def rule(recorder: Recorder, func: Any, result: Tensor, *args: Any, **kwargs: Any) -> Outcome:
        nodes, rows = _operands(recorder, result, args[:count])
        return compute(recorder.graph, *nodes, *args[count:], **kwargs), rows

    return rule


def named(operation: str, count: int = 1) -> Rule:
    return pointwise(lambda graph, *nodes: graph.pointwise(operation, *nodes), count)


def reflected(operation: str) -> Rule:
    return pointwise(lambda graph, a, b: graph.pointwise(operation, b, a), 2)


def scaled(operation: str) -> Rule:
    def compute(graph: Graph, a: Node, b: Node, alpha: float = 1) -> Node:
        return graph.pointwise(operation, a, graph.multiply(b, alpha))

    return pointwise(compute, 2)


def divide(graph: Graph, a: Node, b: Node, rounding_mode: Any = None) -> Node:
    if rounding_mode is not None:
        raise UnsupportedError("it divides with rounding")
    return graph.divide(a, b)


def clamp(graph: Graph, x: Node, min: Any = None, max: Any = None) -> Node:
    for bound, compare, extreme in ((min, "less", "maximum"), (max, "greater", "minimum")):
        if bound is None:
            continue
        if not isinstance(bound, int | float):
            raise UnsupportedError("it clamps by a tensor")
        outside = graph.pointwise(compare, x, bound)
        x = graph.pointwise("where", outside, float(bound), x)
        del extreme
    return x


def power(graph: Graph, x: Node, exponent: Node) -> Node:
    known = exponent.value if exponent.operation == "constant" else None
    if known == 2:
        return graph.multiply(x, x)
    if known == 1:
        return x
    if known == 0.5:
        return graph.pointwise("square_root", x)
    if known == -1:
        return graph.divide(1.0, x)
    return graph.pointwise("power", x, exponent)


def leaky(
    graph: Graph, x: Node, negative_slope: Node | float = 0.01, inplace: bool = False
) -> Node:
    positive = graph.pointwise("greater", x, 0.0)
    return graph.pointwise("where", positive, x, graph.multiply(x, negative_slope))


def elu(graph: Graph, x: Node, alpha: float = 1.0, inplace: bool = False) -> Node:
    positive = graph.pointwise("greater", x, 0.0)
    below = graph.pointwise("expm1", graph.pointwise("where", positive, 0.0, x))
    return graph.pointwise("where", positive, x, graph.multiply(below, alpha))


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
    return graph.multiply(elu(graph, x, _SELU_ALPHA), _SELU_SCALE)


def celu(graph: Graph, x: Node, alpha: float = 1.0, inplace: bool = False) -> Node:
    return graph.multiply(elu(graph, graph.divide(x, alpha)), alpha)


def prelu(graph: Graph, x: Node, slope: Node) -> Node:
    if len(x.shape) > 1 and slope.size > 1:
        raise UnsupportedError("it calls prelu with slopes for an axis that is not the last")
    return leaky(graph, x, slope)


def hard_swish(graph: Graph, x: Node, inplace: bool = False) -> Node:
    share = graph.divide(inside(graph, graph.add(x, 3.0), 0.0, 6.0), 6.0)
    return graph.multiply(x, share)


def hyperbolic_sine(graph: Graph, x: Node) -> Node:
    down = graph.pointwise("expm1", graph.pointwise("negative", x))
    return graph.multiply(graph.subtract(graph.pointwise("expm1", x), down), 0.5)


def hyperbolic_cosine(graph: Graph, x: Node) -> Node:
    down = graph.pointwise("exp", graph.pointwise("negative", x))
    return graph.multiply(graph.add(graph.pointwise("exp", x), down), 0.5)


def ceiling(graph: Graph, x: Node) -> Node:
    return graph.pointwise("negative", graph.pointwise("floor", graph.pointwise("negative", x)))


def truncated(graph: Graph, x: Node) -> Node:
    size = graph.pointwise("floor", graph.pointwise("absolute", x))
    return graph.multiply(size, graph.pointwise("sign", x))


def rounded(graph: Graph, x: Node, decimals: int = 0) -> Node:
    """Round to the nearest whole number, a half to the even one."""
    if decimals:
        raise UnsupportedError("it rounds to decimals")
    below = graph.pointwise("floor", x)
    above = graph.add(below, 1.0)
    rest = graph.subtract(x, below)
    half = graph.multiply(below, 0.5)
    is_even = graph.pointwise("equal", half, graph.pointwise("floor", half))
    of_half = graph.pointwise("where", is_even, below, above)
    nearest = graph.pointwise("where", graph.pointwise("less", rest, 0.5), below, above)
    return graph.pointwise("where", graph.pointwise("equal", rest, 0.5), of_half, nearest)


def silu(graph: Graph, x: Node, inplace: bool = False) -> Node:
    return graph.multiply(x, graph.pointwise("sigmoid", x))


def softplus(graph: Graph, x: Node, beta: float = 1, threshold: float = 20) -> Node:
    if threshold != 20:
        raise UnsupportedError("it calls softplus with a threshold of its own")
    return graph.divide(graph.pointwise("softplus", graph.multiply(x, beta)), beta)


def inside(graph: Graph, x: Node, low: float, high: float) -> Node:
    return clamp(graph, x, low, high)


def lerp(graph: Graph, start: Node, end: Node, weight: Node) -> Node:
    return graph.add(start, graph.multiply(weight, graph.subtract(end, start)))


def _truth(graph: Graph, x: Node) -> Node:
    """Return 1 where a number is not 0."""
    return x if x.operation in COMPARISONS else graph.pointwise("not_equal", x, 0.0)


def logical(operation: str) -> Rule:
    return pointwise(
        lambda graph, a, b: graph.pointwise(operation, _truth(graph, a), _truth(graph, b)), 2
    )


def logical_not(graph: Graph, x: Node) -> Node:
    return graph.pointwise("equal", x, 0.0)


def extreme_number(operation: str) -> Rule:
    """Return the rule of the greater or lesser of two, one that is no number left aside."""

    def compute(graph: Graph, a: Node, b: Node) -> Node:
        extreme = graph.pointwise(operation, a, b)
        only_a = graph.pointwise("where", graph.pointwise("not_equal", b, b), a, extreme)
        return graph.pointwise("where", graph.pointwise("not_equal", a, a), b, only_a)

    return pointwise(compute, 2)


def identity(graph: Graph, x: Node, *args: Any, **kwargs: Any) -> Node:
    return x


def dropout(
    graph: Graph, x: Node, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Node:
    if training and p > 0:
        raise UnsupportedError("it draws random numbers (dropout)")
    return x


def where(recorder: Recorder, func: Any, result: Tensor, *args: Any, **kwargs: Any) -> Outcome:
    if func is Tensor.where:
        args = (args[1], args[0], *args[2:])
    if func in (torch.masked_fill, Tensor.masked_fill):
        args = (args[1], args[2], args[0])
    nodes, rows = _operands(recorder, result, args)
    return recorder.graph.pointwise("where", *nodes), rows
