"""How each torch function that has a rule is called: on a, b and c, each (batch, 4).

A function of one tensor needs no line here.
"""

import torch
from torch.nn import functional


def column(x):
    return x.unsqueeze(-1)


def row(x):
    return x.unsqueeze(1)


def positive(x):
    return x.abs() + 0.2


def mask(x):
    return x > 0


def binary(f, a, b, c):
    return f(a, b)


def with_number(f, a, b, c):
    return torch.cat([f(a, b), f(a, 2)], -1)


def of_positive(f, a, b, c):
    return f(positive(a))


def power(f, a, b, c):
    if f is torch.Tensor.__rpow__:
        return f(a, 1.5)
    powers = [f(positive(a), p) for p in (2, 1, 0.5, -1, 1.7)]
    return torch.cat([*powers, f(positive(a), b), f(a, 3)], -1)


def logical(f, a, b, c):
    if f.__name__.startswith(("__", "bitwise")):
        return f(mask(a), mask(b))
    zeros = functional.relu(a)  # numbers of which some are zero
    return torch.cat([f(zeros, b), f(mask(a), mask(b)), f(mask(a), functional.relu(b))], -1)


def negation(f, a, b, c):
    return (
        f(mask(a))
        if f.__name__ != "logical_not"
        else torch.cat([f(functional.relu(a)), f(mask(a))], -1)
    )


def comparison(f, a, b, c):
    return torch.cat([f(a, b), f(a, 0.3), f(a, a)], -1)


def clamped(f, a, b, c):
    return torch.cat([f(a, -0.3, 0.4), f(a, min=0.1), f(a, max=0.1)], -1)


def square(x):
    """Return (batch, 2, 2)."""
    return x.view(-1, 2, 2)


def regular(x):
    """Return (batch, 2, 2) positive definite matrices."""
    return square(x) @ square(x).mT + torch.eye(2, dtype=x.dtype)


def reduced(f, a, b, c):
    wide = column(a) * row(b)
    return torch.cat([f(a, -1, True), f(wide, 1), f(wide, dim=(1, 2), keepdim=True)[:, 0]], -1)


def variance(f, a, b, c):
    wide = column(a) * row(b)
    kinds = [f(a, -1, False), f(a, -1, True), f(a, dim=1, correction=0), f(a, 1, unbiased=False)]
    return torch.cat([*(column(kind) for kind in kinds), f(wide, 1), f(a, -1, keepdim=True)], -1)


def norm(f, a, b, c):
    return torch.cat([f(a, dim=-1, keepdim=True), f(square(b), dim=1)], -1)


def any_norm(f, a, b, c):
    if f is torch.linalg.norm:
        return torch.cat([f(a, dim=-1, keepdim=True), f(a, 2, -1, True)], -1)
    return torch.cat([f(a, dim=-1, keepdim=True), f(a, 2, -1, True), f(square(b), dim=1)], -1)


def halves(f, a, b, c):
    return torch.cat([f(3 * a + x) for x in (-0.5, 0, 0.5)] + [f(torch.floor(4 * a) / 2) * b], -1)


def softmax(f, a, b, c):
    return torch.cat([f(a, -1), f(column(a) * row(b), 1).flatten(1)], -1)


def normalised(f, a, b, c):
    if f.__name__ == "normalize":
        return torch.cat([f(a, dim=-1), f(square(b), dim=1).flatten(1)], -1)
    given = (weights(4),) if f.__name__ == "rms_norm" else (weights(4), weights(8)[4:])
    return torch.cat([f(a, (4,), *given), f(square(b), (2, 2), eps=0.1).flatten(1)], -1)


def matrix_product(f, a, b, c):
    if f.__name__ in ("mm", "mv", "dot"):
        pairs = {"mm": (a, weights(4, 3)), "mv": (a, weights(4)), "dot": (weights(4), weights(4))}
        made = f(*pairs[f.__name__])
        return column(made) if made.dim() == 1 else made + a[:, :1] if made.dim() else made * a
    if f.__name__ == "bmm":
        return torch.cat([f(square(a), square(b)).flatten(1), f(column(a), row(b)).flatten(1)], -1)
    if f.__name__ == "inner":
        return f(a, weights(3, 4))
    if f.__name__ in ("outer", "ger"):
        return a @ f(weights(4), weights(8)[4:])
    inner = f(square(a), square(b)).flatten(1)
    return torch.cat([f(a, weights(4, 3)), inner, f(square(a), weights(2, 3)).flatten(1)], -1)


def einsum(f, a, b, c):
    results = [
        f("bi,bi->b", a, b)[:, None],
        f("bi,bj->bij", a, b).flatten(1),
        f("bik,bkj->bji", square(a), square(b)).flatten(1),
        f("bk,kj->bj", a, weights(4, 3)),
        f("kj,bk->bj", weights(4, 3), a),
        f("bij->bj", square(a)),
        f("bij->bji", square(a)).flatten(1),
        f("bh, bn, bh -> bhn", a, b, c).flatten(1),
        f("...i,...i,...->...i", a, b, c[:, 0]),
        f("... h i, h i j -> ... h j", square(a), weights(2, 2, 2)).flatten(1),
        f("bij,bj,jk,bk->bi", square(a), b[:, :2], weights(2, 4), c),
    ]
    return torch.cat(results, -1)


def linear(f, a, b, c):
    if f.__name__ == "addmm":
        return f(b[:, :3], a, weights(4, 3), beta=0.5, alpha=2)
    return torch.cat([f(a, weights(3, 4), weights(3)), f(square(b), weights(3, 2)).flatten(1)], -1)


def recurrent(f, a, b, c):
    gates = {"lstm_cell": 4, "gru_cell": 3}.get(f.__name__, 1)
    given = [weights(4 * gates, 4), weights(4 * gates, 4), weights(4 * gates), weights(4 * gates)]
    if f.__name__ == "lstm_cell":
        return torch.cat(f(a, (b, c), *given), -1)
    return torch.cat([f(a, b, *given), f(a, b, *given[:2])], -1)


def filled(f, a, b, c):
    arguments = {
        "full_like": (a, 2.5),
        "new_zeros": (a, a.shape),
        "new_ones": (a, a.shape),
        "new_full": (a, a.shape, 1.5),
        "new_tensor": (a, [1.0, 2.0, 3.0, 4.0]),
    }
    return f(*arguments.get(f.__name__, (a,))) * a


def weights(*shape):
    """Return a matrix of the cell that is being run."""
    return WEIGHTS[0].view(-1)[: torch.Size(shape).numel()].view(shape)


WEIGHTS: list[torch.Tensor] = []


def placed(f, a, b, c):
    wide = column(a) * row(b)
    kinds = [f(a, -1)[:, None], f(wide, 1), f(wide, 2, keepdim=True).flatten(1)]
    return torch.cat(kinds, -1) * c[:, :1]


def extremes(f, a, b, c):
    wide = column(a) * row(b)
    kinds = [*f(a, -1, True), f(wide, 1)[0], f(wide, dim=2)[1], f(a, weights(4))]
    return torch.cat([f(a, b), *kinds], -1)


def truths(f, a, b, c):
    wide = column(a) * row(b) > -1
    return torch.cat([f(a > 0, -1, keepdim=True) * b, f(wide, 1) * a, f(wide, dim=2) * c], -1)


def in_order(f, a, b, c):
    wide = column(a) * row(b)
    kinds = f(a), f(wide, 1, descending=True), f(wide, dim=2, stable=True)
    return torch.cat([part.flatten(1) for kind in kinds for part in kind], -1)


def order(f, a, b, c):
    return torch.cat([f(a), f(column(a) * row(b), 1, True).flatten(1)], -1) * c[:, :1]


def greatest_few(f, a, b, c):
    kinds = f(a, 2), f(column(a) * row(b), 3, 1, largest=False)
    return torch.cat([part.flatten(1) for kind in kinds for part in kind], -1)


def gathered(f, a, b, c):
    wide = column(a) * row(b)
    kinds = [f(a, 1, b.argsort(-1)[:, :3]), f(wide, 2, wide.argmax(2, keepdim=True)).flatten(1)]
    fixed = torch.tensor([0, 3, 3]).expand(len(a), 3)
    return torch.cat([*kinds, f(c, 1, fixed), f(wide, 1, wide.argsort(1)[:, :2]).flatten(1)], -1)


def taken_along(f, a, b, c):
    wide = column(a) * row(b)
    at = b.argsort(-1)[:, None, :2]
    return torch.cat([f(a, b.argsort(-1), 1), f(wide, at, 2).flatten(1)], -1)


def scattered(f, a, b, c):
    at = b.argsort(-1)
    kinds = [f(c, 1, at[:, :2], a[:, :2]), f(a, 1, b.argmax(-1, True).expand(-1, 3), c[:, :3])]
    if f.__name__ == "scatter":
        kinds += [f(a, -1, at[:, 1:3], 7.0), f(a, 1, at[:, :1], value=0.5)]
    return torch.cat(kinds, -1)


def chosen_parts(f, a, b, c):
    if f.__name__ == "index_select":
        return torch.cat([f(a, 1, torch.tensor([2, 2, 0])), f(weights(4, 4), 0, b.argmax(-1))], -1)
    rows = torch.arange(len(a))
    kinds = [f(a, (rows, b.argmax(-1)))[:, None], f(column(a) * row(c), (rows, b.argmin(-1)))]
    of_weights = f(weights(4, 4), b.argsort(-1)[:, :2]).flatten(1)
    back = f(weights(4, 4), b.argmax(-1) - 4)
    return torch.cat([f(a, (slice(None), slice(1, 3))), *kinds, of_weights, back], -1)


def one_of(f, a, b, c):
    return torch.cat([f(a.argmax(-1), 5), f(b.argsort(-1), 4).flatten(1)], -1) * c[:, :1]


def table(f, ids, weight):
    return f(weight, ids) if f is torch.embedding else f(ids, weight)


def looked_up(f, a, b, c):
    few = table(f, b.argsort(-1), weights(4, 2)).flatten(1)
    return torch.cat([table(f, a.argmax(-1), weights(4, 4)), few], -1) * c[:, :1]


def counts(f, a, b, c):
    """Compute with whole numbers."""
    whole = f((3 * a).clamp(-9, 9))
    return torch.cat(
        [whole * b, whole % 3 * c, (whole > 1) * b, (whole > 0) / c.cosh(), whole // 2 * a], -1
    )


def detached(f, a, b, c):
    return f(a.detach(), b.detach()) * c


def quotients(f, a, b, c):
    whole = [f(a, b, rounding_mode=kind) + c for kind in ("floor", "trunc")]
    return torch.cat([f(a, positive(b)), f(a, 2), *whole], -1)


def any_clamped(f, a, b, c):
    if f.__name__ in ("clamp_min", "clamp_max"):
        return torch.cat([f(a, 0.1), f(a, b), f(a, weights(4))], -1)
    return torch.cat([clamped(f, a, b, c), f(a, b, c), f(a, min=weights(4))], -1)


def along_axis(f, a, b, c):
    wide = column(a) * row(b)
    return torch.cat([f(a, -1), f(wide, 1).flatten(1), f(wide, 2).flatten(1), f(c[:, :1], 1)], -1)


def products(f, a, b, c):
    wide = column(a) * row(b)
    kinds = [f(a, -1, keepdim=True), f(wide, 1), f(wide, dim=2), f(c[:, :3], 1, keepdim=True)]
    return torch.cat([*kinds, a * f(weights(4), dim=0)], -1)


def distances(f, a, b, c):
    kinds = [f(a, b, keepdim=True), f(a, weights(4), 1)[:, None], f(square(a), row(b[:, :2]))]
    return torch.cat(kinds, -1)


def similarities(f, a, b, c):
    kinds = [f(a, b)[:, None], f(square(a), row(b[:, :2]), dim=2), f(a, weights(1, 4), 1)[:, None]]
    return torch.cat(kinds, -1)


def grouped(f, a, b, c):
    given = (weights(4), weights(8)[4:])
    return torch.cat([f(a, 2, *given), f(square(b), 1, weights(2), eps=0.1).flatten(1)], -1)


def attended(f, a, b, c):
    q, k, v = square(a), torch.cat([square(b), square(a)], 1), torch.cat([square(c), square(b)], 1)
    of_rows = (k[..., 0] > -1)[:, None]
    kinds = [f(q, k, v), f(q, k, v, weights(2, 4) > 0), f(q, k, v, weights(2, 4), scale=0.7)]
    heads = f(*(x.view(len(x), 2, -1, 1) for x in (a, b, c)))
    return torch.cat([x.flatten(1) for x in (*kinds, f(q, k, v, of_rows), heads)], -1)


def convolved(f, a, b, c):
    if f.__name__ == "conv2d":
        image = torch.stack([square(a), square(b)], 1)
        kinds = [
            f(image, weights(3, 2, 2, 1), weights(3), padding=(1, 0)),
            f(image, weights(4, 1, 1, 2), groups=2, stride=(2, 1)),
            f(image, weights(3, 2, 3, 3), weights(3), padding=1),
            f(image, weights(4, 1, 5, 3), groups=2, padding=(2, 1), stride=(1, 2)),
        ]
        return torch.cat([kind.flatten(1) for kind in kinds], -1)
    two = torch.stack([a, b], 1)
    circular = functional.pad(two, (1, 1), mode="circular")
    kinds = [
        f(two, weights(3, 2, 2), weights(3), padding=1),
        f(two, weights(2, 1, 3), groups=2, padding="same"),
        f(circular, weights(1, 2, 3), stride=2),
        f(a[:, :, None], weights(4, 1, 1), groups=4),
        f(row(c), weights(2, 1, 2), dilation=3),
        f(two, weights(4, 1, 7), weights(4), groups=2, padding=3),
    ]
    return torch.cat([kind.flatten(1) for kind in kinds], -1)


def bilinear(f, a, b, c):
    return torch.cat([f(a, b[:, :2], weights(2, 4, 2), weights(2)), f(a, b, weights(1, 4, 4))], -1)


CASES = {
    **dict.fromkeys(
        ("add", "__add__", "__radd__", "sub", "subtract", "__sub__", "rsub", "__rsub__"),
        with_number,
    ),
    **dict.fromkeys(("mul", "multiply", "__mul__", "__rmul__"), with_number),
    **dict.fromkeys(("div", "divide"), quotients),
    **dict.fromkeys(("atan2", "arctan2", "hypot", "logaddexp"), binary),
    **dict.fromkeys(("remainder", "__mod__", "fmod"), binary),
    **dict.fromkeys(
        ("xlogy", "special_xlogy", "special_xlog1py"), lambda f, a, b, c: f(a, positive(b))
    ),
    "special_entr": of_positive,
    **dict.fromkeys(("floor_divide", "__floordiv__"), detached),
    **dict.fromkeys(("__rmod__", "__rfloordiv__"), lambda f, a, b, c: f(a.detach(), 2.5) * b),
    **dict.fromkeys(("asin", "arcsin", "acos", "arccos"), lambda f, a, b, c: f(0.9 * torch.sin(a))),
    **dict.fromkeys(("atanh", "arctanh"), lambda f, a, b, c: f(0.9 * torch.sin(a))),
    **dict.fromkeys(("acosh", "arccosh"), lambda f, a, b, c: f(1.1 + a * a)),
    **dict.fromkeys(("logit", "special_logit"), lambda f, a, b, c: f(torch.sigmoid(a))),
    **dict.fromkeys(
        ("isinf", "isfinite", "isposinf", "isneginf"),
        lambda f, a, b, c: torch.where(f(a / functional.relu(b)), b, c),
    ),
    **dict.fromkeys(("threshold", "_threshold"), lambda f, a, b, c: f(a, 0.1, 7.0)),
    **dict.fromkeys(("true_divide", "__truediv__", "__rdiv__", "__rtruediv__"), with_number),
    **dict.fromkeys(("logical_and", "logical_or", "logical_xor"), logical),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), logical),
    **dict.fromkeys(("__and__", "__rand__", "__or__", "__ror__", "__xor__", "__rxor__"), logical),
    **dict.fromkeys(("logical_not", "bitwise_not", "__invert__"), negation),
    **dict.fromkeys(("log", "sqrt", "rsqrt", "reciprocal", "log1p", "special_log1p"), of_positive),
    **dict.fromkeys(("maximum", "minimum", "fmax", "fmin"), binary),
    **dict.fromkeys(("max", "min"), extremes),
    **dict.fromkeys(("argmax", "argmin"), placed),
    **dict.fromkeys(("any", "all"), truths),
    "sort": in_order,
    "argsort": order,
    "topk": greatest_few,
    "gather": gathered,
    "take_along_dim": taken_along,
    **dict.fromkeys(("scatter", "scatter_add"), scattered),
    **dict.fromkeys(("index_select", "__getitem__"), chosen_parts),
    "one_hot": one_of,
    "embedding": looked_up,
    **dict.fromkeys(("long", "int"), counts),
    "bool": lambda f, a, b, c: f(functional.relu(a)) * b,
    **dict.fromkeys(("gt", "greater", "__gt__", "ge", "greater_equal", "__ge__"), comparison),
    **dict.fromkeys(("lt", "less", "__lt__", "le", "less_equal", "__le__"), comparison),
    **dict.fromkeys(("eq", "__eq__", "ne", "not_equal", "__ne__"), comparison),
    **dict.fromkeys(("pow", "__pow__", "__rpow__"), power),
    **dict.fromkeys(("clamp", "clip", "clamp_min", "clamp_max"), any_clamped),
    "gelu": lambda f, a, b, c: torch.cat([f(a), f(b, approximate="tanh")], -1),
    "elu": lambda f, a, b, c: torch.cat([f(a), f(b, 0.7)], -1),
    "leaky_relu": lambda f, a, b, c: torch.cat([f(a), f(b, 0.2)], -1),
    "softplus": lambda f, a, b, c: torch.cat([f(a), f(b, beta=2)], -1),
    "hardtanh": lambda f, a, b, c: torch.cat([f(a), f(b, -0.5, 0.25)], -1),
    "lerp": lambda f, a, b, c: torch.cat([f(a, b, c), f(a, b, 0.3)], -1),
    "addcmul": lambda f, a, b, c: f(a, b, c, value=0.5),
    "addcdiv": lambda f, a, b, c: f(a, b, positive(c), value=0.5),
    "to": lambda f, a, b, c: torch.cat([f(a, a.dtype), f(mask(b), b.dtype) * b], -1),
    "float": lambda f, a, b, c: f(mask(a)) * b if a.dtype == torch.float32 else b,
    "double": lambda f, a, b, c: f(mask(a)) * b if a.dtype == torch.float64 else b,
    "type": lambda f, a, b, c: f(mask(a), b.dtype) * b,
    "type_as": lambda f, a, b, c: f(mask(a), b) * b,
    "dropout": lambda f, a, b, c: f(a, 0.5, False),
    "where": lambda f, a, b, c: (
        f(b, mask(a), c)
        if f is torch.Tensor.where
        else torch.cat([f(mask(a), b, c), f(mask(a), b, 0.5)], -1)
    ),
    "masked_fill": lambda f, a, b, c: f(a, mask(b), 0.7),
    "heaviside": lambda f, a, b, c: f(functional.relu(a).detach(), b.detach()) * c,
    **dict.fromkeys(("sum", "mean", "amax", "amin", "logsumexp", "special_logsumexp"), reduced),
    **dict.fromkeys(("var", "std"), variance),
    "linalg_vector_norm": norm,
    "norm": any_norm,
    "linalg_norm": any_norm,
    **dict.fromkeys(("ceil", "trunc", "fix", "round", "special_round"), halves),
    **dict.fromkeys(("log2", "log10"), of_positive),
    "prelu": lambda f, a, b, c: torch.cat([f(a, weights(4)), f(square(b), weights(1))[:, 0]], -1),
    "selu": lambda f, a, b, c: f(a),
    "celu": lambda f, a, b, c: torch.cat([f(a), f(b, 0.5)], -1),  # torch has it in float32
    "isnan": lambda f, a, b, c: torch.where(f(a / functional.relu(b) * 0), b, c),
    "glu": lambda f, a, b, c: torch.cat([f(a), f(column(a) * row(b), 1).flatten(1)], -1),
    "softmin": lambda f, a, b, c: torch.cat([f(a, -1), f(column(a) * row(b), 1).flatten(1)], -1),
    **dict.fromkeys(("softmax", "special_softmax"), softmax),
    **dict.fromkeys(("log_softmax", "special_log_softmax"), softmax),
    **dict.fromkeys(("layer_norm", "rms_norm", "normalize"), normalised),
    **dict.fromkeys(("matmul", "linalg_matmul", "__matmul__"), matrix_product),
    **dict.fromkeys(("mm", "bmm", "mv", "dot", "inner", "outer", "ger"), matrix_product),
    **dict.fromkeys(("linear", "addmm"), linear),
    "einsum": einsum,
    "cumsum": lambda f, a, b, c: torch.cat([f(a, -1), f(square(b), dim=1).flatten(1)], -1),
    **dict.fromkeys(("cumprod", "logcumsumexp"), along_axis),
    "prod": products,
    "pairwise_distance": distances,
    "cosine_similarity": similarities,
    "group_norm": grouped,
    "scaled_dot_product_attention": attended,
    **dict.fromkeys(("conv1d", "conv2d"), convolved),
    "conv3d": lambda f, a, b, c: f(square(a)[:, None, None], weights(2, 1, 1, 2, 1)).flatten(1),
    **dict.fromkeys(("inverse_of", "lower_factor_of"), lambda f, a, b, c: f(regular(a)).flatten(1)),
    "solution_of": lambda f, a, b, c: torch.cat(
        [f(regular(a), square(b), kind).flatten(1) for kind in ("general", "lower", "upper")],
        -1,
    ),
    "baddbmm": lambda f, a, b, c: f(square(a), square(b), square(c), beta=0.5).flatten(1),
    "bilinear": bilinear,
    "kron": lambda f, a, b, c: a @ f(weights(2, 2), weights(4, 2)[2:]),
    **dict.fromkeys(("gru_cell", "lstm_cell", "rnn_tanh_cell", "rnn_relu_cell"), recurrent),
    **dict.fromkeys(("full_like", "zeros_like", "ones_like", "new_zeros", "new_ones"), filled),
    **dict.fromkeys(("new_full", "new_tensor"), filled),
    "empty_like": lambda f, a, b, c: f(a).fill_(2.0) * a,
    "new_empty": lambda f, a, b, c: f(a, a.shape).fill_(2.0) * a,
}

REARRANGED = {
    "__get__": lambda a: torch.cat([square(a).mT.flatten(1), a.data], -1),
    "__getitem__": lambda a: torch.cat([a[:, 1:3], a[:, [3, 0]], a[:, None, -1], a[..., ::2]], -1),
    "cat": lambda a: torch.cat([a[:, :1], a], 1),
    "concat": lambda a: torch.concat([a[:, :1], a], 1),
    "concatenate": lambda a: torch.concatenate([a[:, :1], a], 1),
    "stack": lambda a: torch.stack([a, 2 * a], 1).flatten(1),
    "hstack": lambda a: torch.hstack([a, a[:, :2]]),
    "chunk": lambda a: a.chunk(2, -1)[1],
    "split": lambda a: torch.cat(a.split([3, 1], 1)[::-1], 1),
    "tensor_split": lambda a: torch.cat(torch.tensor_split(a, 3, dim=1)[::-1], 1),
    "unbind": lambda a: torch.stack(a.unbind(1)[::-1], 1),
    "view": lambda a: a.view(-1, 2, 2).sum(1),
    "view_as": lambda a: (a.view(-1, 2, 2).view_as(square(a))).sum(2),
    "reshape": lambda a: a.reshape(a.shape[0], 2, 2).sum(1),
    "reshape_as": lambda a: a.reshape_as(square(a)).sum(2),
    "flatten": lambda a: square(a).flatten(1),
    "unflatten": lambda a: a.unflatten(1, (2, 2)).sum(2),
    "transpose": lambda a: square(a).transpose(1, 2).flatten(1),
    "swapaxes": lambda a: square(a).swapaxes(1, 2).flatten(1),
    "movedim": lambda a: square(a).movedim(2, 1).flatten(1),
    "permute": lambda a: square(a).permute(0, 2, 1).flatten(1),
    "t": lambda a: a @ weights(3, 4).t(),
    "unsqueeze": lambda a: (a.unsqueeze(1) * a.unsqueeze(2)).flatten(1),
    "squeeze": lambda a: a.unsqueeze(1).squeeze(1),
    "expand": lambda a: a.unsqueeze(1).expand(-1, 3, -1).flatten(1),
    "expand_as": lambda a: a[:, :1].expand_as(a),
    "broadcast_to": lambda a: torch.broadcast_to(a[:, :1], a.shape),
    "roll": lambda a: a.roll(1, 1) + a.roll(-2, -1),
    "flip": lambda a: a.flip(1),
    "repeat": lambda a: a.repeat(1, 2),
    "tile": lambda a: torch.tile(a, (1, 2)),
    "repeat_interleave": lambda a: a.repeat_interleave(2, 1),
    "narrow": lambda a: a.narrow(1, 1, 2),
    "select": lambda a: a.select(1, 2)[:, None],
    "index_select": lambda a: a.index_select(1, torch.tensor([2, 2, 0])),
    "contiguous": lambda a: square(a).mT.contiguous().flatten(1),
    "clone": lambda a: a.clone(),
    "pad": lambda a: functional.pad(a, (1, 2)),
    "tril": lambda a: square(a).tril().flatten(1),
    "triu": lambda a: square(a).triu().flatten(1),
    "diag": lambda a: a + torch.cat([weights(2, 2).diag(), weights(2).diag().flatten()[:2]]),
    "diag_embed": lambda a: a.diag_embed().flatten(1),
    "block_diag": lambda a: a @ torch.block_diag(weights(2, 3), weights(2, 1)),
    "diagonal": lambda a: square(a).diagonal(dim1=1, dim2=2),
    "atleast_1d": torch.atleast_1d,
    "atleast_2d": torch.atleast_2d,
    "atleast_3d": lambda a: torch.atleast_3d(a)[:, :, 0],
    "adjoint": lambda a: square(a).adjoint().flatten(1),
    "broadcast_tensors": lambda a: torch.broadcast_tensors(a[:, :1], a)[0],
    "column_stack": lambda a: torch.column_stack([a, a[:, :2]]),
    "row_stack": lambda a: a @ torch.row_stack([weights(2, 3), weights(4, 3)[2:]]),
    "vstack": lambda a: a @ torch.vstack([weights(2, 3), weights(4, 3)[2:]]),
    "dstack": lambda a: torch.dstack([a, a.flip(1)]).flatten(1),
    "hsplit": lambda a: a.hsplit(2)[1],
    "dsplit": lambda a: square(a).dsplit(2)[1].flatten(1),
    "split_with_sizes": lambda a: torch.cat(a.split_with_sizes([3, 1], 1)[::-1], 1),
    "unsafe_chunk": lambda a: torch.unsafe_chunk(a, 2, 1)[1],
    "unsafe_split": lambda a: torch.unsafe_split(a, 2, 1)[1],
    "moveaxis": lambda a: square(a).moveaxis(2, 1).flatten(1),
    "swapdims": lambda a: square(a).swapdims(1, 2).flatten(1),
    "ravel": lambda a: a * weights(2, 2).ravel(),
    "fliplr": lambda a: square(a).fliplr().flatten(1),
    "rot90": lambda a: square(a).rot90(1, (1, 2)).flatten(1),
    "diagflat": lambda a: a @ weights(4).diagflat(),
    "slice_scatter": lambda a: a.slice_scatter(2 * a[:, :2], 1, 1, 3),
    "select_scatter": lambda a: a.select_scatter(2 * a[:, 0], 1, 2),
    "diagonal_scatter": lambda a: (
        square(a).diagonal_scatter(3 * a[:, :2], dim1=1, dim2=2).flatten(1)
    ),
    "narrow_copy": lambda a: torch.narrow_copy(a, 1, 1, 2),
    "unfold": lambda a: a.unfold(1, 2, 1).flatten(1),
    "channel_shuffle": lambda a: torch.channel_shuffle(a[:, :, None, None], 2).flatten(1),
    "pixel_shuffle": lambda a: functional.pixel_shuffle(a[:, :, None, None], 2).flatten(1),
    "pixel_unshuffle": lambda a: functional.pixel_unshuffle(square(a)[:, None], 2).flatten(1),
}
