"""A complex tensor as two real ones, and the arithmetic of such pairs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["Pair", "as_pair", "divided", "is_real", "multiplied", "power", "size_of"]


@dataclass(frozen=True, eq=False)
class Pair:
    """The real and the imaginary parts of complex numbers, of one shape or broadcast together."""

    real: Any
    imag: Any

    def map(self, function: Callable[[Any], Any]) -> "Pair":
        """Return a function of each part."""
        return Pair(function(self.real), function(self.imag))


def as_pair(value: Any) -> Pair:
    """Return a number, real or complex, as a pair."""
    if isinstance(value, Pair):
        return value
    if isinstance(value, complex):
        return Pair(value.real, value.imag)
    return Pair(value, torch.zeros_like(value) if isinstance(value, Tensor) else 0.0)


def is_real(value: Any) -> bool:
    return not isinstance(value, Pair | complex)


def multiplied(a: Any, b: Any) -> Pair:
    if is_real(a):
        return as_pair(b).map(lambda part: part * a)
    if is_real(b):
        return as_pair(a).map(lambda part: part * b)
    a, b = as_pair(a), as_pair(b)
    return Pair(a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real)


def divided(a: Any, b: Any) -> Pair:
    """Return a / b."""
    if is_real(b):
        return as_pair(a).map(lambda part: part / b)
    b = as_pair(b)
    square = b.real * b.real + b.imag * b.imag
    return multiplied(a, Pair(b.real / square, -b.imag / square))


def size_of(z: Pair) -> Tensor:
    """Return the absolute value; at zero its gradient is zero, as torch's."""
    zero = (z.real == 0) & (z.imag == 0)
    return torch.where(zero, 0.0, torch.hypot(torch.where(zero, 1.0, z.real), z.imag))


def power(z: Any, exponent: Any) -> Pair:
    """Return a power: of a whole number up to 4 a product, else by size and angle."""
    z = as_pair(z)
    if isinstance(exponent, int | float) and exponent in (1, 2, 3, 4):
        square = multiplied(z, z)
        by_number = {1: z, 2: square, 3: multiplied(square, z) if exponent == 3 else z}
        return multiplied(square, square) if exponent == 4 else by_number[int(exponent)]
    if isinstance(exponent, Pair | complex):
        angle = Pair(size_of(z).log(), torch.atan2(z.imag, z.real))
        raised = multiplied(exponent, angle)
        size, turn = raised.real.exp(), raised.imag
    else:
        size, turn = size_of(z) ** exponent, torch.atan2(z.imag, z.real) * exponent
    return Pair(size * turn.cos(), size * turn.sin())
