"""The pointwise operations: each with its derivative, its C and its torch, in one table.

A new operation is one entry here, and a line in `rules` for its torch function. Comparisons and
logic give 1 or 0. In C the operands are vectors of a few columns (see `native/c/vector.h`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from seqtasks.engine.graph.build import Graph
    from seqtasks.engine.graph.node import Node

__all__ = ["POINTWISE", "Pointwise"]


@dataclass(frozen=True)
class Pointwise:
    """A pointwise operation.

    Attributes:
        c: its C, with {0}, {1}, ... for the operands.
        torch: the same operation on tensors.
        derivative: maps (graph, node, cotangent) to the cotangent of each operand, or None for an
            operand that has no gradient; None for an operation that is flat everywhere.
        cheap: whether recomputing it costs less than storing it.
    """

    c: str
    torch: Callable[..., Any]
    derivative: Callable[["Graph", "Node", "Node"], list["Node | None"]] | None
    cheap: bool = True

    def number(self, *operands: float) -> float:
        """Return the result for plain numbers."""
        result = self.torch(*(torch.tensor(v, dtype=torch.float64) for v in operands))
        return float(result)


def _one(factor: Callable[["Graph", "Node", "Node"], "Node"]) -> Any:
    """Return the derivative of an operation with one operand: g times a factor of (x, y)."""

    def derivative(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
        return [graph.multiply(g, factor(graph, node.inputs[0], node))]

    return derivative


def _flat(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
    """Return a gradient of zeros rather than None: an optimiser still decays the weight."""
    return [graph.pointwise("zeros", g)]


def _divided(divisor: Callable[["Graph", "Node"], "Node"]) -> Any:
    """Return the derivative of an operation with one operand: g over a function of x."""

    def derivative(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
        return [graph.divide(g, divisor(graph, node.inputs[0]))]

    return derivative


def _divide(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
    dividend, divisor = node.inputs
    if dividend.operation == "constant" and dividend.value == 1:  # torch does the same for 1 / x
        square = graph.multiply(node, node)
        return [None, graph.pointwise("negative", graph.multiply(g, square))]
    by_divisor = graph.divide(g, divisor)
    return [by_divisor, graph.pointwise("negative", graph.multiply(by_divisor, node))]


def _where(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
    condition = node.inputs[0]
    return [
        None,
        graph.pointwise("where", condition, g, 0.0),
        graph.pointwise("where", condition, 0.0, g),
    ]


def _extreme(comparison: str) -> Any:
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


def _power(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
    base, exponent = node.inputs
    lower = graph.pointwise("power", base, graph.subtract(exponent, 1.0))
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


def _lerp(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
    start, end, weight = node.inputs
    return [
        graph.multiply(g, graph.subtract(1.0, weight)),
        graph.multiply(g, weight),
        graph.multiply(g, graph.subtract(end, start)),
    ]


def _relu(graph: "Graph", node: "Node", g: "Node") -> list["Node | None"]:
    return [graph.pointwise("where", graph.pointwise("less_equal", node, 0.0), 0.0, g)]


def _truths(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """Return a comparison as a function that gives 1 and 0 in its operands' type."""

    def numbers(*operands: torch.Tensor) -> torch.Tensor:
        return function(*operands).to(operands[0].dtype)

    return numbers


_SQRT_2_BY_PI = 2 / math.sqrt(math.pi)

POINTWISE: dict[str, Pointwise] = {
    "add": Pointwise("({0} + {1})", torch.add, lambda G, n, g: [g, g]),
    "subtract": Pointwise(
        "({0} - {1})", torch.sub, lambda G, n, g: [g, G.pointwise("negative", g)]
    ),
    "multiply": Pointwise(
        "({0} * {1})",
        torch.mul,
        lambda G, n, g: [G.multiply(g, n.inputs[1]), G.multiply(g, n.inputs[0])],
    ),
    "divide": Pointwise("({0} / {1})", torch.div, _divide, cheap=False),
    "negative": Pointwise("(-{0})", torch.neg, lambda G, n, g: [G.pointwise("negative", g)]),
    "where": Pointwise("v_where({0}, {1}, {2})", lambda c, a, b: torch.where(c != 0, a, b), _where),
    "maximum": Pointwise("v_maximum({0}, {1})", torch.maximum, _extreme("greater")),
    "minimum": Pointwise("v_minimum({0}, {1})", torch.minimum, _extreme("less")),
    "greater": Pointwise("v_number({0} > {1})", _truths(torch.gt), None),
    "greater_equal": Pointwise("v_number({0} >= {1})", _truths(torch.ge), None),
    "less": Pointwise("v_number({0} < {1})", _truths(torch.lt), None),
    "less_equal": Pointwise("v_number({0} <= {1})", _truths(torch.le), None),
    "equal": Pointwise("v_number({0} == {1})", _truths(torch.eq), None),
    "not_equal": Pointwise("v_number({0} != {1})", _truths(torch.ne), None),
    "sign": Pointwise("v_sign({0})", torch.sign, _flat),
    "floor": Pointwise("v_floor({0})", torch.floor, _flat, cheap=False),
    "ceiling": Pointwise("v_ceiling({0})", torch.ceil, _flat, cheap=False),
    "truncate": Pointwise("v_truncate({0})", torch.trunc, _flat, cheap=False),
    "nearest": Pointwise("v_nearest({0})", torch.round, _flat, cheap=False),
    "zeros": Pointwise("v_zeros({0})", lambda x: torch.zeros_like(x), None),
    "exp": Pointwise("v_exp({0})", torch.exp, _one(lambda G, x, y: y), cheap=False),
    "exp2": Pointwise(
        "v_exp2({0})", torch.exp2, _one(lambda G, x, y: G.multiply(y, math.log(2))), cheap=False
    ),
    "log": Pointwise("v_log({0})", torch.log, _divided(lambda G, x: x), cheap=False),
    "log1p": Pointwise(
        "v_log1p({0})", torch.log1p, _divided(lambda G, x: G.add(x, 1.0)), cheap=False
    ),
    "expm1": Pointwise(
        "v_expm1({0})", torch.expm1, _one(lambda G, x, y: G.add(y, 1.0)), cheap=False
    ),
    "tanh": Pointwise(
        "v_tanh({0})",
        torch.tanh,
        _one(lambda G, x, y: G.subtract(1.0, G.multiply(y, y))),
        cheap=False,
    ),
    "sigmoid": Pointwise(
        "v_sigmoid({0})",
        torch.sigmoid,
        _one(lambda G, x, y: G.multiply(y, G.subtract(1.0, y))),
        cheap=False,
    ),
    "log_sigmoid": Pointwise(
        "v_log_sigmoid({0})",
        torch.nn.functional.logsigmoid,
        _one(lambda G, x, y: G.pointwise("sigmoid", G.pointwise("negative", x))),
        cheap=False,
    ),
    "softplus": Pointwise(
        "v_softplus({0})",
        torch.nn.functional.softplus,
        _one(
            lambda G, x, y: G.pointwise(
                "where", G.pointwise("greater", x, 20.0), 1.0, G.pointwise("sigmoid", x)
            )
        ),
        cheap=False,
    ),
    "stopped": Pointwise("({0})", torch.Tensor.detach, None),
    "relu": Pointwise("v_relu({0})", torch.relu, _relu),
    "absolute": Pointwise(
        "v_absolute({0})", torch.abs, _one(lambda G, x, y: G.pointwise("sign", x))
    ),
    "square_root": Pointwise(
        "v_square_root({0})",
        torch.sqrt,
        _one(lambda G, x, y: G.divide(0.5, y)),
        cheap=False,
    ),
    "sine": Pointwise(
        "v_sine({0})", torch.sin, _one(lambda G, x, y: G.pointwise("cosine", x)), cheap=False
    ),
    "cosine": Pointwise(
        "v_cosine({0})",
        torch.cos,
        _one(lambda G, x, y: G.pointwise("negative", G.pointwise("sine", x))),
        cheap=False,
    ),
    "hyperbolic_sine": Pointwise(
        "v_hyperbolic_sine({0})",
        torch.sinh,
        _one(lambda G, x, y: G.pointwise("hyperbolic_cosine", x)),
        cheap=False,
    ),
    "hyperbolic_cosine": Pointwise(
        "v_hyperbolic_cosine({0})",
        torch.cosh,
        _one(lambda G, x, y: G.pointwise("hyperbolic_sine", x)),
        cheap=False,
    ),
    "error_function": Pointwise(
        "v_error_function({0})",
        torch.erf,
        _one(
            lambda G, x, y: G.multiply(
                _SQRT_2_BY_PI, G.pointwise("exp", G.pointwise("negative", G.multiply(x, x)))
            )
        ),
        cheap=False,
    ),
    "lerp": Pointwise("v_lerp({0}, {1}, {2})", torch.lerp, _lerp),
    "power": Pointwise("v_power({0}, {1})", torch.pow, _power, cheap=False),
}
