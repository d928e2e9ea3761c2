"""Backward passes of torch's own functions, written out for a gradient within a step.

A step may call `torch.func.grad` or `torch.autograd.grad`, as one that learns at test time does.
Below Python, torch then calls an operation of its own for the gradient of some functions.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

__all__ = ["SLOPES"]


def _tanh(g: Tensor, y: Tensor) -> Tensor:
    return g * (1 - y * y)


def _sigmoid(g: Tensor, y: Tensor) -> Tensor:
    return g * (y * (1 - y))


def _beyond(g: Tensor, x: Tensor, threshold: float) -> Tensor:
    return torch.where(x > threshold, g, 0.0)


def _log_sigmoid(g: Tensor, x: Tensor, buffer: Any = None) -> Tensor:
    return g * torch.sigmoid(-x)


def _silu(g: Tensor, x: Tensor) -> Tensor:
    s = torch.sigmoid(x)
    return g * (s * (1 + x * (1 - s)))


def _gelu(g: Tensor, x: Tensor, approximate: str = "none") -> Tensor:
    if approximate == "tanh":
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)
        t = torch.tanh(inner)
        slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
        return g * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)
    density = torch.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    return g * (0.5 * (1 + torch.erf(x / math.sqrt(2))) + x * density)


def _softplus(g: Tensor, x: Tensor, beta: float, threshold: float) -> Tensor:
    return torch.where(x * beta > threshold, g, g * torch.sigmoid(x * beta))


def _leaky(g: Tensor, x: Tensor, slope: float, is_result: bool) -> Tensor:
    return torch.where(x > 0, g, g * slope)


def _softmax(g: Tensor, y: Tensor, dim: int, dtype: Any) -> Tensor:
    return y * (g - (g * y).sum(dim, keepdim=True))


def _log_softmax(g: Tensor, y: Tensor, dim: int, dtype: Any) -> Tensor:
    return g - torch.exp(y) * g.sum(dim, keepdim=True)


def _squared(g: Tensor, x: Tensor, target: Tensor, reduction: int) -> Any:
    if reduction == 1:
        return NotImplemented
    return 2.0 * (x - target) * g


SLOPES: dict[str, Callable[..., Any]] = {
    "tanh_backward": _tanh,
    "sigmoid_backward": _sigmoid,
    "threshold_backward": _beyond,
    "log_sigmoid_backward": _log_sigmoid,
    "silu_backward": _silu,
    "gelu_backward": _gelu,
    "softplus_backward": _softplus,
    "leaky_relu_backward": _leaky,
    "_softmax_backward_data": _softmax,
    "_log_softmax_backward_data": _log_softmax,
    "mse_loss_backward": _squared,
}
"""The gradient of an argument, by the name of torch's operation."""
