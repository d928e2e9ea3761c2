"""The rules of pointwise functions that are made of others: quotients, shrinking, truths."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.rules.pointwise import Outcome, Rule, aligned, pointwise

__all__ = [
    "cardinal_sine",
    "clamp",
    "clamp_max",
    "divide",
    "entropy",
    "fraction",
    "hard_shrink",
    "is_finite",
    "is_infinite",
    "log_add_exp",
    "logit",
    "number_for_nan",
    "result_shape",
    "soft_shrink",
    "threshold",
    "times_logarithm",
    "without_gradient",
]

SMALLEST = 2.0**-100
"""Below this size x / (1 - x) is x."""
TERMS_OF_SINC = 9
"""The terms of a series that is exact to the roundings of float64 for angles up to 1."""


def divide(graph: Graph, a: Node, b: Node, rounding_mode: Any = None) -> Node:
    if rounding_mode is None:
        return graph.divide(a, b)
    kinds = {"floor": "floored_quotient", "trunc": "truncated_quotient"}
    return graph.pointwise(kinds[rounding_mode], a, b)


def without_gradient(operation: str, reflected: bool = False) -> Rule:
    """Return the rule of a function of two operands that torch has no derivative of."""

    def compute(graph: Graph, a: Node, b: Node) -> Node:
        return graph.pointwise(operation, *((b, a) if reflected else (a, b)))

    def rule(recorder: Recorder, func: Any, result: Tensor, *args: Any, **kwargs: Any) -> Outcome:
        if result.requires_grad:
            name = func.__name__
            raise UnsupportedError(f"it takes the gradient of {name}, which torch does not have")
        return pointwise(compute, 2)(recorder, func, result, *args, **kwargs)

    return rule


def fraction(graph: Graph, x: Node) -> Node:
    return graph.subtract(x, graph.pointwise("stopped", graph.pointwise("truncate", x)))


def is_infinite(graph: Graph, x: Node) -> Node:
    return graph.pointwise("equal", graph.pointwise("absolute", x), math.inf)


def is_finite(graph: Graph, x: Node) -> Node:
    return graph.pointwise("less", graph.pointwise("absolute", x), math.inf)


def number_for_nan(
    recorder: Recorder,
    func: Any,
    result: Tensor,
    x: Any,
    nan: Any = None,
    posinf: Any = None,
    neginf: Any = None,
) -> Outcome:
    """Record nan_to_num; numbers that are replaced have no gradient."""
    about = torch.finfo(recorder.dtype)
    high = about.max if posinf is None else posinf
    low = about.min if neginf is None else neginf

    def compute(graph: Graph, x: Node) -> Node:
        y = graph.pointwise("where", graph.pointwise("equal", x, math.inf), float(high), x)
        y = graph.pointwise("where", graph.pointwise("equal", x, -math.inf), float(low), y)
        missing = graph.pointwise("not_equal", x, x)
        return graph.pointwise("where", missing, float(nan or 0.0), y)

    return pointwise(compute)(recorder, func, result, x)


def log_add_exp(graph: Graph, a: Node, b: Node) -> Node:
    greatest = graph.pointwise("maximum", a, b)
    apart = graph.pointwise("absolute", graph.subtract(a, b))
    more = graph.pointwise("log1p", graph.pointwise("exp", graph.pointwise("negative", apart)))
    same = graph.multiply(is_infinite(graph, a), graph.pointwise("equal", a, b))
    y = graph.apart(graph.pointwise("where", same, a, graph.add(greatest, more)), "logaddexp")

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        def share(one: Node, other: Node) -> Node:
            power = graph.pointwise("exp", graph.subtract(other, one))
            return graph.divide(g, graph.add(power, 1.0))

        return [(a, share(a, b)), (b, share(b, a))]

    return graph.with_pullback(y, pullback)


def logit(graph: Graph, x: Node, eps: Any = None) -> Node:
    if eps is not None:
        raise UnsupportedError("it calls logit with an eps of its own")
    odds = graph.divide(x, graph.subtract(1.0, x))
    tiny = graph.pointwise("less", graph.pointwise("absolute", x), SMALLEST)
    odds = graph.pointwise("where", tiny, x, odds)  # the quotient of a denormal number would be 0
    y = graph.apart(graph.pointwise("log", odds), "logit")

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        steep = graph.divide(graph.divide(g, graph.subtract(1.0, x)), x)
        beyond = graph.pointwise(
            "maximum", graph.pointwise("less", x, 0.0), graph.pointwise("greater", x, 1.0)
        )
        return [(x, graph.pointwise("where", beyond, math.nan, steep))]

    return graph.with_pullback(y, pullback)


def cardinal_sine(graph: Graph, x: Node) -> Node:
    """Return sin(a) / a for a = pi x. Its slope, (cos a - sin a / a) / a, is a series near zero."""
    angle = graph.multiply(x, math.pi)
    zero = graph.pointwise("equal", angle, 0.0)
    y = graph.divide(graph.pointwise("sine", angle), angle)
    y = graph.apart(graph.pointwise("where", zero, 1.0, y), "sinc")

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        square = graph.multiply(angle, angle)
        series: Node | float = 0.0
        for k in range(TERMS_OF_SINC, 0, -1):
            term = (-1) ** k * 2 * k / math.factorial(2 * k + 1)
            series = graph.add(graph.multiply(series, square), term)
        far = graph.divide(graph.subtract(graph.pointwise("cosine", angle), y), angle)
        near = graph.pointwise("less", square, 1.0)
        steep = graph.pointwise("where", near, graph.multiply(series, angle), far)
        return [(x, graph.multiply(g, graph.multiply(steep, math.pi)))]

    return graph.with_pullback(y, pullback)


def times_logarithm(plus_one: bool) -> Callable[[Graph, Node, Node], Node]:
    """Return xlogy or xlog1py: x log y, which is zero for x = 0 but where y is no number."""
    name = "log1p" if plus_one else "log"

    def compute(graph: Graph, x: Node, y: Node) -> Node:
        def logarithm(factor: Node) -> Node:
            made = graph.multiply(factor, graph.pointwise(name, y))
            made = graph.pointwise("where", graph.pointwise("equal", factor, 0.0), 0.0, made)
            return graph.pointwise("where", graph.pointwise("not_equal", y, y), math.nan, made)

        value = graph.apart(logarithm(x), f"x {name} y")

        def pullback(g: Node) -> list[tuple[Node, Node]]:
            divisor = graph.add(y, 1.0) if plus_one else y
            below = graph.pointwise("less_equal", divisor, 0.0)
            nothing = graph.multiply(graph.pointwise("equal", x, 0.0), below)
            by_x = graph.pointwise("where", nothing, 0.0, logarithm(g))
            return [(x, by_x), (y, graph.divide(graph.multiply(g, x), divisor))]

        return graph.with_pullback(value, pullback)

    return compute


def entropy(graph: Graph, x: Node) -> Node:
    """Return -x log x, which is 0 at 0 and minus infinity below it."""
    inside = graph.pointwise("negative", graph.multiply(x, graph.pointwise("log", x)))
    at_zero = graph.pointwise("equal", x, 0.0)
    y = graph.pointwise("where", at_zero, 0.0, inside)
    y = graph.pointwise("where", graph.pointwise("less", x, 0.0), -math.inf, y)
    y = graph.apart(y, "entropy")

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        steep = graph.subtract(-1.0, graph.pointwise("log", x))
        return [(x, graph.multiply(g, steep))]

    return graph.with_pullback(y, pullback)


def hard_shrink(graph: Graph, x: Node, lambd: float = 0.5) -> Node:
    high = graph.pointwise("less_equal", x, lambd)
    small = graph.multiply(graph.pointwise("greater_equal", x, -lambd), high)
    return graph.pointwise("where", small, 0.0, x)


def soft_shrink(graph: Graph, x: Node, lambd: float = 0.5) -> Node:
    high = graph.pointwise("less_equal", x, lambd)
    small = graph.multiply(graph.pointwise("greater_equal", x, -lambd), high)
    above = graph.pointwise("greater", x, lambd)
    moved = graph.pointwise("where", above, graph.subtract(x, lambd), graph.add(x, lambd))
    return graph.pointwise("where", small, 0.0, moved)


def threshold(graph: Graph, x: Node, threshold: float, value: float, inplace: bool = False) -> Node:
    below = graph.pointwise("less_equal", x, threshold)
    return graph.pointwise("where", below, float(value), x)


def clamp(
    recorder: Recorder, func: Any, result: Tensor, x: Any, min: Any = None, max: Any = None
) -> Outcome:
    """Record a clamp by numbers, or by tensors, which receive the gradient that they stop."""
    from seqtasks.engine.record.rules.pointwise import clamp as by_numbers

    bounds = [bound for bound in (min, max) if bound is not None]
    if not any(isinstance(bound, Tensor) for bound in bounds):
        return pointwise(by_numbers)(recorder, func, result, x, min, max)
    found = [recorder.find_anywhere(value) for value in (x, *bounds)]
    nodes, rows, axis = aligned(recorder, result.dim(), found)
    graph = recorder.graph
    source, *limits = (
        graph.broadcast(n, result_shape(result, recorder, rows, axis)) for n in nodes
    )
    low = limits[0] if min is not None else None
    high = limits[-1] if max is not None else None
    y = source
    for bound, extreme in ((low, "maximum"), (high, "minimum")):
        y = y if bound is None else graph.pointwise(extreme, y, bound)
    y = graph.apart(y, f"clamped by {'low ' * (low is not None)}{'high' * (high is not None)}")

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        def where(condition: Node) -> Node:
            return graph.pointwise("where", condition, g, 0.0)

        truth = graph.pointwise
        inside = graph.constant(1.0, source.shape)
        pairs: list[tuple[Node, Node]] = []
        if low is not None:
            inside = graph.multiply(inside, truth("greater_equal", source, low))
        if high is not None:
            inside = graph.multiply(inside, truth("less_equal", source, high))
        if low is not None:
            at_low = truth("less", source, low)
            if high is not None:
                at_low = graph.multiply(at_low, truth("less", low, high))
            pairs.append((low, where(at_low)))
        if high is not None:
            at_high = truth("greater", source, high)
            if low is not None:
                at_high = truth("maximum", at_high, truth("greater", low, high))
            pairs.append((high, where(at_high)))
        return [(source, where(inside)), *pairs]

    return graph.with_pullback(y, pullback), rows, axis


def clamp_max(recorder: Recorder, func: Any, result: Tensor, x: Any, max: Any) -> Outcome:
    return clamp(recorder, func, result, x, None, max)


def result_shape(result: Tensor, recorder: Recorder, rows: bool, axis: int) -> tuple[int, ...]:
    """Return the shape of a result for one row."""
    shape = tuple(result.shape)
    return (*shape[:axis], *shape[axis + len(recorder.rows) :]) if rows else shape
