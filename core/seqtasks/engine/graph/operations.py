"""All operations: the pointwise ones with their C, torch and derivative, and all others.

A new pointwise operation is one entry here, and a line in `rules` for its torch function.
Comparisons and logic give 1 or 0. In C the operands are vectors of a few columns (see
`native/c/vector.h`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from seqtasks.engine.graph.node import Columns
from seqtasks.engine.graph.pointwise_derivatives import (
    flat,
    of_divide,
    of_extreme,
    of_lerp,
    of_power,
    of_relu,
    of_where,
    over_divisor,
    times_factor,
)

if TYPE_CHECKING:
    from seqtasks.engine.graph.build import Graph
    from seqtasks.engine.graph.node import Node

__all__ = [
    "COMPARISONS",
    "LEAVES",
    "OF_TRUTHS",
    "OTHERS",
    "OVER_COLUMNS",
    "OWN_LOOPS",
    "POINTWISE",
    "WEIGHT_GRADIENTS",
    "ZERO_OF_ZERO",
    "Pointwise",
]


@dataclass(frozen=True)
class Pointwise:
    """A pointwise operation.

    Attributes:
        c: its C, with {0}, {1}, ... for the operands.
        torch: the same operation on tensors.
        derivative: maps (graph, node, cotangent) to the cotangent of each operand, or None for an
            operand that has no gradient; None for an operation that is flat everywhere.
        cheap: whether recomputing it costs less than storing it.
        truth: whether its result is always 1 or 0.
    """

    c: str
    torch: Callable[..., Any]
    derivative: Callable[["Graph", "Node", "Node"], list["Node | None"]] | None
    cheap: bool = True
    truth: bool = False

    def number(self, *operands: float) -> float:
        """Return the result for plain numbers."""
        result = self.torch(*(torch.tensor(v, dtype=torch.float64) for v in operands))
        return float(result)


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
    "divide": Pointwise("({0} / {1})", torch.div, of_divide, cheap=False),
    "negative": Pointwise("(-{0})", torch.neg, lambda G, n, g: [G.pointwise("negative", g)]),
    "where": Pointwise(
        "v_where({0}, {1}, {2})", lambda c, a, b: torch.where(c != 0, a, b), of_where
    ),
    "maximum": Pointwise("v_maximum({0}, {1})", torch.maximum, of_extreme("greater")),
    "minimum": Pointwise("v_minimum({0}, {1})", torch.minimum, of_extreme("less")),
    "greater": Pointwise("v_number({0} > {1})", _truths(torch.gt), None, truth=True),
    "greater_equal": Pointwise("v_number({0} >= {1})", _truths(torch.ge), None, truth=True),
    "less": Pointwise("v_number({0} < {1})", _truths(torch.lt), None, truth=True),
    "less_equal": Pointwise("v_number({0} <= {1})", _truths(torch.le), None, truth=True),
    "equal": Pointwise("v_number({0} == {1})", _truths(torch.eq), None, truth=True),
    "not_equal": Pointwise("v_number({0} != {1})", _truths(torch.ne), None, truth=True),
    "sign": Pointwise("v_sign({0})", torch.sign, flat),
    "floor": Pointwise("v_floor({0})", torch.floor, flat, cheap=False),
    "ceiling": Pointwise("v_ceiling({0})", torch.ceil, flat, cheap=False),
    "truncate": Pointwise("v_truncate({0})", torch.trunc, flat, cheap=False),
    "nearest": Pointwise("v_nearest({0})", torch.round, flat, cheap=False),
    "zeros": Pointwise("v_zeros({0})", lambda x: torch.zeros_like(x), None),
    "exp": Pointwise("v_exp({0})", torch.exp, times_factor(lambda G, x, y: y), cheap=False),
    "exp2": Pointwise(
        "v_exp2({0})",
        torch.exp2,
        times_factor(lambda G, x, y: G.multiply(y, math.log(2))),
        cheap=False,
    ),
    "log": Pointwise("v_log({0})", torch.log, over_divisor(lambda G, x: x), cheap=False),
    "log1p": Pointwise(
        "v_log1p({0})", torch.log1p, over_divisor(lambda G, x: G.add(x, 1.0)), cheap=False
    ),
    "expm1": Pointwise(
        "v_expm1({0})", torch.expm1, times_factor(lambda G, x, y: G.add(y, 1.0)), cheap=False
    ),
    "tanh": Pointwise(
        "v_tanh({0})",
        torch.tanh,
        times_factor(lambda G, x, y: G.subtract(1.0, G.multiply(y, y))),
        cheap=False,
    ),
    "sigmoid": Pointwise(
        "v_sigmoid({0})",
        torch.sigmoid,
        times_factor(lambda G, x, y: G.multiply(y, G.subtract(1.0, y))),
        cheap=False,
    ),
    "log_sigmoid": Pointwise(
        "v_log_sigmoid({0})",
        torch.nn.functional.logsigmoid,
        times_factor(lambda G, x, y: G.pointwise("sigmoid", G.pointwise("negative", x))),
        cheap=False,
    ),
    "softplus": Pointwise(
        "v_softplus({0})",
        torch.nn.functional.softplus,
        times_factor(
            lambda G, x, y: G.pointwise(
                "where", G.pointwise("greater", x, 20.0), 1.0, G.pointwise("sigmoid", x)
            )
        ),
        cheap=False,
    ),
    "stopped": Pointwise("({0})", torch.Tensor.detach, None),
    "relu": Pointwise("v_relu({0})", torch.relu, of_relu),
    "absolute": Pointwise(
        "v_absolute({0})", torch.abs, times_factor(lambda G, x, y: G.pointwise("sign", x))
    ),
    "square_root": Pointwise(
        "v_square_root({0})",
        torch.sqrt,
        times_factor(lambda G, x, y: G.divide(0.5, y)),
        cheap=False,
    ),
    "sine": Pointwise(
        "v_sine({0})",
        torch.sin,
        times_factor(lambda G, x, y: G.pointwise("cosine", x)),
        cheap=False,
    ),
    "cosine": Pointwise(
        "v_cosine({0})",
        torch.cos,
        times_factor(lambda G, x, y: G.pointwise("negative", G.pointwise("sine", x))),
        cheap=False,
    ),
    "hyperbolic_sine": Pointwise(
        "v_hyperbolic_sine({0})",
        torch.sinh,
        times_factor(lambda G, x, y: G.pointwise("hyperbolic_cosine", x)),
        cheap=False,
    ),
    "hyperbolic_cosine": Pointwise(
        "v_hyperbolic_cosine({0})",
        torch.cosh,
        times_factor(lambda G, x, y: G.pointwise("hyperbolic_sine", x)),
        cheap=False,
    ),
    "error_function": Pointwise(
        "v_error_function({0})",
        torch.erf,
        times_factor(
            lambda G, x, y: G.multiply(
                _SQRT_2_BY_PI, G.pointwise("exp", G.pointwise("negative", G.multiply(x, x)))
            )
        ),
        cheap=False,
    ),
    "lerp": Pointwise("v_lerp({0}, {1}, {2})", torch.lerp, of_lerp),
    "power": Pointwise("v_power({0}, {1})", torch.pow, of_power, cheap=False),
}


@dataclass(frozen=True)
class Other:
    """An operation that is not pointwise.

    Attributes:
        leaf: whether it is computed from no other node.
        own_loop: whether its C is a loop of its own; its result is then always kept.
        over_columns: whether it sums over the columns of all steps.
        weights: whether that sum is the gradient of weights, into which it can be added at once.
        zero_of_zero: whether its result is zero where the last value that it takes is zero.
        of_truths: whether its result is 0 or 1 where all that it takes is 0 or 1.
        columns: how many columns its result has, where that is not the most that an operand has.
    """

    leaf: bool = False
    own_loop: bool = False
    over_columns: bool = False
    weights: bool = False
    zero_of_zero: bool = False
    of_truths: bool = False
    columns: Columns | None = None


_LEAF = Other(leaf=True)
_OF_WEIGHTS = Other(own_loop=True, over_columns=True, weights=True, columns=Columns.ONE)

OTHERS: dict[str, Other] = {
    "parameter": _LEAF,
    "constant": _LEAF,
    "state": _LEAF,
    "carried": _LEAF,
    "back": _LEAF,
    "external": _LEAF,
    "inputs": _LEAF,
    "running": _LEAF,
    "cotangent": _LEAF,
    "initial_back": _LEAF,
    "view": Other(of_truths=True),
    "concatenate": Other(of_truths=True),
    "lookup": Other(of_truths=True, columns=Columns.BATCH),
    "spread": Other(of_truths=True, columns=Columns.BATCH),
    "linear": Other(own_loop=True, zero_of_zero=True),
    "products": Other(own_loop=True),
    "sum": Other(own_loop=True, zero_of_zero=True),
    "maximum_of": Other(own_loop=True, of_truths=True),
    "symbols": Other(own_loop=True, columns=Columns.VOCABULARY),
    "symbols_back": Other(own_loop=True, columns=Columns.ONE),
    "outer": _OF_WEIGHTS,
    "sum_of_columns": replace(_OF_WEIGHTS, zero_of_zero=True),
    "sum_by_symbol": Other(
        own_loop=True, over_columns=True, zero_of_zero=True, columns=Columns.VOCABULARY
    ),
}

COMPARISONS = {name for name, one in POINTWISE.items() if one.truth}
"""Operations that give 1 or 0."""
LEAVES = {name for name, one in OTHERS.items() if one.leaf}
OWN_LOOPS = {name for name, one in OTHERS.items() if one.own_loop}
OVER_COLUMNS = {name for name, one in OTHERS.items() if one.over_columns}
WEIGHT_GRADIENTS = {name for name, one in OTHERS.items() if one.weights}
ZERO_OF_ZERO = {name for name, one in OTHERS.items() if one.zero_of_zero}
OF_TRUTHS = {name for name, one in OTHERS.items() if one.of_truths} | {
    *("multiply", "maximum", "minimum", "stopped")
}
"""Operations on values of 0 and 1 whose results are always 0 or 1."""
