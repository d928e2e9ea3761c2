"""The modified Bessel functions of order 0 and 1, also scaled by the exponential of -|x|.

Up to `FAR` each is its integral over a period of the cosine, by the trapezoidal rule: for a
periodic function this is exact to the roundings of float64. Beyond, it is the asymptotic series
(NIST Digital Library of Mathematical Functions, 10.32.3 and 10.40.1).
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from seqtasks.engine.record.written.with_derivative import with_derivative

__all__ = ["i0", "i0e", "i1", "i1e"]

FAR, NODES, TERMS = 20.0, 44, 24


def _scaled(order: int) -> Callable[[Tensor], Tensor]:
    """Return the function of an order, times exp(-|x|); for 2, the slope of the one of order 1."""
    nodes = [2 * math.pi * k / NODES for k in range(NODES // 2 + 1)]
    shares = [(1 if k in (0, NODES // 2) else 2) / NODES for k in range(len(nodes))]

    def compute(x: Tensor) -> Tensor:
        size = x.abs()
        near = x.clamp(-FAR, FAR)
        total: Tensor | float = 0.0
        for node, share in zip(nodes, shares, strict=True):
            powers = torch.exp(near * math.cos(node) - near.abs())
            total = total + share * math.cos(node) ** order * powers
        far = size.clamp(min=FAR)
        beyond = _beyond(far, order % 2)
        beyond = beyond - _beyond(far, 1) / far if order == 2 else beyond
        beyond = beyond * torch.sign(x) if order == 1 else beyond
        assert isinstance(total, Tensor)
        return torch.where(size > FAR, beyond, total)

    return compute


def _beyond(far: Tensor, order: int) -> Tensor:
    series: Tensor | float = 1.0
    for k in range(TERMS, 0, -1):
        series = 1 - series * (4 * order**2 - (2 * k - 1) ** 2) / (8 * k) / far
    return series / torch.sqrt(2 * math.pi * far)


_i0e, _i1e, _slope = _scaled(0), _scaled(1), _scaled(2)


def _i0(x: Tensor) -> Tensor:
    return _i0e(x) * torch.exp(x.abs())


def _i1(x: Tensor) -> Tensor:
    return _i1e(x) * torch.exp(x.abs())


i0 = with_derivative(_i0, _i1)
i0e = with_derivative(_i0e, lambda x: _i1e(x) - torch.sign(x) * _i0e(x))
i1 = with_derivative(_i1, lambda x: _slope(x) * torch.exp(x.abs()))
i1e = with_derivative(_i1e, lambda x: _slope(x) - torch.sign(x) * _i1e(x))
