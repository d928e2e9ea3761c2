"""Functions of each number alone, written out."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from seqtasks.engine.graph.unsupported import UnsupportedError

__all__ = [
    "absolute_loss",
    "huber_loss",
    "is_close",
    "log_add_exp_2",
    "logit",
    "logit_loss",
    "normal_distribution",
    "padded",
    "randomised_leak",
    "round_to",
    "smooth_loss",
    "softplus",
    "squared_loss",
    "taken_for_true",
]

_NONE = 0
"""The number by which torch knows a loss that is not summed."""


def log_add_exp_2(a: Tensor, b: Tensor) -> Tensor:
    return torch.logaddexp(a * math.log(2), b * math.log(2)) / math.log(2)


def normal_distribution(x: Tensor) -> Tensor:
    return 0.5 * torch.erfc(-math.sqrt(0.5) * x)


def is_close(
    a: Tensor, b: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Tensor:
    away = (a - b).abs()
    near = (a == b) | (away.isfinite() & (away <= atol + (rtol * b).abs()))
    return near | (a.isnan() & b.isnan()) if equal_nan else near


def taken_for_true(x: Tensor) -> Tensor:
    """Take for right what `torch.distributions` checks of its arguments."""
    return torch.ones((), dtype=torch.bool)


def logit(x: Tensor, eps: float | None = None) -> Any:
    if eps is None:
        return NotImplemented
    low, high = torch.where(x < eps, eps, x), 1 - eps
    return torch.special.logit(torch.where(x > high, high, low))


def round_to(x: Tensor, *, decimals: int = 0) -> Any:
    scale = 10.0 ** abs(decimals)
    if not decimals:
        return NotImplemented
    return (x * scale).round() / scale if decimals > 0 else (x / scale).round() * scale


def softplus(x: Tensor, beta: float = 1, threshold: float = 20) -> Any:
    if threshold == 20:
        return NotImplemented
    scaled = x * beta
    curve = torch.where(scaled > threshold, 0.0, scaled).exp().log1p() / beta
    return torch.where(scaled > threshold, x, curve)


def randomised_leak(
    x: Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
    **kwargs: Any,
) -> Tensor:
    if training:
        raise UnsupportedError("it draws random numbers (rrelu)")
    return functional.leaky_relu(x, (lower + upper) / 2)


def padded(x: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """Return a tensor with a number other than zero around it."""
    if mode != "constant" or not value:
        return NotImplemented
    axes = len(pad) // 2
    inside = functional.pad(torch.ones(x.shape[x.dim() - axes :], dtype=torch.bool), pad)
    return torch.where(inside, functional.pad(x, pad), value)


def _only_unsummed(reduction: Any) -> None:
    if reduction not in (_NONE, "none"):
        raise UnsupportedError("its rows mix: it takes a loss over the batch")


def squared_loss(x: Tensor, target: Tensor, reduction: Any = 1) -> Tensor:
    _only_unsummed(reduction)
    return (x - target) ** 2


def logit_loss(
    x: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: int = _NONE,
) -> Tensor:
    _only_unsummed(reduction)
    factor = 1 if pos_weight is None else (pos_weight - 1) * target + 1
    loss = (1 - target) * x - factor * functional.logsigmoid(x)
    return loss if weight is None else loss * weight


def absolute_loss(x: Tensor, target: Tensor, reduction: Any = 1) -> Tensor:
    _only_unsummed(reduction)
    return (x - target).abs()


def smooth_loss(x: Tensor, target: Tensor, reduction: Any = 1, beta: float = 1.0) -> Tensor:
    _only_unsummed(reduction)
    away = (x - target).abs()
    if beta == 0:
        return away
    far = away >= beta
    near = torch.where(far, 0.0, away)  # the square of an infinite distance has no gradient
    return torch.where(far, away - 0.5 * beta, 0.5 * near * near / beta)


def huber_loss(x: Tensor, target: Tensor, reduction: Any = 1, delta: float = 1.0) -> Tensor:
    _only_unsummed(reduction)
    away = (x - target).abs()
    far = away > delta
    near = torch.where(far, 0.0, away)
    return torch.where(far, delta * (away - 0.5 * delta), 0.5 * near * near)
