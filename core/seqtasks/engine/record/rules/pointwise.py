"""The rules of torch functions that compute each number of their operands alone."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.simplify import truth_of
from seqtasks.engine.graph.unsupported import UnsupportedError, refusal
from seqtasks.engine.record.recorded_values import Tracked
from seqtasks.engine.record.recorder import Recorder

__all__ = [
    "Outcome",
    "Rule",
    "aligned",
    "clamp",
    "converted",
    "divided_into",
    "dropout",
    "extreme_number",
    "heaviside",
    "identity",
    "lerp",
    "logical",
    "logical_not",
    "named",
    "pointwise",
    "power",
    "reflected",
    "rounded",
    "scaled",
    "square_root_inverse",
    "where",
]

Outcome = tuple[Node, bool] | tuple[Node, bool, int]
"""A value, whether it has rows, and the first axis of the rows if that is not 0."""
Rule = Callable[..., Any]


def aligned(recorder: Recorder, dim: int, found: Sequence[Tracked]) -> tuple[list[Node], bool, int]:
    """Return operands that torch broadcasts against each other as nodes for one row.

    Args:
        recorder: the recorder in use.
        dim: the number of axes of the result.
        found: the operands.

    Returns:
        The nodes to broadcast, whether the result has rows, and the first axis of the rows.
    """
    count = len(recorder.rows)
    if not count:
        return [f.node for f in found], any(f.rows for f in found), 0
    behind = {len(f.node.shape) - f.axis for f in found if f.rows}
    if not behind:
        return [f.node for f in found], False, 0
    if len(behind) > 1:
        raise UnsupportedError("its rows mix: it combines tensors with and without a row's axes")
    (after,) = behind
    nodes = [f.node if f.rows else _without_rows(recorder, f.node, after) for f in found]
    return nodes, True, dim - after - count


def _without_rows(recorder: Recorder, node: Node, after: int) -> Node:
    """Return a node without the axes that align with the rows; they must have size 1."""
    shape = node.shape
    first = max(0, len(shape) - after - len(recorder.rows))
    of_rows = shape[first : len(shape) - after] if len(shape) > after else ()
    if not of_rows:
        return node
    if math.prod(of_rows) != 1 and node.operation != "constant":
        raise UnsupportedError("it treats the rows of a batch differently")
    rest = (*shape[:first], *shape[len(shape) - after :])
    if node.operation == "constant":
        return recorder.graph.constant(node.value, rest)
    return recorder.graph.reshape(node, rest)


def pointwise(compute: Callable[..., Node], count: int = 1) -> Rule:
    """Return the rule of a pointwise function of its first `count` arguments."""

    def rule(recorder: Recorder, func: Any, result: Tensor, *args: Any, **kwargs: Any) -> Outcome:
        found = [recorder.find_anywhere(value) for value in args[:count]]
        nodes, rows, axis = aligned(recorder, result.dim(), found)
        return compute(recorder.graph, *nodes, *args[count:], **kwargs), rows, axis

    return rule


def named(operation: str, count: int = 1) -> Rule:
    return pointwise(lambda graph, *nodes: graph.pointwise(operation, *nodes), count)


def reflected(graph: Graph, a: Node, b: Node) -> Node:
    return graph.subtract(b, a)


def divided_into(graph: Graph, a: Node, b: Node) -> Node:
    """Return b / a for a number b as torch computes it: by the reciprocal."""
    return graph.multiply(graph.divide(1.0, a), b)


def scaled(operation: str) -> Rule:
    def compute(graph: Graph, a: Node, b: Node, alpha: float = 1) -> Node:
        return graph.pointwise(operation, a, graph.multiply(b, alpha))

    return pointwise(compute, 2)


def clamp(graph: Graph, x: Node, min: Any = None, max: Any = None) -> Node:
    """Clamp numbers; the gradient passes at a bound, and is zero beyond it."""
    y, inside = x, list[Node]()
    for bound, outside, within in (
        (min, "less", "greater_equal"),
        (max, "greater", "less_equal"),
    ):
        if bound is None:
            continue
        if not isinstance(bound, int | float) or math.isnan(bound):
            raise UnsupportedError("it clamps by a tensor or by NaN")
        y = graph.pointwise("where", graph.pointwise(outside, y, bound), float(bound), y)
        inside.append(graph.pointwise(within, x, bound))

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        for condition in inside:
            g = graph.pointwise("where", condition, g, 0.0)
        return [(x, g)]

    return graph.with_pullback(y, pullback) if inside else x


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
    if known == -0.5:
        return _inverse_root(graph, x)
    return graph.pointwise("power", x, exponent)


def _inverse_root(graph: Graph, x: Node) -> Node:
    y = graph.divide(1.0, graph.pointwise("square_root", x))

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        steep = graph.multiply(graph.pointwise("power", x, -1.5), -0.5)
        return [(x, graph.multiply(g, steep))]

    return graph.with_pullback(y, pullback)


def rounded(graph: Graph, x: Node, decimals: int = 0) -> Node:
    """Round to the nearest whole number; a half goes to the even one."""
    if decimals:
        raise UnsupportedError("it rounds to decimals")
    return graph.pointwise("nearest", x)


def square_root_inverse(graph: Graph, x: Node) -> Node:
    y = graph.divide(1.0, graph.pointwise("square_root", x))

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        return [
            (x, graph.multiply(g, graph.multiply(graph.multiply(y, graph.multiply(y, y)), -0.5)))
        ]

    return graph.with_pullback(y, pullback)


def lerp(graph: Graph, start: Node, end: Node, weight: Node) -> Node:
    if weight.operation != "constant":
        return graph.pointwise("lerp", start, end, weight)
    way = graph.subtract(end, start)
    if abs(weight.value) < 0.5:
        return graph.add(start, graph.multiply(way, weight))
    return graph.subtract(end, graph.multiply(way, 1 - weight.value))


def logical(operation: str) -> Rule:
    return pointwise(
        lambda graph, a, b: graph.pointwise(operation, truth_of(graph, a), truth_of(graph, b)), 2
    )


def logical_not(graph: Graph, x: Node) -> Node:
    return graph.pointwise("equal", x, 0.0)


def extreme_number(operation: str, comparison: str) -> Rule:
    """Return the rule of the maximum or minimum of two, which ignores a NaN.

    If the two are equal, the first receives the gradient.
    """

    def compute(graph: Graph, a: Node, b: Node) -> Node:
        extreme = graph.pointwise(operation, a, b)
        only_b = graph.pointwise("not_equal", b, b)
        only_a = graph.pointwise("where", only_b, a, extreme)
        y = graph.pointwise("where", graph.pointwise("not_equal", a, a), b, only_a)

        def pullback(g: Node) -> list[tuple[Node, Node]]:
            first = graph.pointwise("maximum", graph.pointwise(comparison, a, b), only_b)
            return [
                (a, graph.pointwise("where", first, g, 0.0)),
                (b, graph.pointwise("where", first, 0.0, g)),
            ]

        return graph.with_pullback(y, pullback)

    return pointwise(compute, 2)


def heaviside(
    recorder: Recorder, func: Any, result: Tensor, x: Any, values: Any, **kwargs: Any
) -> Outcome:
    """Record 0 below zero, 1 above it, and the given value at it; of NaN it is 0."""
    if result.requires_grad:
        raise UnsupportedError("it takes the gradient of heaviside, which torch does not have")

    def compute(graph: Graph, x: Node, values: Node) -> Node:
        above = graph.pointwise("greater", x, 0.0)
        return graph.pointwise("where", graph.pointwise("equal", x, 0.0), values, above)

    return pointwise(compute, 2)(recorder, func, result, x, values, **kwargs)


def identity(graph: Graph, x: Node, *args: Any, **kwargs: Any) -> Node:
    return x


def converted(
    recorder: Recorder, func: Any, result: Tensor, x: Any, *args: Any, **kwargs: Any
) -> Outcome:
    """Record a change of type; to whole numbers, what stands behind the point is cut off."""

    def compute(graph: Graph, x: Node) -> Node:
        whole = not result.is_floating_point() and result.dtype != torch.bool
        return graph.pointwise("truncate", x) if whole and given.is_floating_point() else x

    given: Tensor = x
    other = given.is_floating_point() and given.dtype != recorder.dtype == result.dtype
    if other and not recorder.is_tracked(given):  # numbers that the program then holds
        recorder.index(given)
        found = recorder.find_anywhere(result)
        return found.node, found.rows, found.axis
    return pointwise(compute)(recorder, func, result, x)


def dropout(
    graph: Graph, x: Node, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Node:
    if training and p > 0:
        raise refusal("draws", "dropout")
    return x


def where(recorder: Recorder, func: Any, result: Tensor, *args: Any, **kwargs: Any) -> Outcome:
    if len(args) + len(kwargs) == 1:
        raise UnsupportedError("how many places it finds depends on the values it computes (where)")
    if func is Tensor.where:
        args = (args[1], args[0], *args[2:])
    if func in (torch.masked_fill, Tensor.masked_fill):
        args = (args[1], args[2], args[0])
    found = [recorder.find_anywhere(value) for value in args]
    nodes, rows, axis = aligned(recorder, result.dim(), found)
    return recorder.graph.pointwise("where", *nodes), rows, axis
