"""The logarithm of the gamma function and its derivatives, by Stirling's series.

Below `FAR` the recurrence leads to a number above it; below zero, reflection to one above zero
(NIST Digital Library of Mathematical Functions, 5.5, 5.11 and 25.11). The gradient of each function
is the next one.
"""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.written.with_derivative import with_derivative

__all__ = ["digamma", "log_gamma", "polygamma"]

FAR, MOST_ORDER = 10, 6
"""From which number on the series is exact to the roundings of float64; the highest derivative."""
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)
"""B_2, B_4, ..., B_14."""


def _above_zero(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return whether a number is below zero, and the number or its reflection."""
    below = x < 0
    return below, torch.where(below, 1 - x, x)


def _far(y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return whether a number is near zero, the number or one, and a number that is far."""
    near = y < FAR
    return near, torch.where(near, y, 1.0), torch.where(near, y + FAR, y)


def _log_gamma(x: Tensor) -> Tensor:
    below, y = _above_zero(x)
    near, small, z = _far(y)
    product = small
    for k in range(1, FAR):
        product = product * (small + k)
    series: Tensor | float = 0.0
    for j in range(len(_BERNOULLI), 0, -1):
        series = series / (z * z) + _BERNOULLI[j - 1] / (2 * j * (2 * j - 1))
    found = (z - 0.5) * (torch.log(z) - 1) + (0.5 * math.log(2 * math.pi) - 0.5) + series / z
    found = torch.where(near, found - torch.log(product), found)
    part = torch.where(below & x.isfinite(), x - torch.round(x), 0.5)
    reflected = math.log(math.pi) - torch.log(torch.sin(math.pi * part).abs()) - found
    found = torch.where(below, reflected, found)
    return torch.where(x == -math.inf, math.inf, found)


def _digamma(x: Tensor) -> Tensor:
    below, y = _above_zero(x)
    near, small, z = _far(y)
    steps = 1 / small
    for k in range(1, FAR):
        steps = steps + 1 / (small + k)
    series: Tensor | float = 0.0
    for j in range(len(_BERNOULLI), 0, -1):
        series = (series + _BERNOULLI[j - 1] / (2 * j)) / (z * z)
    found = torch.log(z) - 0.5 / z - series
    found = torch.where(near, found - steps, found)
    part = torch.where(below, x - torch.round(x), 0.5)
    part = torch.where(part == 0, math.nan, part)
    return torch.where(below, found - math.pi / torch.tan(math.pi * part), found)


def _polygamma(x: Tensor, order: int) -> Tensor:
    """Return (-1)^(n + 1) n! times the sum of (x + k)^-(n + 1) over all k from zero on."""
    below, y = _above_zero(x)
    power = order + 1
    steps = y ** (-power)
    for k in range(1, FAR):
        steps = steps + (y + k) ** (-power)
    z = y + FAR
    rest = z ** (1 - power) / (power - 1) + 0.5 * z ** (-power)
    factor = 1.0
    for j in range(1, len(_BERNOULLI) + 1):
        factor = math.prod(range(power, power + 2 * j - 1)) / math.factorial(2 * j)
        rest = rest + _BERNOULLI[j - 1] * factor * z ** (1 - power - 2 * j)
    found = (-1) ** power * math.factorial(order) * (steps + rest)
    part = torch.where(below, x - torch.round(x), 0.5)
    cotangent = 1 / torch.tan(math.pi * part)
    slope: Tensor | float = 0.0
    for coefficient in reversed(_slope_of_cotangent(order)):
        slope = slope * cotangent + coefficient
    return torch.where(below, (-1) ** order * found - math.pi * slope, found)


def _slope_of_cotangent(order: int) -> list[float]:
    """Return a derivative of cot(pi x) as a polynomial of cot(pi x), its constant first."""
    found = [0.0, 1.0]
    for _ in range(order):
        slope = [-math.pi * k * c for k, c in enumerate(found)][1:]
        found = [a + b for a, b in zip([*slope, 0.0, 0.0], [0.0, 0.0, *slope], strict=True)]
    return found


log_gamma = with_derivative(_log_gamma, _digamma)
digamma = with_derivative(_digamma, lambda x: _polygamma(x, 1))


def polygamma(n: Any, x: Any) -> Any:
    """Return a derivative of digamma; `Tensor.polygamma` takes the number first."""
    order, x = (x, n) if isinstance(n, Tensor) else (n, x)
    if order > MOST_ORDER:
        raise UnsupportedError(f"it calls polygamma of an order above {MOST_ORDER}")
    return digamma(x) if order == 0 else _of_order(order)(x)


@cache
def _of_order(order: int) -> Callable[[Tensor], Tensor]:
    return with_derivative(lambda x: _polygamma(x, order), lambda x: _polygamma(x, order + 1))
