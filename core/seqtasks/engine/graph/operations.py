"""All operations, in one table that fits no page: pointwise ones, and all others.

Both engines read it. A new pointwise operation is one entry here, with its C, torch call and
derivative, and a line in `rules` for its torch function.
Comparisons and logic give 1 or 0. In C the operands are vectors of a few columns (see
`native/c/vector.h`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from seqtasks.engine.graph.equations import (
    of_inverse,
    of_inverse_back,
    of_lower_factor,
    of_solved,
)
from seqtasks.engine.graph.node import Columns
from seqtasks.engine.graph.other_derivatives import (
    of_concatenate,
    of_cumulative_product,
    of_cumulative_sum,
    of_linear,
    of_maximum,
    of_repeated,
    of_sum,
    of_symbols,
    of_view,
)
from seqtasks.engine.graph.pointwise_derivatives import (
    flat,
    inverse_root,
    of_arctangent2,
    of_divide,
    of_extreme,
    of_hypotenuse,
    of_lerp,
    of_power,
    of_relu,
    of_remainder,
    of_where,
    over_divisor,
    times_factor,
)

if TYPE_CHECKING:
    from seqtasks.engine.graph.build import Graph
    from seqtasks.engine.graph.node import Node

__all__ = [
    "ADDED",
    "ALIASES",
    "BUFFERS",
    "COMPARISONS",
    "CUMULATIVE",
    "FROM_MEMORY",
    "IN_PART",
    "IN_PLACE",
    "LEAVES",
    "OF_TRUTHS",
    "OTHERS",
    "OVER_COLUMNS",
    "OWN_LOOPS",
    "POINTWISE",
    "PRODUCTS",
    "REARRANGING",
    "REDUCTIONS",
    "SAME_ROWS",
    "SAME_SHAPE",
    "SUMS",
    "WEIGHT_GRADIENTS",
    "ZERO_OF_ZERO",
    "Other",
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
        truth: for a comparison, the torch function that gives its result as truth values.
        of_truths: whether its result is 0 or 1 where all that it takes is 0 or 1.
        sum: whether its result is a sum of what it takes, up to the signs.
        added: the torch call that adds its result to a sum at once.
    """

    c: str
    torch: Callable[..., Any]
    derivative: Callable[["Graph", "Node", "Node"], list["Node | None"]] | None
    cheap: bool = True
    truth: Callable[..., Any] | None = None
    of_truths: bool = False
    sum: bool = False
    added: str = ""

    def number(self, *operands: float) -> float:
        """Return the result for plain numbers."""
        result = self.torch(*(torch.tensor(v, dtype=torch.float64) for v in operands))
        return float(result)


def _comparison(sign: str, function: Callable[..., torch.Tensor]) -> Pointwise:
    """Return a comparison that gives 1 and 0 in its operands' type."""

    def numbers(*operands: torch.Tensor) -> torch.Tensor:
        return function(*operands).to(operands[0].dtype)

    return Pointwise(f"v_number({{0}} {sign} {{1}})", numbers, None, truth=function)


def _dear(c: str, function: Callable[..., torch.Tensor], factor: Any) -> Pointwise:
    """Return a costly function of x to y; its derivative is a factor made of (graph, x, y)."""
    return Pointwise(f"{c}({{0}})", function, times_factor(factor), cheap=False)


_SQRT_2_BY_PI = 2 / math.sqrt(math.pi)

POINTWISE: dict[str, Pointwise] = {
    "add": Pointwise("({0} + {1})", torch.add, lambda G, n, g: [g, g], sum=True),
    "subtract": Pointwise(
        "({0} - {1})", torch.sub, lambda G, n, g: [g, G.pointwise("negative", g)], sum=True
    ),
    "multiply": Pointwise(
        "({0} * {1})",
        torch.mul,
        lambda G, n, g: [G.multiply(g, n.inputs[1]), G.multiply(g, n.inputs[0])],
        of_truths=True,
        added="addcmul",
    ),
    "divide": Pointwise("({0} / {1})", torch.div, of_divide, cheap=False, added="addcdiv"),
    "negative": Pointwise("(-{0})", torch.neg, lambda G, n, g: [G.pointwise("negative", g)]),
    "where": Pointwise(
        "v_where({0}, {1}, {2})", lambda c, a, b: torch.where(c != 0, a, b), of_where
    ),
    "maximum": Pointwise(
        "v_maximum({0}, {1})", torch.maximum, of_extreme("greater"), of_truths=True
    ),
    "minimum": Pointwise("v_minimum({0}, {1})", torch.minimum, of_extreme("less"), of_truths=True),
    "greater": _comparison(">", torch.gt),
    "greater_equal": _comparison(">=", torch.ge),
    "less": _comparison("<", torch.lt),
    "less_equal": _comparison("<=", torch.le),
    "equal": _comparison("==", torch.eq),
    "not_equal": _comparison("!=", torch.ne),
    "sign": Pointwise("v_sign({0})", torch.sign, flat),
    "floor": Pointwise("v_floor({0})", torch.floor, flat, cheap=False),
    "ceiling": Pointwise("v_ceiling({0})", torch.ceil, flat, cheap=False),
    "truncate": Pointwise("v_truncate({0})", torch.trunc, flat, cheap=False),
    "nearest": Pointwise("v_nearest({0})", torch.round, flat, cheap=False),
    "zeros": Pointwise("v_zeros({0})", lambda x: torch.zeros_like(x), None),
    "exp": _dear("v_exp", torch.exp, lambda G, x, y: y),
    "exp2": _dear("v_exp2", torch.exp2, lambda G, x, y: G.multiply(y, math.log(2))),
    "log": Pointwise("v_log({0})", torch.log, over_divisor(lambda G, x: x), cheap=False),
    "log1p": Pointwise(
        "v_log1p({0})", torch.log1p, over_divisor(lambda G, x: G.add(x, 1.0)), cheap=False
    ),
    "expm1": _dear("v_expm1", torch.expm1, lambda G, x, y: G.add(y, 1.0)),
    "tanh": _dear("v_tanh", torch.tanh, lambda G, x, y: G.subtract(1.0, G.multiply(y, y))),
    "sigmoid": _dear("v_sigmoid", torch.sigmoid, lambda G, x, y: G.multiply(y, G.subtract(1.0, y))),
    "log_sigmoid": _dear(
        "v_log_sigmoid",
        torch.nn.functional.logsigmoid,
        lambda G, x, y: G.pointwise("sigmoid", G.pointwise("negative", x)),
    ),
    "softplus": _dear(
        "v_softplus",
        torch.nn.functional.softplus,
        lambda G, x, y: G.pointwise(
            "where", G.pointwise("greater", x, 20.0), 1.0, G.pointwise("sigmoid", x)
        ),
    ),
    "single": Pointwise(
        "v_single({0})",
        lambda x: x.to(torch.float32).to(x.dtype),
        None,
        of_truths=True,
    ),
    "stopped": Pointwise("({0})", torch.Tensor.detach, None, of_truths=True),
    "relu": Pointwise("v_relu({0})", torch.relu, of_relu),
    "absolute": Pointwise(
        "v_absolute({0})", torch.abs, times_factor(lambda G, x, y: G.pointwise("sign", x))
    ),
    "square_root": _dear("v_square_root", torch.sqrt, lambda G, x, y: G.divide(0.5, y)),
    "sine": _dear("v_sine", torch.sin, lambda G, x, y: G.pointwise("cosine", x)),
    "cosine": _dear(
        "v_cosine", torch.cos, lambda G, x, y: G.pointwise("negative", G.pointwise("sine", x))
    ),
    "hyperbolic_sine": _dear(
        "v_hyperbolic_sine", torch.sinh, lambda G, x, y: G.pointwise("hyperbolic_cosine", x)
    ),
    "hyperbolic_cosine": _dear(
        "v_hyperbolic_cosine", torch.cosh, lambda G, x, y: G.pointwise("hyperbolic_sine", x)
    ),
    "error_function": _dear(
        "v_error_function",
        torch.erf,
        lambda G, x, y: G.multiply(
            _SQRT_2_BY_PI, G.pointwise("exp", G.pointwise("negative", G.multiply(x, x)))
        ),
    ),
    "arctangent": Pointwise(
        "v_arctangent({0})",
        torch.atan,
        over_divisor(lambda G, x: G.add(G.multiply(x, x), 1.0)),
        cheap=False,
    ),
    "arctangent2": Pointwise("v_arctangent2({0}, {1})", torch.atan2, of_arctangent2, cheap=False),
    "arcsine": _dear("v_arcsine", torch.asin, lambda G, x, y: inverse_root(G, -1.0, x, 1.0)),
    "arccosine": _dear(
        "v_arccosine",
        torch.acos,
        lambda G, x, y: G.pointwise("negative", inverse_root(G, -1.0, x, 1.0)),
    ),
    "inverse_hyperbolic_sine": _dear(
        "v_inverse_hyperbolic_sine", torch.asinh, lambda G, x, y: inverse_root(G, 1.0, x, 1.0)
    ),
    "inverse_hyperbolic_cosine": _dear(
        "v_inverse_hyperbolic_cosine", torch.acosh, lambda G, x, y: inverse_root(G, 1.0, x, -1.0)
    ),
    "inverse_hyperbolic_tangent": _dear(
        "v_inverse_hyperbolic_tangent",
        torch.atanh,
        lambda G, x, y: G.divide(1.0, G.subtract(1.0, G.multiply(x, x))),
    ),
    "complementary_error_function": _dear(
        "v_complementary_error_function",
        torch.erfc,
        lambda G, x, y: G.multiply(
            -_SQRT_2_BY_PI, G.pointwise("exp", G.pointwise("negative", G.multiply(x, x)))
        ),
    ),
    "hypotenuse": Pointwise("v_hypotenuse({0}, {1})", torch.hypot, of_hypotenuse, cheap=False),
    "remainder": Pointwise(
        "v_remainder({0}, {1})", torch.remainder, of_remainder("floored_quotient"), cheap=False
    ),
    "modulo": Pointwise(
        "v_modulo({0}, {1})", torch.fmod, of_remainder("truncated_quotient"), cheap=False
    ),
    "floored_quotient": Pointwise(
        "v_floored_quotient({0}, {1})",
        lambda a, b: torch.div(a, b, rounding_mode="floor"),
        flat,
        cheap=False,
    ),
    "truncated_quotient": Pointwise(
        "v_truncate({0} / {1})",
        lambda a, b: torch.div(a, b, rounding_mode="trunc"),
        flat,
        cheap=False,
    ),
    "lerp": Pointwise("v_lerp({0}, {1}, {2})", torch.lerp, of_lerp),
    "power": Pointwise("v_power({0}, {1})", torch.pow, of_power, cheap=False),
}


@dataclass(frozen=True)
class Other:
    """An operation that is not pointwise.

    Attributes:
        title: what `seqtasks show` calls it.
        derivative: maps (graph, phases, node, cotangent) to (operand, its cotangent) pairs; None
            for an operation that no forward pass has.
        columns: how many columns its result has, where that is not the most that an operand has.
        leaf: whether it is computed from no other node.
        own_loop: whether its C is a loop of its own; its result is then always kept.
        product: whether that loop is a product with a matrix.
        reduction: of a reduction, the first value and the way to combine two values, in C.
        cumulative: of what goes on along the last axis, the same.
        from_memory: whether its C reads its operands from memory.
        over_columns: whether it sums over the columns of all steps.
        weights: whether that sum is the gradient of weights, into which it can be added at once.
        zero_of_zero: whether its result is zero where the last value that it takes is zero.
        of_truths: whether its result is 0 or 1 where all that it takes is 0 or 1.
        in_place: whether a function of C makes it of its operand in its place.
        same_shape: whether its operands have the shape of its result.
        rearranging: whether its elements are elements of its operands, in another order.
        same_rows: whether its value is the same in all rows.
        alias: whether the torch engine reads it in the memory of its operand.
        buffer: whether it is a leaf that the torch engine has a buffer for, of its own name.
        in_part: whether the torch engine can compute it into a part of a buffer.
        sum: whether the torch engine computes it as a sum of terms.
    """

    title: str = ""
    derivative: Callable[..., list[tuple["Node", "Node"]]] | None = None
    columns: Columns | None = None
    leaf: bool = False
    own_loop: bool = False
    product: bool = False
    reduction: tuple[str, str] | None = None
    cumulative: tuple[str, str] | None = None
    from_memory: bool = False
    over_columns: bool = False
    weights: bool = False
    zero_of_zero: bool = False
    of_truths: bool = False
    in_place: bool = False
    same_shape: bool = False
    rearranging: bool = False
    same_rows: bool = False
    alias: bool = False
    buffer: bool = False
    in_part: bool = False
    sum: bool = False


_LEAF = Other(leaf=True)
_GIVEN = Other(leaf=True, buffer=True)
_REPEATED = Other("", of_repeated, Columns.BATCH, of_truths=True, same_shape=True)
_PRODUCT = Other("product", own_loop=True, product=True, from_memory=True)
_OVER_COLUMNS = Other(own_loop=True, over_columns=True)
_IN_PLACE = Other(own_loop=True, in_place=True, same_shape=True)

OTHERS: dict[str, Other] = {
    "parameter": _LEAF,
    "constant": replace(_LEAF, same_rows=True),
    "count": replace(_LEAF, same_rows=True),
    "state": _LEAF,
    "carried": _LEAF,
    "back": _LEAF,
    "arriving_gradient": _LEAF,
    "external": _GIVEN,
    "inputs": _GIVEN,
    "running": _GIVEN,
    "draw": replace(_GIVEN, title="random numbers"),
    "cotangent": _GIVEN,
    "initial_back": _GIVEN,
    "view": Other("", of_view, of_truths=True, rearranging=True),
    "concatenate": Other("", of_concatenate, of_truths=True, rearranging=True),
    "lookup": replace(_REPEATED, from_memory=True),
    "spread": replace(_REPEATED, same_rows=True, alias=True),
    "linear": replace(_PRODUCT, derivative=of_linear, zero_of_zero=True, in_part=True),
    "products": _PRODUCT,
    "sum": Other(
        *("sum over features", of_sum),
        own_loop=True,
        reduction=("v_all(0)", "{0} + {1}"),
        zero_of_zero=True,
        in_part=True,
    ),
    "maximum_of": Other(
        *("greatest of features", of_maximum),
        own_loop=True,
        reduction=("v_all(-INFINITY)", "v_maximum({0}, {1})"),
        of_truths=True,
    ),
    "cumulative_sum": Other(
        *("sums up to each place", of_cumulative_sum),
        own_loop=True,
        cumulative=("v_all(0)", "{0} + {1}"),
        zero_of_zero=True,
        same_shape=True,
    ),
    "cumulative_product": Other(
        *("products up to each place", of_cumulative_product),
        own_loop=True,
        cumulative=("v_all(1)", "{0} * {1}"),
        of_truths=True,
        same_shape=True,
    ),
    "cumulative_log_sum_exp": Other(
        "logarithms of sums up to each place",
        own_loop=True,
        cumulative=("v_all(-INFINITY)", "v_log_add_exp({0}, {1})"),
        same_shape=True,
    ),
    "order": replace(
        _IN_PLACE, title="places in order", derivative=lambda graph, phases, node, g: []
    ),
    "inverse": replace(_IN_PLACE, title="inverse of a matrix", derivative=of_inverse),
    "inverse_back": replace(_IN_PLACE, title="gradient of an inverse", derivative=of_inverse_back),
    "solved": replace(_IN_PLACE, title="solution of equations", derivative=of_solved),
    "lower_factor": replace(_IN_PLACE, title="Cholesky's factor", derivative=of_lower_factor),
    "symbols": Other("", of_symbols, Columns.VOCABULARY, own_loop=True, alias=True),
    "symbols_back": Other(columns=Columns.ONE, own_loop=True, from_memory=True),
    "outer": replace(
        _OVER_COLUMNS,
        title="gradient of a matrix",
        columns=Columns.ONE,
        weights=True,
        from_memory=True,
    ),
    "sum_of_columns": replace(
        _OVER_COLUMNS,
        title="sum over the batch",
        columns=Columns.ONE,
        weights=True,
        zero_of_zero=True,
        same_shape=True,
    ),
    "sum_by_symbol": replace(
        _OVER_COLUMNS,
        title="sum by symbol",
        columns=Columns.VOCABULARY,
        zero_of_zero=True,
        same_shape=True,
        in_part=True,
    ),
    # made by the torch engine alone
    "interpolate": Other(same_shape=True),
    "stored": Other(columns=Columns.BATCH, same_shape=True, sum=True),
    "arriving": Other(columns=Columns.BATCH, same_shape=True, sum=True),
}


def _with(column: str) -> set[str]:
    """Return the operations that have something in a column of either table."""
    tables = (*POINTWISE.items(), *OTHERS.items())
    return {name for name, one in tables if getattr(one, column, None)}


COMPARISONS = _with("truth")
"""Operations that give 1 or 0."""
LEAVES, OWN_LOOPS, OVER_COLUMNS = _with("leaf"), _with("own_loop"), _with("over_columns")
WEIGHT_GRADIENTS, ZERO_OF_ZERO = _with("weights"), _with("zero_of_zero")
OF_TRUTHS = _with("of_truths")
ALIASES, BUFFERS, FROM_MEMORY = _with("alias"), _with("buffer"), _with("from_memory")
CUMULATIVE, IN_PLACE = _with("cumulative"), _with("in_place")
PRODUCTS, REARRANGING, REDUCTIONS = _with("product"), _with("rearranging"), _with("reduction")
IN_PART, SAME_ROWS, SUMS = _with("in_part"), _with("same_rows"), _with("sum")
SAME_SHAPE = _with("same_shape") | set(POINTWISE)
ADDED = {name: one.added for name, one in POINTWISE.items() if one.added}
"""Operation -> the torch call that adds its result to a sum at once."""
