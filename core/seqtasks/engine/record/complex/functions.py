"""Functions of each complex number, and between real and complex numbers."""

import math
from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.complex.pair import (
    Pair,
    as_pair,
    divided,
    is_real,
    multiplied,
    power,
    size_of,
)

__all__ = ["FUNCTIONS", "MAKING"]


def added(a: Any, b: Any, *, alpha: Any = 1) -> Pair:
    b = multiplied(b, alpha) if alpha != 1 else b
    if is_real(b):
        return Pair(as_pair(a).real + b, _wide(as_pair(a).imag, b))
    if is_real(a):
        return Pair(a + as_pair(b).real, _wide(as_pair(b).imag, a))
    a, b = as_pair(a), as_pair(b)
    return Pair(a.real + b.real, a.imag + b.imag)


def _wide(part: Any, other: Any) -> Any:
    """Return a part in the shape that it has beside another number."""
    if not isinstance(other, Tensor) or not isinstance(part, Tensor):
        return part if not isinstance(other, Tensor) else part + torch.zeros_like(other)
    return part.expand(torch.broadcast_shapes(part.shape, other.shape))


def negated(z: Any) -> Pair:
    return as_pair(z).map(lambda part: -part)


def subtracted(a: Any, b: Any, *, alpha: Any = 1) -> Pair:
    return added(a, negated(b) if not is_real(b) else -b, alpha=alpha)


def conjugate(z: Any) -> Pair:
    return Pair(as_pair(z).real, -as_pair(z).imag)


def absolute(z: Any) -> Tensor:
    return size_of(as_pair(z))


def angle(z: Any) -> Tensor:
    return torch.atan2(as_pair(z).imag, as_pair(z).real)


def exponential(z: Any) -> Pair:
    size, turn = as_pair(z).real, as_pair(z).imag
    size = size.exp()
    return Pair(size * turn.cos(), size * turn.sin())


def logarithm(z: Any) -> Pair:
    return Pair(absolute(z).log(), angle(z))


def root(z: Any) -> Pair:
    return power(z, 0.5)


def sign(z: Any) -> Pair:
    """Return z / |z|, which is zero at zero."""
    z, size = as_pair(z), absolute(z)
    zero = size == 0
    return z.map(lambda part: torch.where(zero, 0.0, part / torch.where(zero, 1.0, size)))


def sine(z: Any) -> Pair:
    a, b = as_pair(z).real, as_pair(z).imag
    return Pair(a.sin() * b.cosh(), a.cos() * b.sinh())


def cosine(z: Any) -> Pair:
    a, b = as_pair(z).real, as_pair(z).imag
    return Pair(a.cos() * b.cosh(), -(a.sin() * b.sinh()))


def hyperbolic_tangent(z: Any) -> Pair:
    a, b = as_pair(z).real, as_pair(z).imag
    t, s, c = a.tanh(), b.sin(), b.cos()
    below = c * c + t * t * s * s
    return Pair(t / below, s * c * (1 - t * t) / below)


def sigmoid(z: Any) -> Pair:
    half = hyperbolic_tangent(as_pair(z).map(lambda part: part / 2))
    return Pair((half.real + 1) / 2, half.imag / 2)


def reciprocal(z: Any) -> Pair:
    return divided(1.0, z)


def inverse_difference(a: Any, b: Any) -> Pair:
    return subtracted(b, a)


def divided_into(a: Any, b: Any) -> Pair:
    return divided(b, a)


def equal(a: Any, b: Any) -> Tensor:
    a, b = as_pair(a), as_pair(b)
    return (a.real == b.real) & (a.imag == b.imag)


def unequal(a: Any, b: Any) -> Tensor:
    return ~equal(a, b)


def raised(exponent: Any, base: Any) -> Pair:
    """Return base ** exponent for __rpow__."""
    if isinstance(base, complex) or (not isinstance(base, Tensor) and base <= 0):
        raise UnsupportedError("it raises a complex number, or one below zero, to complex powers")
    turn = base.log() if isinstance(base, Tensor) else math.log(base)
    return exponential(multiplied(as_pair(exponent), turn))


def chosen(condition: Any, a: Any, b: Any) -> Pair:
    a, b = as_pair(a), as_pair(b)
    return Pair(torch.where(condition, a.real, b.real), torch.where(condition, a.imag, b.imag))


def filled(z: Any, mask: Any, value: Any) -> Pair:
    return chosen(mask, value, z)


def interpolated(a: Any, b: Any, weight: Any) -> Pair:
    return added(a, multiplied(subtracted(b, a), weight))


def product_added(a: Any, b: Any, c: Any, *, value: Any = 1) -> Pair:
    return added(a, multiplied(multiplied(b, c), value))


def real_part(z: Any) -> Any:
    return as_pair(z).real


def imaginary_part(z: Any) -> Any:
    return as_pair(z).imag


def as_real(z: Any) -> Tensor:
    return torch.stack([as_pair(z).real, as_pair(z).imag], -1)


def unchanged(z: Any, *args: Any, **kwargs: Any) -> Any:
    return z


def zeros(z: Any, *args: Any, **kwargs: Any) -> Pair:
    return as_pair(z).map(torch.zeros_like)


def ones(z: Any, *args: Any, **kwargs: Any) -> Pair:
    return Pair(torch.ones_like(as_pair(z).real), torch.zeros_like(as_pair(z).imag))


def mean(z: Any, *args: Any, **kwargs: Any) -> Pair:
    return as_pair(z).map(lambda part: part.mean(*args, **kwargs))


def vector_norm(z: Any, *args: Any, **kwargs: Any) -> Tensor:
    return torch.linalg.vector_norm(absolute(z), *args, **kwargs)


def norm(z: Any, *args: Any, **kwargs: Any) -> Tensor:
    return torch.norm(absolute(z), *args, **kwargs)


def is_nan(z: Any) -> Tensor:
    return as_pair(z).real.isnan() | as_pair(z).imag.isnan()


def detached(z: Any) -> Pair:
    return as_pair(z).map(Tensor.detach)


FUNCTIONS: dict[str, Any] = {
    **dict.fromkeys(("add", "__add__", "__radd__"), added),
    **dict.fromkeys(("sub", "subtract", "__sub__"), subtracted),
    **dict.fromkeys(("rsub", "__rsub__"), inverse_difference),
    **dict.fromkeys(("mul", "multiply", "__mul__", "__rmul__"), multiplied),
    **dict.fromkeys(("div", "divide", "true_divide", "__truediv__"), divided),
    **dict.fromkeys(("__rtruediv__", "__rdiv__"), divided_into),
    **dict.fromkeys(("neg", "negative", "__neg__"), negated),
    **dict.fromkeys(("conj", "conj_physical"), conjugate),
    **dict.fromkeys(("abs", "absolute", "__abs__"), absolute),
    **dict.fromkeys(("pow", "__pow__"), power),
    **dict.fromkeys(("eq", "__eq__"), equal),
    **dict.fromkeys(("ne", "not_equal", "__ne__"), unequal),
    **dict.fromkeys(("resolve_conj", "resolve_neg", "positive"), unchanged),
    **dict.fromkeys(("cfloat", "cdouble"), unchanged),
    "__rpow__": raised,
    "angle": angle,
    "exp": exponential,
    "log": logarithm,
    "sqrt": root,
    "square": lambda z: multiplied(z, z),
    "sgn": sign,
    "sin": sine,
    "cos": cosine,
    "tanh": hyperbolic_tangent,
    "sigmoid": sigmoid,
    "reciprocal": reciprocal,
    "real": real_part,
    "imag": imaginary_part,
    "view_as_real": as_real,
    "where": chosen,
    "masked_fill": filled,
    "lerp": interpolated,
    "addcmul": product_added,
    "zeros_like": zeros,
    "ones_like": ones,
    "mean": mean,
    "linalg_vector_norm": vector_norm,
    "norm": norm,
    "linalg_norm": vector_norm,
    "isnan": is_nan,
    "detach": detached,
    "data": detached,
}
"""By name, functions of complex numbers as functions of pairs."""


def _made(real: Tensor, imag: Tensor) -> Pair:
    return Pair(real, imag)


def _polar(size: Tensor, turn: Tensor) -> Pair:
    return Pair(size * turn.cos(), size * turn.sin())


def _viewed(x: Tensor) -> Pair:
    return Pair(x.select(-1, 0), x.select(-1, 1))


def _converted(x: Any, *args: Any, **kwargs: Any) -> Any:
    """Return a tensor of another type: complex, or the real part of what was complex."""
    given = [*args, *kwargs.values()]
    kinds = [one if isinstance(one, torch.dtype) else getattr(one, "dtype", None) for one in given]
    kinds = [kind for kind in kinds if isinstance(kind, torch.dtype)]
    if any(isinstance(one, Pair) for one in given):
        return as_pair(x)
    if not kinds:
        return x
    if kinds[0].is_complex:
        return as_pair(x)
    if not isinstance(x, Pair):
        return x.to(kinds[0])
    raise UnsupportedError("it takes complex numbers for real ones")


MAKING: dict[str, Any] = {
    "complex": _made,
    "polar": _polar,
    "view_as_complex": _viewed,
    "to": _converted,
    "type": _converted,
    "type_as": _converted,
    "cfloat": as_pair,
    "cdouble": as_pair,
}
"""Functions of real numbers that give complex ones."""
