"""One long table: how each torch function with a rule is called where it is hardest to get right.

A call gets x (cases, width), of a kind that says how wide and with which numbers: zeros, bounds,
ties, equal rows, infinities, what is no number. A function of one tensor needs no line here.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from rule_cases import REARRANGED
from torch import Tensor
from torch.nn import functional

from seqtasks.engine.record.rules.equations import EQUATIONS
from seqtasks.engine.record.rules.table import RULES

__all__ = ["EDGES", "KINDS", "Edge"]

inf, nan = math.inf, math.nan


@dataclass(frozen=True)
class Edge:
    """A call of a function at its edges.

    Attributes:
        name: of the function, and what is special about the call.
        kind: one of KINDS.
        call: from (cases, width) to (cases, ...).
    """

    name: str
    kind: str
    call: Callable[[Tensor], Tensor]


def one_number(dtype: torch.dtype) -> Tensor:
    """Return (cases, 1): where functions have their bounds, kinks, ties and overflows."""
    about = torch.finfo(dtype)
    numbers = [0.0, -0.0, 1, 0.5, 2, 3, 6, 8, 20, 1 / 3, 0.1, 0.25, 1.5, 2.5, 4.5, 7.5, 9.01]
    numbers += [20.5, 88, 89, 100, 104, 700, 710, 746, 1e-4, 1e-6, 1e-30, 1e30, 2e4, 5e8]
    numbers += [16777217.0, 8388609.5, about.max / 64, about.smallest_normal * 64, about.eps]
    numbers += [about.smallest_normal / 8, inf]
    both = torch.tensor(numbers, dtype=dtype)
    return torch.cat([both, -both, torch.tensor([nan], dtype=dtype)])[:, None]


def two_numbers(dtype: torch.dtype) -> Tensor:
    """Return (cases, 2): all pairs of special numbers, equal ones among them."""
    numbers = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1e-10, -1e10, 20.5, inf]
    numbers = torch.tensor([*numbers, -inf, nan], dtype=dtype)
    return torch.cartesian_prod(numbers, numbers)


def three_numbers(dtype: torch.dtype) -> Tensor:
    """Return (cases, 3): all triples of a few special numbers."""
    numbers = torch.tensor([0.0, 1.0, -0.5, 3.0, inf, -inf, nan], dtype=dtype)
    return torch.cartesian_prod(numbers, numbers, numbers)


def four_numbers(dtype: torch.dtype) -> Tensor:
    """Return (cases, 4): rows that are equal, have ties, or numbers out of the ordinary."""
    rows = [
        *([v] * 4 for v in (0.0, -0.0, 1.0, -3.0, 0.1, 1e-30, 1e30, -2e4, inf, -inf, nan)),
        *([v, v, 1.0, -1.0] for v in (0.0, 2.0, -2.0, 1e30, inf, -inf, nan)),
        *([v, 1.0, 0.5, -1.0] for v in (0.0, 1.0, -20.5, 88.8, -104.0, 1e30, -1e30, inf, -inf)),
        [inf, -inf, 0.0, 1.0],
        [nan, inf, -inf, 0.0],
        [0.0, -0.0, 0.0, -0.0],
        [1.0, 2.0, 2.0, 1.0],
        [0.5, -0.5, 0.5, -0.5],
        [3.0, 3.0, 0.0, 0.0],
        [2e4, 2e4 + 1, 2e4 - 1, 2e4 + 3],
        [-2e4, -2e4 + 1, -2e4 - 1, -2e4 + 3],
        [1e4, -1e4, 0.0, 1.0],
        [1e-30, 2e-30, 0.0, 0.0],
        [100.0, 0.0, -100.0, 0.0],
        [0.3, -1.2, 0.7, 0.1],
    ]
    return torch.tensor(rows, dtype=dtype)


KINDS = {"one": one_number, "two": two_numbers, "three": three_numbers, "four": four_numbers}


# ---- how functions are called


def mask(x: Tensor) -> Tensor:
    return x > 0


def columns(x: Tensor) -> tuple[Tensor, ...]:
    """Return the numbers of each case, (cases, 1) each."""
    return x.split(1, -1)


def square(x: Tensor) -> Tensor:
    return x.view(-1, 2, 2)


def of_two(f, x):
    return f(*columns(x))


def of_three(f, x):
    return f(*columns(x))


def of_masks(f, x):
    a, b = columns(x)
    return f(mask(a), mask(b))


def of_numbers_or_masks(f, x):
    a, b = columns(x)
    return torch.cat([f(a, b), f(mask(a), mask(b)), f(mask(a), b)], -1)


def with_numbers(*numbers):
    return lambda f, x: torch.cat([f(x, number) for number in numbers], -1)


def sums(f, x):
    """Call a sum or difference, of numbers and truths too."""
    a, b = columns(x)
    mixed = [f(a, b), f(mask(a), b), f(a, mask(b)), f(a, 2), f(a, 0), f(a, True)]
    return torch.cat(mixed, -1)


def powers(f, x):
    if f is Tensor.__rpow__:
        return torch.cat([f(x, base) for base in (0.0, 1.0, 2.0, 0.5, -2.0, 2, -1)], -1)
    exponents = (0, 1, 2, 3, -1, -2, 4, 0.5, 1.5, -0.5, 0.0, 2.0, -3, inf)
    return torch.cat([f(x, exponent) for exponent in exponents], -1)


def clamped(f, x):
    bounds = [(-1, 1), (0.5, 2.0), (1, -1), (0, 0), (-inf, inf), (0, 6)]
    return torch.cat([*(f(x, *pair) for pair in bounds), f(x, min=0), f(x, max=-0.5)], -1)


def reduced(f, x):
    return torch.stack([f(x, -1), f(x, dim=1)], -1)


def of_squares(f, x):
    """Reduce over some axes of several."""
    return torch.cat([f(square(x), (1, 2))[:, None], f(square(x), 1), f(square(x), -1)], -1)


def sums_over(f, x):
    return torch.cat([reduced(f, x), of_squares(f, x), f(x[:, :1], -1, True)], -1)


def over_nothing(f, x):
    return f(x[:, :0], -1)[:, None] + x


def variance(f, x):
    kinds = [f(x, -1), f(x, -1, False), f(x, dim=1, correction=0), f(x[:, :2], -1)]
    return torch.cat([torch.stack(kinds, -1), f(square(x), 1)], -1)


def nothing_beside(f, x):
    return torch.cat([x, f(x[:, :0], -1)], -1)


def norm_of_nothing(f, x):
    return f(x[:, :0], dim=-1)[:, None] + x


def variance_of_one(f, x):
    return f(x[:, :1], -1, keepdim=True)


def normalised(f, x):
    if f.__name__ == "normalize":
        return torch.cat([f(x, dim=-1), f(square(x), dim=1).flatten(1), f(x, eps=1e-3)], -1)
    return torch.cat([f(x, (4,)), f(square(x), (2, 2), eps=1e-3).flatten(1)], -1)


def softmax(f, x):
    return torch.cat([f(x, -1), f(square(x), 1).flatten(1), f(square(x), dim=2).flatten(1)], -1)


def norm(f, x):
    kinds = [f(x, dim=-1, keepdim=True), f(square(x), dim=1)]
    if f.__name__ != "linalg_norm":
        kinds.append(f(x, 2, -1, True))
    return torch.cat(kinds, -1)


def matrix(x):
    """Return fixed numbers (4, 3), zeros and infinities among them left out."""
    return torch.linspace(-1, 1, 12, dtype=x.dtype).view(4, 3)


def product(f, x):
    if f.__name__ in ("mm", "dot", "mv"):
        given = {"mm": (x, matrix(x)), "mv": (x, matrix(x)[:, 0])}
        made = f(*given[f.__name__]) if f.__name__ in given else f(matrix(x)[0], matrix(x)[1]) + x
        return made[:, None] if made.dim() == 1 else made
    if f.__name__ == "bmm":
        return f(square(x), square(x)).flatten(1)
    if f.__name__ in ("outer", "ger"):
        return x @ f(matrix(x)[:, 0], matrix(x)[:, 1])
    if f.__name__ == "inner":
        return f(x, matrix(x).t())
    return torch.cat([f(x, matrix(x)), f(square(x), square(x)).flatten(1)], -1)


def linear(f, x):
    if f.__name__ == "addmm":
        return f(matrix(x)[0], x, matrix(x), beta=0.5, alpha=2)
    return f(x, matrix(x).t(), matrix(x)[0])


def einsum(f, x):
    several = f("bi,...i,bi->b...", x, matrix(x).t(), x)
    return torch.cat([f("bi,bi->b", x, x)[:, None], f("bij->bj", square(x)), several], -1)


def recurrent(f, x):
    count = {"lstm_cell": 4, "gru_cell": 3}.get(f.__name__, 1)
    wide = torch.sin(torch.arange(16 * count, dtype=x.dtype) ** 2).round(decimals=2).view(-1, 4)
    given = [wide, wide.flip(0), wide[:, 0], wide[:, 1]]
    if f.__name__ == "lstm_cell":
        return torch.cat(f(x, (x, x), *given), -1)
    return f(x, x, *given)


def filled(f, x):
    arguments = {
        "full_like": (x, inf),
        "new_zeros": (x, x.shape),
        "new_ones": (x, x.shape),
        "new_full": (x, x.shape, -inf),
        "new_tensor": (x, [1.0, -inf, nan, 4.0][: x.shape[1]]),
    }
    return f(*arguments.get(f.__name__, (x,))) + x


def chosen(f, x):
    a, b, c = columns(x)
    if f is Tensor.where:
        return f(b, mask(a), c)
    numbers = [f(mask(a), b, c), f(mask(a), b, -inf), f(a == b, 0.0, c), f(a != a, b, nan)]
    return torch.cat(numbers, -1)


def filled_where(f, x):
    a, b, _ = columns(x)
    return torch.cat([f(a, mask(b), number) for number in (0.0, -inf, nan)], -1)


def of_type(f, x):
    name = f.__name__
    if name == "to":
        return torch.cat([f(x, x.dtype), f(x, torch.bool).to(x.dtype), f(mask(x), x.dtype) * x], -1)
    if name == "type":
        return torch.cat([f(x, torch.bool).to(x.dtype), f(mask(x), x.dtype) * x], -1)
    if name == "type_as":
        return torch.cat([f(mask(x), x), f(x, mask(x)).to(x.dtype)], -1)
    return f(mask(x)) * x if x.dtype == getattr(torch, name) else x


def detached(f, x):
    """Call a function of two numbers that torch has no derivative of."""
    a, b = (part.detach() for part in columns(x))
    return torch.cat([f(a, b), f(a, -1.5)], -1) + 0 * x[:, :1]


def rounded_by(f, x):
    return torch.cat([f(x.detach(), number) for number in (7.5, -2.0, 0.0)], -1) + 0 * x


def quotients(f, x):
    a, b = columns(x)
    kinds = [f(a, b, rounding_mode=kind) for kind in ("floor", "trunc")]
    return torch.cat([sums(f, x), *kinds, f(a, 0.7, rounding_mode="floor")], -1)


def clamped_by_tensors(f, x):
    a, b, c = columns(x)
    if f.__name__ in ("clamp_min", "clamp_max"):
        return f(a, b)
    return torch.cat([f(a, b, c), f(a, min=c), f(a, max=b)], -1)


def along_axis(f, x):
    return torch.cat([f(x, -1), f(square(x), 1).flatten(1), f(x[:, :1], 1), f(x, dim=1)], -1)


def products(f, x):
    """Call prod where one row has a zero, as torch's gradient of all rows depends on that."""
    return torch.cat([sums_over_one(f, x), f(x[:, 1:], 1)[:, None], f(x[:, :1], 1, True)], -1)


def sums_over_one(f, x):
    return torch.cat([reduced(f, x), f(square(x), 1), f(square(x), -1)], -1)


def distances(f, x):
    a, b = x[:, :2], x[:, 2:]
    return torch.stack([f(a, b), f(square(x)[:, 0], b), f(x, x.flip(-1))], -1)


def similarities(f, x):
    a, b = x[:, :2], x[:, 2:]
    wide = f(square(x), b[:, None], dim=-1)
    return torch.cat([f(a, b)[:, None], f(x, x.flip(-1), -1, 1e-3)[:, None], wide], -1)


def grouped(f, x):
    return torch.cat([f(x, 2, eps=0.1), f(x, 1, eps=1e-3), f(square(x), 1).flatten(1)], -1)


def attended(f, x):
    q = square(x)
    hidden = torch.tensor([[True, False], [False, False]])
    more = torch.tensor([[0.0, -1.0], [0.5, -inf]], dtype=x.dtype)
    kinds = [f(q, q, q), f(q, q.flip(1), q, hidden), f(q, q, q, more, scale=0.3)]
    return torch.cat([kind.flatten(1) for kind in kinds], -1)


def convolved(f, x):
    w = matrix(x)
    if f.__name__ == "conv2d":
        image = x.view(-1, 1, 2, 2)
        return f(image, w.view(3, 1, 2, 2), w[0], padding=1).flatten(1)
    line, two = x[:, None], square(x)
    kinds = [
        f(line, w.view(3, 1, 4), padding=2),
        f(line, w.view(6, 1, 2), stride=2, dilation=2),
        f(two, w[:2, None], padding="same", groups=2),
        f(two, w[:, :2].view(2, 2, 2), w[0, :2]),
    ]
    return torch.cat([kind.flatten(1) for kind in kinds], -1)


def of_both(f, x):
    """Call a function of two vectors, beside the squares that it adds."""
    return torch.cat([f(x, x[:, :3], matrix(x).t().reshape(1, 4, 3)), x * x], -1)


def squares_added(f, x):
    q = square(x)
    return f(q, q, q.mT, beta=0.5, alpha=2).flatten(1)


def placed(f, x):
    """Call a function that gives places, as numbers."""
    kinds = [f(x, -1)[:, None], f(square(x), dim=1), f(square(x), -1, True).flatten(1)]
    return torch.cat(kinds, -1).to(x.dtype)


def truths(f, x):
    kinds = [f(x, -1, keepdim=True), f(square(x) > 0, 1), f(x > 0, dim=-1)[:, None]]
    return torch.cat(kinds, -1)


def extremes(f, x):
    value, place = f(x, -1)
    wide, at = f(square(x), 1, keepdim=True)
    return torch.cat([value[:, None], place[:, None], wide.flatten(1), at.flatten(1)], -1)


def in_order(f, x):
    value, place = f(x)
    low, at = f(square(x), 1, True)
    return torch.cat(
        [value, place, low.flatten(1), at.flatten(1), f(x, stable=True, dim=-1)[0]], -1
    )


def order(f, x):
    return torch.cat([f(x), f(square(x), 1, True).flatten(1)], -1).to(x.dtype)


def distinct(x):
    """Return numbers without ties, of which torch takes any."""
    return torch.where(x.isfinite(), x, 0.0).clamp(-3, 3) + 0.37 * torch.arange(
        x.shape[1], dtype=x.dtype
    )


def greatest_few(f, x):
    y = distinct(x)
    kinds = [*f(y, 2, -1), *f(y, 3, largest=False), f(y, 4)[0]]
    return torch.cat([*kinds, f(square(y), 1, 1)[0].flatten(1)], -1)


def places(x):
    """Return places (cases, 4) that depend on values."""
    return x.argsort(-1)


def gathered(f, x):
    at = places(x)
    wide = square(x)
    kinds = [f(x, 1, at), f(x, -1, at[:, :2]), f(wide, 1, wide.argmax(1, keepdim=True)).flatten(1)]
    return torch.cat([*kinds, f(x, 1, at.new_tensor([3, 3]).expand(len(x), 2))], -1)


def taken_along(f, x):
    return torch.cat([f(x, places(x), 1), f(square(x), square(x).argsort(1), dim=1).flatten(1)], -1)


def scattered(f, x):
    at, zeros = places(x), torch.zeros_like(x)
    twice = x.argmax(-1, keepdim=True).expand(-1, 2)
    kinds = [f(zeros, 1, at, x), f(x, -1, at[:, :2], 2 * x[:, :2])]
    if f.__name__ == "scatter_add":
        return torch.cat([*kinds, f(x, 1, twice, x[:, 2:])], -1)
    return torch.cat([*kinds, f(x, 1, at[:, 1:3], 7.0), f(x, 1, twice, value=0.5)], -1)


def chosen_parts(f, x):
    """Call a function that takes parts by an index."""
    if f.__name__ == "index_select":
        return f(x, 1, torch.tensor([2, 2, 0]))
    rows = torch.arange(len(x))
    kinds = [f(x, (rows, x.argmax(-1)))[:, None], f(square(x), (rows, square(x)[:, 0].argmin(-1)))]
    return torch.cat(
        [f(x, (slice(None), [3, 0])), *kinds, f(matrix(x), x.argmax(-1)) + x[:, :1]], -1
    )


def one_of(f, x):
    return torch.cat([f(x.argmax(-1), 5), f(places(x), 4).flatten(1)], -1) * x[:, :1]


def table(f, ids, weight):
    return f(weight, ids) if f is torch.embedding else f(ids, weight)


def looked_up(f, x):
    return (
        torch.cat(
            [table(f, x.argmax(-1), matrix(x)), table(f, places(x), matrix(x)).flatten(1)], -1
        )
        + x[:, :1]
    )


# name -> (kind, how it is called), or several
CALLS = {
    **dict.fromkeys(("add", "__add__", "__radd__"), ("two", sums)),
    **dict.fromkeys(("sub", "subtract", "__sub__", "rsub", "__rsub__"), ("two", of_two)),
    **dict.fromkeys(("mul", "multiply", "__mul__", "__rmul__"), ("two", sums)),
    **dict.fromkeys(("div", "divide"), ("two", quotients)),
    **dict.fromkeys(("true_divide", "__truediv__"), ("two", sums)),
    **dict.fromkeys(("atan2", "arctan2", "hypot", "logaddexp"), ("two", of_two)),
    **dict.fromkeys(("remainder", "__mod__", "fmod"), ("two", of_two)),
    **dict.fromkeys(("floor_divide", "__floordiv__"), ("two", detached)),
    **dict.fromkeys(("__rmod__", "__rfloordiv__"), ("one", rounded_by)),
    **dict.fromkeys(("isfinite", "isinf", "isposinf", "isneginf"), ("one", lambda f, x: f(x))),
    "nan_to_num": ("one", lambda f, x: torch.cat([f(x), f(x, 1.0, 2.0, -3.0)], -1)),
    **dict.fromkeys(("hardshrink", "softshrink"), ("one", with_numbers(0.5, 2.0))),
    **dict.fromkeys(("threshold", "_threshold"), ("one", lambda f, x: f(x, 0.5, -7.0))),
    **{
        key: [("one", with_numbers(n)) for n in (-2.5, 0.0, inf)]
        for key in ("__rdiv__", "__rtruediv__")
    },
    **dict.fromkeys(("logical_and", "logical_or", "logical_xor"), ("two", of_numbers_or_masks)),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), ("two", of_masks)),
    **dict.fromkeys(("__and__", "__rand__", "__or__", "__ror__"), ("two", of_masks)),
    **dict.fromkeys(("__xor__", "__rxor__"), ("two", of_masks)),
    **dict.fromkeys(("bitwise_not", "__invert__"), ("one", lambda f, x: f(mask(x)))),
    "logical_not": ("one", lambda f, x: torch.cat([f(x), f(mask(x))], -1)),
    **dict.fromkeys(("maximum", "minimum", "fmax", "fmin"), ("two", of_two)),
    **{key: [("two", of_two), ("four", extremes)] for key in ("max", "min")},
    **dict.fromkeys(("argmax", "argmin"), ("four", placed)),
    **dict.fromkeys(("any", "all"), ("four", truths)),
    "sort": ("four", in_order),
    "argsort": ("four", order),
    "topk": ("four", greatest_few),
    "gather": ("four", gathered),
    "take_along_dim": ("four", taken_along),
    **dict.fromkeys(("scatter", "scatter_add"), ("four", scattered)),
    **dict.fromkeys(("index_select", "__getitem__"), ("four", chosen_parts)),
    "one_hot": ("four", one_of),
    "embedding": ("four", looked_up),
    **dict.fromkeys(("gt", "greater", "__gt__", "ge", "greater_equal", "__ge__"), ("two", of_two)),
    **dict.fromkeys(("lt", "less", "__lt__", "le", "less_equal", "__le__"), ("two", of_two)),
    **dict.fromkeys(("eq", "__eq__", "ne", "not_equal", "__ne__"), ("two", of_two)),
    "pow": [("one", powers), ("two", of_two)],
    "__pow__": [("one", powers), ("two", of_two)],
    "__rpow__": ("one", powers),
    **{key: [("one", clamped), ("three", clamped_by_tensors)] for key in ("clamp", "clip")},
    **{
        key: [("one", with_numbers(0, 1, -0.5, 6, inf)), ("three", clamped_by_tensors)]
        for key in ("clamp_min", "clamp_max")
    },
    "gelu": ("one", lambda f, x: torch.cat([f(x), f(x, approximate="tanh")], -1)),
    "elu": ("one", with_numbers(1, 0.5, 3, 0.1)),
    "celu": ("one", with_numbers(1, 0.5, 3, 0.1)),
    "leaky_relu": ("one", with_numbers(0.01, 0.2, 0)),
    "softplus": ("one", lambda f, x: torch.cat([f(x), f(x, 2), f(x, beta=0.3)], -1)),
    "hardtanh": ("one", lambda f, x: torch.cat([f(x), f(x, -2, 3), f(x, 0, 6.0)], -1)),
    "prelu": ("one", lambda f, x: f(x, torch.full((1,), 0.25, dtype=x.dtype))),
    "lerp": ("three", lambda f, x: torch.cat([f(*columns(x)), f(*columns(x)[:2], 0.3)], -1)),
    "addcmul": ("three", of_three),
    "addcdiv": ("three", of_three),
    **dict.fromkeys(("to", "type_as", "float", "double", "type"), ("one", of_type)),
    **dict.fromkeys(("long", "int", "bool"), ("one", lambda f, x: f(x.nan_to_num().clamp(-9, 9)))),
    "dropout": ("one", lambda f, x: f(x, 0.5, False)),
    "where": ("three", chosen),
    "masked_fill": ("three", filled_where),
    "heaviside": ("two", lambda f, x: of_two(f, x.detach()) + 0 * x[:, :1]),
    **{key: [("four", sums_over), ("four", over_nothing)] for key in ("sum", "mean")},
    **dict.fromkeys(("amax", "amin"), ("four", sums_over)),
    "logsumexp": [("four", sums_over), ("four", over_nothing)],
    "special_logsumexp": ("four", sums_over),
    **{
        key: [("four", variance), ("four", variance_of_one), ("four", over_nothing)]
        for key in ("var", "std")
    },
    **{
        key: [("four", norm), ("four", norm_of_nothing)]
        for key in ("norm", "linalg_norm", "linalg_vector_norm")
    },
    **{
        key: [("four", softmax), ("four", nothing_beside)]
        for key in ("softmax", "log_softmax", "softmin")
    },
    **dict.fromkeys(("special_softmax", "special_log_softmax"), ("four", softmax)),
    **dict.fromkeys(("layer_norm", "rms_norm", "normalize"), ("four", normalised)),
    "cumsum": ("four", lambda f, x: torch.cat([f(x, -1), f(square(x), 1).flatten(1)], -1)),
    **dict.fromkeys(("cumprod", "logcumsumexp"), ("four", along_axis)),
    "prod": ("four", products),
    "pairwise_distance": ("four", distances),
    "cosine_similarity": ("four", similarities),
    "group_norm": ("four", grouped),
    "scaled_dot_product_attention": ("four", attended),
    **dict.fromkeys(("conv1d", "conv2d"), ("four", convolved)),
    "conv3d": (
        "four",
        lambda f, x: f(square(x)[:, None, None], matrix(x)[:2, :2].reshape(2, 1, 1, 2, 1)).flatten(
            1
        ),
    ),
    **dict.fromkeys(("xlogy", "special_xlogy", "special_xlog1py"), ("two", of_two)),
    "baddbmm": ("four", squares_added),
    "bilinear": ("four", of_both),
    "kron": ("four", lambda f, x: x @ f(matrix(x)[:2, :2], matrix(x)[2:, 1:])),
    "glu": ("four", lambda f, x: torch.cat([f(x), f(square(x), 1).flatten(1)], -1)),
    **dict.fromkeys(("matmul", "linalg_matmul", "__matmul__"), ("four", product)),
    **dict.fromkeys(("mm", "bmm", "mv", "dot", "inner", "outer", "ger"), ("four", product)),
    **dict.fromkeys(("linear", "addmm"), ("four", linear)),
    "einsum": ("four", einsum),
    **dict.fromkeys(
        ("gru_cell", "lstm_cell", "rnn_tanh_cell", "rnn_relu_cell"), ("four", recurrent)
    ),
    **dict.fromkeys(
        ("full_like", "zeros_like", "ones_like", "new_zeros", "new_ones"), ("one", filled)
    ),
    **dict.fromkeys(("new_full", "new_tensor"), ("one", filled)),
    "empty_like": ("one", lambda f, x: f(x).fill_(2.0) + x),
    **dict.fromkeys(("new", "new_empty"), ("one", lambda f, x: f(x, x.shape).fill_(2.0) + x)),
}
OF_WEIGHTS = {"t", "diag", "block_diag", "row_stack", "vstack", "ravel", "diagflat"}
"""Functions that put the numbers of a matrix without rows in other places; see `test_rules`."""
UNNAMED = {"_pad", "alias"}
"""Names under which torch may call what a cell calls by another name."""


def of_rules() -> list[Edge]:
    """Return the edges of every function with a rule, methods and functions apart."""
    found: list[Edge] = []
    for function in RULES:
        if function in EQUATIONS:  # `test_equations` has theirs: matrices without an inverse
            continue
        name = getattr(function, "__name__", str(function))
        calls = CALLS.get(name, ("one", lambda f, x: f(x)))
        for kind, call in calls if isinstance(calls, list) else [calls]:
            home = getattr(function, "__qualname__", name)
            label = f"{home} {getattr(call, '__name__', '')}".replace("<lambda>", "").strip()
            found.append(Edge(label, kind, lambda x, f=function, call=call: call(f, x)))
    return found


# What people write, of several functions or of truths used as numbers.
WRITTEN = {
    "one": {
        "x * (x > 0)": lambda x: x * (x > 0),
        "(x > 0) + (x > 1)": lambda x: (x > 0) + (x > 1),
        "(x > 2) + (x < -2) + (x > 4)": lambda x: (x > 2) + (x < -2) + (x > 4),
        "((x > 0) + (x > 1)) * x": lambda x: ((x > 0) + (x > 1)) * x,
        "(x > 0) * (x < 3)": lambda x: (x > 0) * (x < 3),
        "(x > 0) / (x < 3)": lambda x: (x > 0) / (x < 3).to(x.dtype),
        "~(x > 0)": lambda x: ~(x > 0),
        "x.to(bool) + x.to(bool)": lambda x: x.to(torch.bool) + x.to(torch.bool),
        "stacked truths": lambda x: torch.cat([x > 0, x > 1], -1).amax(-1, True),
        "sqrt(abs(x))": lambda x: x.abs().sqrt(),
        "sqrt(x * x)": lambda x: (x * x).sqrt(),
        "sign(x) * sqrt(abs(x))": lambda x: x.sign() * x.abs().sqrt(),
        "x * log(x)": lambda x: x * x.log(),
        "where(x > 0, log(x), 0)": lambda x: torch.where(x > 0, x.log(), 0.0),
        "where(x != x, 0, x)": lambda x: torch.where(x != x, torch.zeros_like(x), x),
        "where(x > 0, x, exp(x) - 1)": lambda x: torch.where(x > 0, x, x.exp() - 1),
        "x - x": lambda x: x - x,
        "x * 0": lambda x: x * 0,
        "x * inf": lambda x: x * inf,
        "x + 0": lambda x: x + 0,
        "0 + x": lambda x: 0 + x,
        "x - 0": lambda x: x - 0,
        "0 - x": lambda x: 0 - x,
        "-(-x)": lambda x: -torch.neg(x),
        "x * 1": lambda x: x * 1,
        "x / 1": lambda x: x / 1,
        "1 - x": lambda x: 1 - x,
        "1 / x": lambda x: 1 / x,
        "1 / (1 + exp(-x))": lambda x: 1 / (1 + torch.exp(-x)),
        "log(1 + exp(x))": lambda x: torch.log(1 + torch.exp(x)),
        "x ** x": lambda x: x**x,
        "max(x, x)": lambda x: torch.maximum(x, x),
        "max(x, -x)": lambda x: torch.maximum(x, -x),
        "min(x, 1)": lambda x: torch.minimum(x, torch.ones_like(x)),
        "fmax(x, 0)": lambda x: torch.fmax(x, torch.zeros_like(x)),
        "fmin(x, x)": lambda x: torch.fmin(x, x),
        "fmax(x, nan)": lambda x: torch.fmax(x, torch.full_like(x, nan)),
        "masked with -inf": lambda x: x.masked_fill(x > 1, -inf),
        "x.detach() * x": lambda x: x.detach() * x,
        "round(4 * x) / 4": lambda x: (4 * x).round() / 4,
        "x + (round(x) - x).detach()": lambda x: x + (x.round() - x).detach(),
        "(1 - w) * x + w * x": lambda x: (1 - x.sigmoid()) * x + x.sigmoid() * x,
        "x.clamp(0, 1) * x": lambda x: x.clamp(0, 1) * x,
        "relu(x) - relu(-x)": lambda x: functional.relu(x) - functional.relu(-x),
        "x * sigmoid(x)": lambda x: x * x.sigmoid(),
    },
    "two": {
        "a * (b > 0) + (a > b)": lambda x: x[:, :1] * (x[:, 1:] > 0) + (x[:, :1] > x[:, 1:]),
        "(a == b) + (a != b)": lambda x: (x[:, :1] == x[:, 1:]) + (x[:, :1] != x[:, 1:]),
        "sum of truths as numbers": lambda x: (x > 0).to(x.dtype).sum(-1, True),
        "max of truths": lambda x: torch.maximum(x[:, :1] > 0, x[:, 1:] > 0),
        "sqrt(a * a + b * b)": lambda x: (x[:, :1] ** 2 + x[:, 1:] ** 2).sqrt(),
        "where(a < b, a, b)": lambda x: torch.where(x[:, :1] < x[:, 1:], x[:, :1], x[:, 1:]),
    },
    "four": {
        "x / norm(x)": lambda x: x / x.norm(dim=-1, keepdim=True),
        "norm(x) + sqrt(sum(x * x))": lambda x: (
            x.norm(dim=-1, keepdim=True) + (x * x).sum(-1, True).sqrt()
        ),
        "x / sum(x)": lambda x: x / x.sum(-1, True),
        "(x - mean) / std": lambda x: (x - x.mean(-1, True)) / x.std(-1, keepdim=True),
        "(x - mean) / (std + 1e-5)": lambda x: (
            (x - x.mean(-1, True)) / (x.std(-1, keepdim=True) + 1e-5)
        ),
        "x - logsumexp(x)": lambda x: x - x.logsumexp(-1, True),
        "exp(log_softmax(x))": lambda x: x.log_softmax(-1).exp(),
        "log(softmax(x))": lambda x: x.softmax(-1).log(),
        "softmax(20 * x)": lambda x: (20 * x).softmax(-1),
        "softmax of masked": lambda x: x.masked_fill(x > 0.4, -inf).softmax(-1),
        "softmax with nothing left": lambda x: x.masked_fill(x == x, -inf).softmax(-1) + x,
        "softmax @ x": lambda x: (x.softmax(-1)[:, None] @ x[:, :, None])[:, 0],
        "amax - amin": lambda x: x.amax(-1, True) - x.amin(-1, True),
        "x == amax": lambda x: (x == x.amax(-1, True)) * x,
        "sorted pairs": lambda x: torch.cat(
            [torch.maximum(x[:, :2], x[:, 2:]), torch.minimum(x[:, :2], x[:, 2:])], -1
        ),
        "a slice of std": lambda x: x.view(-1, 2, 2).std(-1)[:, :1],
        "a slice of norm": lambda x: x.view(-1, 2, 2).norm(dim=-1)[:, 1:],
        "a slice of fmax": lambda x: torch.fmax(x, x.flip(-1))[:, 1:3],
        "a slice of log_softmax": lambda x: x.log_softmax(-1)[:, 1:3],
        "a slice of clamp": lambda x: x.clamp(0.5, 1)[:, ::2],
        "cat with nothing": lambda x: torch.cat([x, x[:, :0]], -1),
    },
}

EDGES = [
    *of_rules(),
    *(Edge(name, "four", call) for name, call in REARRANGED.items() if name not in OF_WEIGHTS),
    *(Edge(name, kind, call) for kind, named in WRITTEN.items() for name, call in named.items()),
]
