"""The derivatives of pointwise operations that take more than a line in their table."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqtasks.engine.graph.build import Graph
    from seqtasks.engine.graph.node import Node

__all__ = [
    "flat",
    "inverse_root",
    "of_arctangent2",
    "of_divide",
    "of_extreme",
    "of_hypotenuse",
    "of_lerp",
    "of_power",
    "of_relu",
    "of_remainder",
    "of_where",
    "over_divisor",
    "times_factor",
]


def times_factor(factor: Callable[["Graph", "Node", "Node"], "Node"]) -> Any:
    """Return the derivative of an operation with one operand: g times a factor of (x, y)."""

    def derivative(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
        return [graph.multiply(g, factor(graph, node.inputs[0], node))]

    return derivative


def flat(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
    """Return a gradient of zeros rather than None: an optimiser still decays the weight."""
    return [graph.pointwise("zeros", g)] * len(node.inputs)


def over_divisor(divisor: Callable[["Graph", "Node"], "Node"]) -> Any:
    """Return the derivative of an operation with one operand: g over a function of x."""

    def derivative(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
        return [graph.divide(g, divisor(graph, node.inputs[0]))]

    return derivative


def of_divide(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
    """Return the gradients of a / b."""
    dividend, divisor = node.inputs
    if dividend.operation == "constant" and dividend.value == 1:  # torch does the same for 1 / x
        square = graph.multiply(node, node)
        return [None, graph.pointwise("negative", graph.multiply(g, square))]
    by_divisor = graph.divide(g, divisor)
    return [by_divisor, graph.pointwise("negative", graph.multiply(by_divisor, node))]


def of_where(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
    """Return the gradients of a choice between two."""
    condition = node.inputs[0]
    return [
        None,
        graph.pointwise("where", condition, g, 0.0),
        graph.pointwise("where", condition, 0.0, g),
    ]


def of_extreme(comparison: str) -> Any:
    """Return the derivative of the maximum or minimum of two; equal operands share it."""

    def derivative(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
        a, b = node.inputs
        half = graph.multiply(g, 0.5)
        shared = graph.pointwise("where", graph.pointwise("equal", a, b), half, g)
        first = graph.pointwise(comparison, a, b)
        second = graph.pointwise(comparison, b, a)
        return [
            graph.pointwise("where", second, 0.0, shared),
            graph.pointwise("where", first, 0.0, shared),
        ]

    return derivative


def of_power(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
    """Return the gradients of a power."""
    base, exponent = node.inputs
    lower = graph.pointwise("power", base, graph.subtract(exponent, 1.0))
    if exponent.operation == "constant" and exponent.value == 1.5:
        # torch takes the root for a power of a half: of -inf it is no number, the power is inf
        lower = graph.pointwise("square_root", base)
    constant = graph.pointwise("equal", exponent, 0.0)  # x⁰ is flat, at x = 0 too
    by_base = graph.pointwise(
        "where", constant, 0.0, graph.multiply(g, graph.multiply(exponent, lower))
    )
    if exponent.operation == "constant":
        return [by_base, None]
    at_zero = graph.multiply(
        graph.pointwise("equal", base, 0.0), graph.pointwise("greater_equal", exponent, 0.0)
    )
    steep = graph.multiply(g, graph.multiply(node, graph.pointwise("log", base)))
    return [by_base, graph.pointwise("where", at_zero, 0.0, steep)]


def of_lerp(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
    """Return the gradients of an interpolation."""
    start, end, weight = node.inputs
    return [
        graph.multiply(g, graph.subtract(1.0, weight)),
        graph.multiply(g, weight),
        graph.multiply(g, graph.subtract(end, start)),
    ]


def of_remainder(quotient: str) -> Any:
    """Return the derivative of a remainder, by the rounded quotient that belongs to it."""

    def derivative(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
        whole = graph.pointwise(quotient, *node.inputs)
        return [g, graph.multiply(graph.pointwise("negative", g), whole)]

    return derivative


def of_arctangent2(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
    """Return the gradients of the angle of a point, which are zero at the origin."""
    a, b = node.inputs
    square = graph.add(graph.multiply(a, a), graph.multiply(b, b))
    origin = graph.pointwise("equal", square, 0.0)
    inverse = graph.pointwise("where", origin, 0.0, graph.divide(1.0, square))
    by_b = graph.multiply(g, graph.pointwise("negative", a))
    return [graph.multiply(graph.multiply(g, b), inverse), graph.multiply(by_b, inverse)]


def of_hypotenuse(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
    """Return the gradients of the length of a point."""
    return [graph.multiply(g, graph.divide(side, node)) for side in node.inputs]


def inverse_root(graph: "Graph", scale: float, x: "Node", more: float) -> "Node":
    """Return 1 / sqrt(scale x² + more)."""
    square = graph.add(graph.multiply(scale, graph.multiply(x, x)), more)
    return graph.divide(1.0, graph.pointwise("square_root", square))


def of_relu(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
    """Return the gradient of relu, which is zero at zero."""
    return [graph.pointwise("where", graph.pointwise("less_equal", node, 0.0), 0.0, g)]
