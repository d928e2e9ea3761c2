"""From each torch function that a cell may call to the rule that records it."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from seqtasks.engine.record.rules import (
    activations,
    composed,
    cumulative,
    equations,
    places,
    taken,
    vector_norms,
)
from seqtasks.engine.record.rules import elementary as more
from seqtasks.engine.record.rules import normalisation as norms
from seqtasks.engine.record.rules import pointwise as each
from seqtasks.engine.record.rules import reductions as over
from seqtasks.engine.record.rules import torch_cells as cells
from seqtasks.engine.record.rules.pointwise import Rule
from seqtasks.engine.record.rules.products import (
    bilinear,
    contracted,
    einsum,
    inner,
    kronecker,
    outer,
    product,
)
from seqtasks.engine.record.rules.windows import convolution

__all__ = ["RULES"]

RULES: dict[Any, Rule] = dict(equations.EQUATIONS)


def _rule(rule: Rule, *functions: str) -> None:
    """Give a rule to the torch functions, tensor methods and torch.nn.functional of these names."""
    homes = (torch, Tensor, functional, getattr(torch._C, "_nn", None), torch.linalg, torch.special)
    for name in functions:
        for home in [Tensor] if name.startswith("__") else homes:
            function = getattr(home, name, None)
            if callable(function):
                RULES[function] = rule


_rule(each.scaled("add"), "add", "__add__", "__radd__")
_rule(each.scaled("subtract"), "sub", "subtract", "__sub__")
_rule(each.pointwise(each.reflected, 2), "rsub", "__rsub__")
_rule(each.named("multiply", 2), "mul", "multiply", "__mul__", "__rmul__")
_rule(each.logical("multiply"), "logical_and", "bitwise_and", "__and__", "__rand__")
_rule(each.logical("maximum"), "logical_or", "bitwise_or", "__or__", "__ror__")
_rule(each.logical("not_equal"), "logical_xor", "bitwise_xor", "__xor__", "__rxor__")
_rule(each.pointwise(more.divide, 2), "div", "divide", "true_divide", "__truediv__")
_rule(each.pointwise(each.divided_into, 2), "__rtruediv__", "__rdiv__")
_rule(each.named("negative"), "neg", "negative", "__neg__")
_rule(each.named("exp"), "exp")
_rule(each.named("log"), "log")
_rule(each.named("log1p"), "log1p")
_rule(each.named("expm1"), "expm1")
_rule(each.named("tanh"), "tanh")
_rule(each.named("sigmoid"), "sigmoid", "expit")
_rule(each.named("log_sigmoid"), "logsigmoid")
_rule(each.named("sine"), "sin")
_rule(each.named("cosine"), "cos")
_rule(each.named("error_function"), "erf")
_rule(each.named("square_root"), "sqrt")
_rule(each.named("sign"), "sign", "sgn")
_rule(each.named("floor"), "floor")
_rule(each.named("absolute"), "abs", "absolute", "__abs__")
_rule(each.named("maximum", 2), "maximum")
_rule(each.named("minimum", 2), "minimum")
_rule(each.extreme_number("maximum", "greater_equal"), "fmax")
_rule(each.extreme_number("minimum", "less_equal"), "fmin")
_rule(each.named("greater", 2), "gt", "greater", "__gt__")
_rule(each.named("greater_equal", 2), "ge", "greater_equal", "__ge__")
_rule(each.named("less", 2), "lt", "less", "__lt__")
_rule(each.named("less_equal", 2), "le", "less_equal", "__le__")
_rule(each.named("equal", 2), "eq", "__eq__")
_rule(each.named("not_equal", 2), "ne", "not_equal", "__ne__")
_rule(each.named("stopped"), "detach")
_rule(each.pointwise(each.logical_not), "logical_not", "bitwise_not", "__invert__")
_rule(each.pointwise(lambda G, x, inplace=False: G.pointwise("relu", x)), "relu")
_rule(each.pointwise(activations.silu), "silu")
_rule(each.pointwise(activations.gelu), "gelu")
_rule(each.pointwise(activations.elu), "elu")
_rule(each.pointwise(activations.leaky), "leaky_relu")
_rule(each.pointwise(activations.prelu, 2), "prelu")
_rule(each.pointwise(activations.selu), "selu")
_rule(each.pointwise(activations.celu), "celu")
_rule(each.pointwise(activations.hard_swish), "hardswish")
_rule(each.named("hyperbolic_sine"), "sinh")
_rule(each.named("hyperbolic_cosine"), "cosh")
_rule(each.named("ceiling"), "ceil")
_rule(each.named("truncate"), "trunc", "fix")
_rule(each.pointwise(each.rounded), "round")
_rule(each.pointwise(lambda G, x: G.pointwise("not_equal", x, x)), "isnan")
_rule(
    each.pointwise(lambda G, x: G.divide(G.pointwise("sine", x), G.pointwise("cosine", x))), "tan"
)
_rule(each.named("exp2"), "exp2")
_rule(each.pointwise(lambda G, x: G.multiply(G.pointwise("log", x), 1 / math.log(2))), "log2")
_rule(each.pointwise(lambda G, x: G.multiply(G.pointwise("log", x), 1 / math.log(10))), "log10")
_rule(each.pointwise(lambda G, x: G.subtract(x, G.pointwise("tanh", x))), "tanhshrink")
_rule(each.pointwise(activations.softplus), "softplus")
_rule(each.pointwise(lambda G, x: G.divide(x, G.add(G.pointwise("absolute", x), 1.0))), "softsign")
_rule(
    each.pointwise(
        lambda G, x, inplace=False: G.multiply(x, G.pointwise("tanh", G.pointwise("softplus", x)))
    ),
    "mish",
)
_rule(each.pointwise(lambda G, x, inplace=False: activations.hard_tanh(G, x, 0.0, 6.0)), "relu6")
_rule(each.pointwise(activations.hard_tanh), "hardtanh")
_rule(each.pointwise(activations.hard_sigmoid), "hardsigmoid")
_rule(each.pointwise(lambda G, x: G.multiply(x, x)), "square")
_rule(each.pointwise(lambda G, x: G.divide(1.0, x)), "reciprocal")
_rule(each.pointwise(each.square_root_inverse), "rsqrt")
_rule(each.pointwise(each.power, 2), "pow", "__pow__")
_rule(each.pointwise(lambda G, x, base: each.power(G, base, x), 2), "__rpow__")
_rule(more.clamp, "clamp", "clip")
_rule(more.clamp, "clamp_min")
_rule(more.clamp_max, "clamp_max")
_rule(each.pointwise(each.lerp, 3), "lerp")
_rule(
    each.pointwise(lambda G, a, b, c, value=1: G.add(a, G.multiply(G.multiply(b, c), value)), 3),
    "addcmul",
)
_rule(
    each.pointwise(lambda G, a, b, c, value=1: G.add(a, G.multiply(G.divide(b, c), value)), 3),
    "addcdiv",
)
_rule(each.converted, "float", "double", "to", "type", "type_as", "long", "int", "bool")
_rule(each.pointwise(each.identity), "positive")
_rule(each.pointwise(each.dropout), "dropout")
_rule(each.named("arctangent"), "atan", "arctan")
_rule(each.named("arctangent2", 2), "atan2", "arctan2")
_rule(each.named("arcsine"), "asin", "arcsin")
_rule(each.named("arccosine"), "acos", "arccos")
_rule(each.named("inverse_hyperbolic_sine"), "asinh", "arcsinh")
_rule(each.named("inverse_hyperbolic_cosine"), "acosh", "arccosh")
_rule(each.named("inverse_hyperbolic_tangent"), "atanh", "arctanh")
_rule(each.named("complementary_error_function"), "erfc")
_rule(each.named("hypotenuse", 2), "hypot")
_rule(each.named("remainder", 2), "remainder", "__mod__")
_rule(more.without_gradient("remainder", reflected=True), "__rmod__")
_rule(each.named("modulo", 2), "fmod")
_rule(more.without_gradient("floored_quotient"), "floor_divide", "__floordiv__")
_rule(more.without_gradient("floored_quotient", reflected=True), "__rfloordiv__")
_rule(each.pointwise(more.fraction), "frac")
_rule(each.pointwise(more.is_infinite), "isinf")
_rule(each.pointwise(more.is_finite), "isfinite")
_rule(each.pointwise(lambda G, x: G.pointwise("equal", x, math.inf)), "isposinf")
_rule(each.pointwise(lambda G, x: G.pointwise("equal", x, -math.inf)), "isneginf")
_rule(more.number_for_nan, "nan_to_num")
_rule(each.pointwise(more.log_add_exp, 2), "logaddexp")
_rule(each.pointwise(more.cardinal_sine), "sinc")
_rule(each.pointwise(more.entropy), "entr")
_rule(each.pointwise(more.times_logarithm(False), 2), "xlogy")
_rule(each.pointwise(more.times_logarithm(True), 2), "xlog1py")
_rule(each.pointwise(more.logit), "logit")
_rule(each.pointwise(more.hard_shrink), "hardshrink")
_rule(each.pointwise(more.soft_shrink), "softshrink")
_rule(each.pointwise(more.threshold), "threshold")
_rule(each.pointwise(lambda G, x: G.multiply(x, math.pi / 180)), "deg2rad")
_rule(each.pointwise(lambda G, x: G.multiply(x, 180 / math.pi)), "rad2deg")
_rule(over.reduction(cumulative.product_of), "prod")
_rule(cumulative.along(cumulative.cumulative_product), "cumprod")
_rule(cumulative.log_sum_exps, "logcumsumexp")
_rule(places.extreme(1), "max")
_rule(places.extreme(-1), "min")
_rule(places.argmax(1), "argmax")
_rule(places.argmax(-1), "argmin")
_rule(places.sort, "sort")
_rule(places.argsort, "argsort")
_rule(places.top_k, "topk")
_rule(taken.gather, "gather")
_rule(taken.take_along, "take_along_dim")
_rule(taken.index_select, "index_select")
_rule(taken.item, "__getitem__")
_rule(taken.one_hot, "one_hot")
_rule(taken.scatter, "scatter")
_rule(taken.scatter_add, "scatter_add")
_rule(composed.cosine_similarity, "cosine_similarity")
_rule(composed.pairwise_distance, "pairwise_distance")
_rule(composed.group_norm, "group_norm")
_rule(composed.attention, "scaled_dot_product_attention")
_rule(convolution, "conv1d", "conv2d", "conv3d")
_rule(each.heaviside, "heaviside")
_rule(each.where, "where", "masked_fill")
_rule(over.reduction(lambda G, x, keep: G.sum(x, keep)), "sum")
_rule(over.reduction(over.mean), "mean")
_rule(over.of_variance(over.variance), "var")
_rule(over.of_variance(over.standard_deviation), "std")
_rule(over.reduction(over.maximum_of), "amax")
_rule(over.reduction(over.minimum_of), "amin")
_rule(over.reduction(over.log_sum_exp), "logsumexp")
_rule(over.reduction(over.any_of), "any")
_rule(over.reduction(over.all_of), "all")
_rule(cumulative.along(cumulative.cumulative_sum), "cumsum")
_rule(vector_norms.vector_norm, "vector_norm")
_rule(vector_norms.any_norm, "norm")
_rule(norms.softmax(norms.softmax_last), "softmax")
_rule(norms.softmax(norms.log_softmax_last), "log_softmax")
_rule(norms.softmax(norms.softmin_last), "softmin")
_rule(cells.glu, "glu")
_rule(norms.layer_norm, "layer_norm")
_rule(norms.rms_norm, "rms_norm")
_rule(norms.normalize, "normalize")
_rule(product, "matmul", "mm", "bmm", "mv", "dot", "__matmul__")
_rule(inner, "inner")
_rule(outer, "outer", "ger")
_rule(kronecker, "kron")
_rule(contracted, "linear", "addmm", "baddbmm")
_rule(bilinear, "bilinear")
_rule(einsum, "einsum")
_rule(cells.gru_cell, "gru_cell")
_rule(cells.lstm_cell, "lstm_cell")
_rule(cells.rnn_cell("tanh"), "rnn_tanh_cell")
_rule(cells.rnn_cell("relu"), "rnn_relu_cell")
_rule(taken.embedding, "embedding")
_rule(
    cells.filled,
    "zeros_like",
    "ones_like",
    "full_like",
    "new_zeros",
    "new_ones",
    "new_full",
    "new_tensor",
    "empty_like",
    "new_empty",
    "new",
)
