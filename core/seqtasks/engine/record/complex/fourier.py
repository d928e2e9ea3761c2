"""Fourier transforms of complex numbers as pairs: products with small matrices of constants."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.complex.pair import Pair, as_pair, is_real

__all__ = ["TRANSFORMS"]

LONGEST = 64
"""The most numbers along an axis that is transformed."""


def _waves(rows: int, columns: int, period: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return cos and sin of 2 π j k / period, with exact zeros and ones."""
    if period > LONGEST:
        raise UnsupportedError(f"it transforms an axis of more than {LONGEST} numbers")
    turns = torch.arange(period, dtype=torch.float64) * (2 * math.pi / period)
    tables = turns.cos(), turns.sin()
    at = torch.outer(torch.arange(rows), torch.arange(columns)) % period
    rounded = [torch.where(t.abs() < 1e-15, 0.0, t)[at].to(like.dtype) for t in tables]
    return rounded[0], rounded[1]


def _sized(part: Tensor, n: int) -> Tensor:
    size = part.shape[-1]
    return part[..., :n] if size >= n else functional.pad(part, (0, n - size))


def _size(part: Tensor, n: int | None) -> int:
    return part.shape[-1] if n is None else n


def _scale(n: int, norm: str | None, inverse: bool) -> float:
    if norm == "ortho":
        return 1 / math.sqrt(n)
    return 1 / n if (norm == "forward") != inverse else 1.0


def _moved(z: Any, dim: int) -> Any:
    return z.map(lambda p: p.movedim(dim, -1)) if isinstance(z, Pair) else z.movedim(dim, -1)


def _transform(inverse: bool) -> Any:
    def transform(z: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Pair:
        z = _moved(z, dim)
        first = z if is_real(z) else z.real
        size = _size(first, n)
        cos, sin = _waves(size, size, size, first)
        sin = sin if inverse else -sin
        scale = _scale(size, norm, inverse)
        if is_real(z):
            x = _sized(z, size) * scale
            made = Pair(x @ cos, x @ sin)
        else:
            a, b = (_sized(part, size) * scale for part in (z.real, z.imag))
            made = Pair(a @ cos - b @ sin, a @ sin + b @ cos)
        return made.map(lambda part: part.movedim(-1, dim))

    return transform


def _of_real(x: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Pair:
    """Return rfft: the first half of the transform of real numbers."""
    x = x.movedim(dim, -1)
    size = _size(x, n)
    cos, sin = _waves(size, size // 2 + 1, size, x)
    x = _sized(x, size) * _scale(size, norm, False)
    return Pair((x @ cos).movedim(-1, dim), (x @ -sin).movedim(-1, dim))


def _to_real(z: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """Return irfft."""
    z = _moved(as_pair(z), dim)
    size = 2 * (z.real.shape[-1] - 1) if n is None else n
    half = size // 2 + 1
    a, b = (_sized(part, half) * _scale(size, norm, True) for part in (z.real, z.imag))
    cos, sin = _waves(half, size, size, a)
    twice = torch.full((half, 1), 2.0, dtype=a.dtype)
    twice[0] = 1.0
    alone = torch.ones(half, 1, dtype=a.dtype)
    alone[0] = 0.0  # the imaginary part of what does not turn is not read
    if size % 2 == 0:
        twice[-1], alone[-1] = 1.0, 0.0
    return (a @ (cos * twice) - b @ (sin * twice * alone)).movedim(-1, dim)


def _over_two(transform: Any) -> Any:
    def both(z: Any, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Any:
        sizes = (None, None) if s is None else s
        for axis, size in zip(reversed(dim), reversed(sizes), strict=True):
            z = transform(z, size, axis, norm)
        return z

    return both


_forward, _inverse = _transform(False), _transform(True)

TRANSFORMS: dict[str, Any] = {
    "fft_fft": _forward,
    "fft_ifft": _inverse,
    "fft_rfft": _of_real,
    "fft_irfft": _to_real,
    "fft_fft2": _over_two(_forward),
    "fft_ifft2": _over_two(_inverse),
}
"""By name, transforms as functions of pairs; the numbers that they take may be real."""
