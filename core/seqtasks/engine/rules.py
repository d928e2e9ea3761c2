"""What each torch function that a cell may call is in the graph."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from seqtasks.engine.contractions import contracted, einsum, inner, product
from seqtasks.engine.graph import Graph, Node, UnsupportedError
from seqtasks.engine.recording import Recorder, Tracked

__all__ = ["RULES"]

Outcome = tuple[Node, bool]
COMPARISONS = {"greater", "greater_equal", "less", "less_equal", "equal", "not_equal"}
Rule = Callable[..., Any]


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


def _pointwise(compute: Callable[..., Node], count: int = 1) -> Rule:
    """Return the rule of a pointwise function of its first `count` arguments."""

    def rule(recorder: Recorder, func: Any, result: Tensor, *args: Any, **kwargs: Any) -> Outcome:
        nodes, rows = _operands(recorder, result, args[:count])
        return compute(recorder.graph, *nodes, *args[count:], **kwargs), rows

    return rule


def _named(operation: str, count: int = 1) -> Rule:
    return _pointwise(lambda graph, *nodes: graph.pointwise(operation, *nodes), count)


def _reflected(operation: str) -> Rule:
    return _pointwise(lambda graph, a, b: graph.pointwise(operation, b, a), 2)


def _scaled(operation: str) -> Rule:
    def compute(graph: Graph, a: Node, b: Node, alpha: float = 1) -> Node:
        return graph.pointwise(operation, a, graph.multiply(b, alpha))

    return _pointwise(compute, 2)


def _divide(graph: Graph, a: Node, b: Node, rounding_mode: Any = None) -> Node:
    if rounding_mode is not None:
        raise UnsupportedError("it divides with rounding")
    return graph.divide(a, b)


def _clamp(graph: Graph, x: Node, min: Any = None, max: Any = None) -> Node:
    for bound, compare, extreme in ((min, "less", "maximum"), (max, "greater", "minimum")):
        if bound is None:
            continue
        if not isinstance(bound, int | float):
            raise UnsupportedError("it clamps by a tensor")
        outside = graph.pointwise(compare, x, bound)
        x = graph.pointwise("where", outside, float(bound), x)
        del extreme
    return x


def _power(graph: Graph, x: Node, exponent: Node) -> Node:
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


def _leaky(graph: Graph, x: Node, negative_slope: float = 0.01, inplace: bool = False) -> Node:
    positive = graph.pointwise("greater", x, 0.0)
    return graph.pointwise("where", positive, x, graph.multiply(x, negative_slope))


def _elu(graph: Graph, x: Node, alpha: float = 1.0, inplace: bool = False) -> Node:
    positive = graph.pointwise("greater", x, 0.0)
    below = graph.pointwise("expm1", graph.pointwise("where", positive, 0.0, x))
    return graph.pointwise("where", positive, x, graph.multiply(below, alpha))


def _gelu(graph: Graph, x: Node, approximate: str = "none") -> Node:
    if approximate == "tanh":
        cubic = graph.multiply(graph.multiply(graph.multiply(x, x), x), 0.044715)
        inner = graph.multiply(graph.add(x, cubic), math.sqrt(2 / math.pi))
        share = graph.add(graph.pointwise("tanh", inner), 1.0)
    else:
        scaled = graph.multiply(x, math.sqrt(0.5))
        share = graph.add(graph.pointwise("error_function", scaled), 1.0)
    return graph.multiply(graph.multiply(x, 0.5), share)


def _silu(graph: Graph, x: Node, inplace: bool = False) -> Node:
    return graph.multiply(x, graph.pointwise("sigmoid", x))


def _softplus(graph: Graph, x: Node, beta: float = 1, threshold: float = 20) -> Node:
    if threshold != 20:
        raise UnsupportedError("it calls softplus with a threshold of its own")
    return graph.divide(graph.pointwise("softplus", graph.multiply(x, beta)), beta)


def _inside(graph: Graph, x: Node, low: float, high: float) -> Node:
    return _clamp(graph, x, low, high)


def _lerp(graph: Graph, start: Node, end: Node, weight: Node) -> Node:
    return graph.add(start, graph.multiply(weight, graph.subtract(end, start)))


def _truth(graph: Graph, x: Node) -> Node:
    """Return 1 where a number is not 0."""
    return x if x.operation in COMPARISONS else graph.pointwise("not_equal", x, 0.0)


def _logical(operation: str) -> Rule:
    return _pointwise(
        lambda graph, a, b: graph.pointwise(operation, _truth(graph, a), _truth(graph, b)), 2
    )


def _logical_not(graph: Graph, x: Node) -> Node:
    return graph.pointwise("equal", x, 0.0)


def _extreme_number(operation: str) -> Rule:
    """Return the rule of the greater or lesser of two, one that is no number left aside."""

    def compute(graph: Graph, a: Node, b: Node) -> Node:
        extreme = graph.pointwise(operation, a, b)
        only_a = graph.pointwise("where", graph.pointwise("not_equal", b, b), a, extreme)
        return graph.pointwise("where", graph.pointwise("not_equal", a, a), b, only_a)

    return _pointwise(compute, 2)


def _identity(graph: Graph, x: Node, *args: Any, **kwargs: Any) -> Node:
    return x


def _dropout(
    graph: Graph, x: Node, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Node:
    if training and p > 0:
        raise UnsupportedError("it draws random numbers (dropout)")
    return x


def _where(recorder: Recorder, func: Any, result: Tensor, *args: Any, **kwargs: Any) -> Outcome:
    if func is Tensor.where:
        args = (args[1], args[0], *args[2:])
    if func in (torch.masked_fill, Tensor.masked_fill):
        args = (args[1], args[2], args[0])
    nodes, rows = _operands(recorder, result, args)
    return recorder.graph.pointwise("where", *nodes), rows


# ---- reductions


def _axes(recorder: Recorder, source: Tracked, dim: Any) -> list[int]:
    """Return the axes a reduction goes over, counted within a row."""
    rows = len(recorder.rows) if source.rows else 0
    rank = len(source.node.shape) + rows
    if dim is None or dim == ():
        if source.rows:
            raise UnsupportedError("its rows mix: it reduces over the batch")
        return list(range(rank))
    dims = [dim] if isinstance(dim, int) else list(dim)
    axes = [d % max(rank, 1) - rows for d in dims]
    if any(axis < 0 for axis in axes):
        raise UnsupportedError("its rows mix: it reduces over the batch")
    return axes


def _reduction(compute: Callable[..., Node]) -> Rule:
    """Return the rule of a reduction; `compute` gets the reduced axes last, as one."""

    def rule(
        recorder: Recorder,
        func: Any,
        result: Any,
        x: Any,
        dim: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        keepdim = kwargs.pop("keepdim", args[-1] if args and isinstance(args[-1], bool) else False)
        dim = kwargs.pop("axis", dim)
        if kwargs.pop("dtype", None) is not None:
            raise UnsupportedError("it sums in another type")
        source = recorder.find(x)
        axes = _axes(recorder, source, dim)
        node = compute(recorder.graph, *_last(recorder.graph, source.node, axes), **kwargs)
        if keepdim:
            kept = [1 if a in axes else s for a, s in enumerate(source.node.shape)]
            node = recorder.graph.reshape(node, tuple(kept))
        return node, source.rows

    return rule


def _last(graph: Graph, node: Node, axes: list[int]) -> tuple[Node, int]:
    """Return a node with some axes moved to the end, and how many come before them."""
    kept = [a for a in range(len(node.shape)) if a not in axes]
    places = graph.places(node).transpose([*kept, *axes])
    return graph.view(node, places, places.shape), len(kept)


def _count(node: Node, keep: int) -> int:
    return math.prod(node.shape[keep:])


def _mean(graph: Graph, x: Node, keep: int) -> Node:
    return graph.multiply(graph.sum(x, keep), 1 / _count(x, keep))


def _centred(graph: Graph, x: Node, keep: int) -> Node:
    return graph.subtract(x, _spread(graph, _mean(graph, x, keep), x))


def _spread(graph: Graph, reduced: Node, like: Node) -> Node:
    """Return a reduced value repeated over the axes it was reduced over."""
    shape = reduced.shape + (1,) * (len(like.shape) - len(reduced.shape))
    return graph.broadcast(graph.reshape(reduced, shape), like.shape)


def _variance(graph: Graph, x: Node, keep: int, correction: Any = 1, unbiased: Any = None) -> Node:
    if unbiased is not None:
        correction = int(unbiased)
    centred = _centred(graph, x, keep)
    total = graph.sum(graph.multiply(centred, centred), keep)
    return graph.multiply(total, 1 / max(0, _count(x, keep) - correction))


def _of_variance(compute: Callable[..., Node]) -> Rule:
    """Return the rule of a reduction that may get `unbiased` before `keepdim`."""
    reduction = _reduction(compute)

    def rule(
        recorder: Recorder,
        func: Any,
        result: Any,
        x: Any,
        dim: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        given = dict(zip(("unbiased", "keepdim"), args, strict=False))
        if isinstance(dim, bool):
            given, dim = {"unbiased": dim}, None
        return reduction(recorder, func, result, x, dim, **given, **kwargs)

    return rule


def _standard_deviation(graph: Graph, x: Node, keep: int, **kwargs: Any) -> Node:
    return graph.pointwise("square_root", _variance(graph, x, keep, **kwargs))


def _norm(graph: Graph, x: Node, keep: int, p: float = 2.0, ord: Any = None) -> Node:
    if (p if ord is None else ord) not in (2, 2.0, "fro"):
        raise UnsupportedError("it takes a norm other than the Euclidean")
    total = graph.sum(graph.multiply(x, x), keep)
    root = graph.pointwise("square_root", total)
    # torch's gradient of the norm of a zero vector is zero
    safe = graph.pointwise("where", graph.pointwise("equal", total, 0.0), 1.0, total)
    positive = graph.pointwise("square_root", safe)
    return graph.pointwise("where", graph.pointwise("equal", root, 0.0), 0.0, positive)


def _maximum_of(graph: Graph, x: Node, keep: int) -> Node:
    return graph.maximum_of(x, keep)


def _minimum_of(graph: Graph, x: Node, keep: int) -> Node:
    return graph.pointwise("negative", graph.maximum_of(graph.pointwise("negative", x), keep))


def _log_sum_exp(graph: Graph, x: Node, keep: int) -> Node:
    greatest = graph.pointwise("stopped", graph.maximum_of(x, keep))
    powers = graph.pointwise("exp", graph.subtract(x, _spread(graph, greatest, x)))
    return graph.add(graph.pointwise("log", graph.sum(powers, keep)), greatest)


# ---- softmax and normalisation


def _over_axes(compute: Callable[..., Node]) -> Callable[[Recorder, Any, list[int]], Outcome]:
    """Return a function that brings axes to the end, computes there, and puts them back."""

    def apply(recorder: Recorder, x: Any, axes: list[int], *args: Any) -> Outcome:
        source = recorder.find(x)
        graph, rank = recorder.graph, len(source.node.shape)
        kept = [a for a in range(rank) if a not in axes]
        node = compute(graph, *_last(graph, source.node, axes), *args)
        places = graph.places(node).transpose(np.argsort([*kept, *axes]))
        return graph.view(node, places, places.shape), source.rows

    return apply


def _softmax_last(graph: Graph, x: Node, keep: int) -> Node:
    greatest = graph.pointwise("stopped", graph.maximum_of(x, keep))
    powers = graph.pointwise("exp", graph.subtract(x, _spread(graph, greatest, x)))
    y = graph.divide(powers, _spread(graph, graph.sum(powers, keep), powers))

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        total = _spread(graph, graph.sum(graph.multiply(g, y), keep), y)
        return [(x, graph.multiply(y, graph.subtract(g, total)))]

    graph.pullbacks[y] = pullback
    return y


def _log_softmax_last(graph: Graph, x: Node, keep: int) -> Node:
    return graph.subtract(x, _spread(graph, _log_sum_exp(graph, x, keep), x))


def _normalised_last(graph: Graph, x: Node, keep: int, epsilon: float) -> Node:
    centred = _centred(graph, x, keep)
    variance = _mean(graph, graph.multiply(centred, centred), keep)
    deviation = graph.pointwise("square_root", graph.add(variance, epsilon))
    scale = _spread(graph, graph.divide(1.0, deviation), x)
    y = graph.multiply(centred, scale)

    def pullback(g: Node) -> list[tuple[Node, Node]]:
        along = _spread(graph, _mean(graph, graph.multiply(g, y), keep), x)
        rest = graph.subtract(_centred(graph, g, keep), graph.multiply(y, along))
        return [(x, graph.multiply(scale, rest))]

    graph.pullbacks[y] = pullback
    return y


def _softmax(compute: Callable[..., Node]) -> Rule:
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
            raise UnsupportedError("it takes a softmax without an axis, or in another type")
        return _over_axes(compute)(recorder, x, _axes(recorder, recorder.find(x), dim))

    return rule


def _layer_norm(
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
    node = _normalised_last(graph, source.node, rank - len(normalized_shape), eps)
    if weight is not None:
        node = graph.multiply(node, recorder.find(weight).node)
    if bias is not None:
        node = graph.add(node, recorder.find(bias).node)
    return node, source.rows


def _rms_norm(
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
    square = _mean(graph, graph.multiply(source.node, source.node), keep)
    root = graph.pointwise("square_root", graph.add(square, epsilon))
    node = graph.multiply(source.node, _spread(graph, graph.divide(1.0, root), source.node))
    if weight is not None:
        node = graph.multiply(node, recorder.find(weight).node)
    return node, source.rows


def _normalize(
    recorder: Recorder,
    func: Any,
    result: Tensor,
    x: Any,
    p: float = 2.0,
    dim: int = 1,
    eps: float = 1e-12,
    **kwargs: Any,
) -> Outcome:
    def compute(graph: Graph, node: Node, keep: int) -> Node:
        length = _clamp(graph, _norm(graph, node, keep, p), eps)
        return graph.divide(node, _spread(graph, length, node))

    return _over_axes(compute)(recorder, x, _axes(recorder, recorder.find(x), dim))


# ---- torch's own cells


def _gates(recorder: Recorder, x: Any, h: Any, weights: Sequence[Any]) -> tuple[Node, Node]:
    graph = recorder.graph
    w_ih, w_hh, b_ih, b_hh = (
        None if w is None else recorder.find(w).node for w in (*weights, None, None)[:4]
    )
    assert w_ih is not None
    assert w_hh is not None
    from_x = graph.linear(w_ih, recorder.find(x).node)
    from_h = graph.linear(w_hh, recorder.find(h).node)
    return (
        from_x if b_ih is None else graph.add(from_x, b_ih),
        from_h if b_hh is None else graph.add(from_h, b_hh),
    )


def _thirds(graph: Graph, node: Node, parts: int) -> list[Node]:
    size = node.size // parts
    return [graph.view(node, np.arange(size) + size * k, (size,)) for k in range(parts)]


def _gru_cell(
    recorder: Recorder, func: Any, result: Tensor, x: Any, h: Any, *weights: Any
) -> Outcome:
    graph = recorder.graph
    a, b = (_thirds(graph, n, 3) for n in _gates(recorder, x, h, weights))
    r = graph.pointwise("sigmoid", graph.add(a[0], b[0]))
    z = graph.pointwise("sigmoid", graph.add(a[1], b[1]))
    n = graph.pointwise("tanh", graph.add(a[2], graph.multiply(r, b[2])))
    before = recorder.find(h).node
    mixed = graph.add(graph.multiply(graph.subtract(1.0, z), n), graph.multiply(z, before))
    return mixed, True


def _lstm_cell(
    recorder: Recorder, func: Any, result: Any, x: Any, state: Any, *weights: Any
) -> list[Outcome]:
    graph = recorder.graph
    gates = _thirds(graph, graph.add(*_gates(recorder, x, state[0], weights)), 4)
    i, f, o = (graph.pointwise("sigmoid", gates[k]) for k in (0, 1, 3))
    kept = graph.multiply(f, recorder.find(state[1]).node)
    memory = graph.add(kept, graph.multiply(i, graph.pointwise("tanh", gates[2])))
    return [(graph.multiply(o, graph.pointwise("tanh", memory)), True), (memory, True)]


def _rnn_cell(activation: str) -> Rule:
    def rule(
        recorder: Recorder, func: Any, result: Tensor, x: Any, h: Any, *weights: Any
    ) -> Outcome:
        total = recorder.graph.add(*_gates(recorder, x, h, weights))
        return recorder.graph.pointwise(activation, total), True

    return rule


def _embedding(
    recorder: Recorder,
    func: Any,
    result: Tensor,
    ids: Any,
    weight: Any,
    padding_idx: Any = None,
    max_norm: Any = None,
    norm_type: Any = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Outcome:
    if padding_idx is not None or max_norm is not None or scale_grad_by_freq or sparse:
        raise UnsupportedError("its embedding has options beyond a table")
    raise UnsupportedError("it looks up an embedding of its own")


def _filled(
    recorder: Recorder, func: Any, result: Tensor, like: Any, *args: Any, **kwargs: Any
) -> Outcome:
    """Record a new tensor that takes nothing of another but its shape or type."""
    tracked = recorder.find(result)
    return tracked.node, tracked.rows


# ---- the table

RULES: dict[Any, Rule] = {}


def _rule(rule: Rule, *functions: str) -> None:
    """Give a rule to the torch functions, tensor methods and torch.nn.functional of these names."""
    homes = (torch, Tensor, functional, getattr(torch._C, "_nn", None), torch.linalg, torch.special)
    for name in functions:
        for home in [Tensor] if name.startswith("__") else homes:
            function = getattr(home, name, None)
            if callable(function):
                RULES[function] = rule


_rule(_scaled("add"), "add", "__add__", "__radd__")
_rule(_scaled("subtract"), "sub", "subtract", "__sub__")
_rule(_reflected("subtract"), "rsub", "__rsub__")
_rule(_named("multiply", 2), "mul", "multiply", "__mul__", "__rmul__")
_rule(_logical("multiply"), "logical_and", "bitwise_and", "__and__", "__rand__")
_rule(_logical("maximum"), "logical_or", "bitwise_or", "__or__", "__ror__")
_rule(_logical("not_equal"), "logical_xor", "bitwise_xor", "__xor__", "__rxor__")
_rule(_pointwise(_divide, 2), "div", "divide", "true_divide", "__truediv__")
_rule(_reflected("divide"), "__rtruediv__", "__rdiv__")
_rule(_named("negative"), "neg", "negative", "__neg__")
_rule(_named("exp"), "exp")
_rule(_named("log"), "log")
_rule(_named("log1p"), "log1p")
_rule(_named("expm1"), "expm1")
_rule(_named("tanh"), "tanh")
_rule(_named("sigmoid"), "sigmoid", "expit")
_rule(_named("log_sigmoid"), "logsigmoid")
_rule(_named("sine"), "sin")
_rule(_named("cosine"), "cos")
_rule(_named("error_function"), "erf")
_rule(_named("square_root"), "sqrt")
_rule(_named("sign"), "sign", "sgn")
_rule(_named("floor"), "floor")
_rule(_named("absolute"), "abs", "absolute", "__abs__")
_rule(_named("maximum", 2), "maximum")
_rule(_named("minimum", 2), "minimum")
_rule(_extreme_number("maximum"), "fmax")
_rule(_extreme_number("minimum"), "fmin")
_rule(_named("greater", 2), "gt", "greater", "__gt__")
_rule(_named("greater_equal", 2), "ge", "greater_equal", "__ge__")
_rule(_named("less", 2), "lt", "less", "__lt__")
_rule(_named("less_equal", 2), "le", "less_equal", "__le__")
_rule(_named("equal", 2), "eq", "__eq__")
_rule(_named("not_equal", 2), "ne", "not_equal", "__ne__")
_rule(_named("stopped"), "detach")
_rule(_pointwise(_logical_not), "logical_not", "bitwise_not", "__invert__")
_rule(_pointwise(lambda G, x, inplace=False: G.pointwise("relu", x)), "relu")
_rule(_pointwise(_silu), "silu")
_rule(_pointwise(_gelu), "gelu")
_rule(_pointwise(_elu), "elu")
_rule(_pointwise(_leaky), "leaky_relu")
_rule(_pointwise(_softplus), "softplus")
_rule(_pointwise(lambda G, x: G.divide(x, G.add(G.pointwise("absolute", x), 1.0))), "softsign")
_rule(
    _pointwise(
        lambda G, x, inplace=False: G.multiply(x, G.pointwise("tanh", G.pointwise("softplus", x)))
    ),
    "mish",
)
_rule(_pointwise(lambda G, x, inplace=False: _inside(G, x, 0.0, 6.0)), "relu6")
_rule(
    _pointwise(
        lambda G, x, min_val=-1.0, max_val=1.0, inplace=False: _inside(G, x, min_val, max_val)
    ),
    "hardtanh",
)
_rule(
    _pointwise(lambda G, x, inplace=False: _inside(G, G.add(G.multiply(x, 1 / 6), 0.5), 0.0, 1.0)),
    "hardsigmoid",
)
_rule(_pointwise(lambda G, x: G.multiply(x, x)), "square")
_rule(_pointwise(lambda G, x: G.divide(1.0, x)), "reciprocal")
_rule(_pointwise(lambda G, x: G.divide(1.0, G.pointwise("square_root", x))), "rsqrt")
_rule(_pointwise(_power, 2), "pow", "__pow__")
_rule(_pointwise(lambda G, x, base: _power(G, base, x), 2), "__rpow__")
_rule(_pointwise(_clamp), "clamp", "clip")
_rule(_pointwise(lambda G, x, min: _clamp(G, x, min)), "clamp_min")
_rule(_pointwise(lambda G, x, max: _clamp(G, x, None, max)), "clamp_max")
_rule(_pointwise(_lerp, 3), "lerp")
_rule(
    _pointwise(lambda G, a, b, c, value=1: G.add(a, G.multiply(G.multiply(b, c), value)), 3),
    "addcmul",
)
_rule(
    _pointwise(lambda G, a, b, c, value=1: G.add(a, G.multiply(G.divide(b, c), value)), 3),
    "addcdiv",
)
_rule(_pointwise(_identity), "float", "double", "to", "type_as", "positive")
_rule(_pointwise(_dropout), "dropout")
_rule(_where, "where", "masked_fill")
_rule(_reduction(lambda G, x, keep: G.sum(x, keep)), "sum")
_rule(_reduction(_mean), "mean")
_rule(_of_variance(_variance), "var")
_rule(_of_variance(_standard_deviation), "std")
_rule(_reduction(_maximum_of), "amax")
_rule(_reduction(_minimum_of), "amin")
_rule(_reduction(_log_sum_exp), "logsumexp")
_rule(_reduction(_norm), "vector_norm")
_rule(_softmax(_softmax_last), "softmax")
_rule(_softmax(_log_softmax_last), "log_softmax")
_rule(_layer_norm, "layer_norm")
_rule(_rms_norm, "rms_norm")
_rule(_normalize, "normalize")
_rule(product, "matmul", "mm", "bmm", "mv", "dot", "__matmul__")
_rule(inner, "inner")
_rule(contracted, "linear", "addmm")
_rule(einsum, "einsum")
_rule(_gru_cell, "gru_cell")
_rule(_lstm_cell, "lstm_cell")
_rule(_rnn_cell("tanh"), "rnn_tanh_cell")
_rule(_rnn_cell("relu"), "rnn_relu_cell")
_rule(_embedding, "embedding")
_rule(
    _filled,
    "zeros_like",
    "ones_like",
    "full_like",
    "new_zeros",
    "new_ones",
    "new_full",
    "new_tensor",
)
