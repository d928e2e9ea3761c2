"""Statistics and order along an axis, written out."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.graph.unsupported import UnsupportedError

__all__ = [
    "batch_normalised",
    "count_nonzero",
    "differences",
    "extremes",
    "mean_of_numbers",
    "median",
    "nth_smallest",
    "quantile",
    "running_extreme",
    "sorted_first",
    "sum_of_numbers",
    "trapezoid",
    "trapezoids",
    "with_mean",
]

_OVER_ALL = "its rows mix: it goes over all numbers of the batch"


def differences(
    x: Tensor,
    n: int = 1,
    dim: int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
) -> Tensor:
    parts = [part for part in (prepend, x, append) if part is not None]
    x = torch.cat(parts, dim) if len(parts) > 1 else x
    for _ in range(n):
        size = x.shape[dim]
        x = x.narrow(dim, 1, size - 1) - x.narrow(dim, 0, size - 1)
    return x


def trapezoids(y: Tensor, x: Any = None, *, dx: float = 1, dim: int = -1) -> Tensor:
    """Return the areas between neighbours, added up to each place."""
    return _areas(y, x, dx, dim).cumsum(dim)


def trapezoid(y: Tensor, x: Any = None, *, dx: float = 1, dim: int = -1) -> Tensor:
    if x is not None:
        return _areas(y, x, dx, dim).sum(dim)
    ends = y.select(dim, 0) + y.select(dim, -1)
    return (y.sum(dim) - 0.5 * ends) * dx


def _areas(y: Tensor, x: Any, dx: float, dim: int) -> Tensor:
    if x is not None:
        raise UnsupportedError("it integrates over places of its own")
    size = y.shape[dim]
    return (y.narrow(dim, 0, size - 1) + y.narrow(dim, 1, size - 1)) * (dx / 2)


def with_mean(spread: Callable[..., Tensor]) -> Callable[..., tuple[Tensor, Tensor]]:
    """Return the function that gives a variance or deviation, and the mean."""

    def both(x: Tensor, dim: Any = None, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        keepdim = kwargs.get("keepdim", args[1] if len(args) > 1 else False)
        if dim is None or isinstance(dim, bool):
            raise UnsupportedError(_OVER_ALL)
        return spread(x, dim, *args, **kwargs), x.mean(dim, keepdim)

    return both


def extremes(x: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    if dim is None:
        raise UnsupportedError(_OVER_ALL)
    return torch.return_types.aminmax((x.amin(dim, keepdim), x.amax(dim, keepdim)))


def count_nonzero(x: Tensor, dim: Any = None) -> Tensor:
    if dim is None:
        raise UnsupportedError(_OVER_ALL)
    return (x != 0).sum(dim)


def sum_of_numbers(x: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Return the sum of what is a number."""
    return torch.where(x.isnan(), 0.0, x).sum(dim, keepdim)


def mean_of_numbers(x: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    numbers = (~x.isnan()).sum(dim, keepdim)
    return sum_of_numbers(x, dim, keepdim) / numbers


def sorted_first(x: Tensor) -> Tensor:
    return x.sort(0)[0]


def nth_smallest(x: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    values, places = x.sort(dim=dim, stable=True)
    made = values.narrow(dim, k - 1, 1), places.narrow(dim, k - 1, 1)
    made = made if keepdim else tuple(part.squeeze(dim) for part in made)
    return torch.return_types.kthvalue(made)


def median(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """Return the lower median; if one is no number, the first such."""
    if dim is None:
        raise UnsupportedError(_OVER_ALL)
    _, order = x.sort(dim=dim, stable=True)
    missing = x.isnan()
    middle = order.narrow(dim, (x.shape[dim] - 1) // 2, 1)
    place = torch.where(missing.any(dim, True), missing.long().argmax(dim, True), middle)
    made = x.gather(dim, place), place
    made = made if keepdim else tuple(part.squeeze(dim) for part in made)
    return torch.return_types.median(made)


def quantile(
    x: Tensor,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    if dim is None or interpolation != "linear":
        raise UnsupportedError("it takes a quantile of the batch, or other than linear")
    numbers = [float(q)] if not isinstance(q, Tensor) else [float(each) for each in q.flatten()]
    values, _ = x.sort(dim)
    missing = x.isnan().any(dim, True)
    found: list[Tensor] = []
    for number in numbers:
        at = number * (x.shape[dim] - 1)
        low = int(at)
        high = min(low + 1, x.shape[dim] - 1)
        one, other = values.narrow(dim, low, 1), values.narrow(dim, high, 1)
        part = torch.where(missing, torch.nan, torch.lerp(one, other, at - low))
        found.append(part if keepdim else part.squeeze(dim))
    return torch.stack(found) if isinstance(q, Tensor) and q.dim() else found[0]


def running_extreme(sign: int) -> Callable[[Tensor, int], Any]:
    """Return cummax or cummin; of equal numbers the last one stands."""

    def running(x: Tensor, dim: int) -> Any:
        along = x.movedim(dim, -1)
        size = along.shape[-1]
        if not size:
            raise UnsupportedError("it goes along an axis without places")
        up_to = torch.ones(size, size, dtype=torch.bool).tril().flip(-1)
        wide = along.flip(-1).unsqueeze(-2).expand(*along.shape, size)
        worst = torch.full((), -sign * torch.inf, dtype=x.dtype)
        # beyond the place it is never chosen, even where all before it is as bad
        shown = torch.where(up_to, wide, worst)
        found = shown.argmax(-1) if sign > 0 else shown.argmin(-1)
        found = size - 1 - found
        least = torch.arange(size)
        found = torch.minimum(found, least)
        values = along.gather(-1, found)
        made = values.movedim(-1, dim), found.movedim(-1, dim)
        kind = torch.return_types.cummax if sign > 0 else torch.return_types.cummin
        return kind(made)

    return running


def batch_normalised(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    variance: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = True,
) -> Tensor:
    """Return numbers normalised by statistics that were kept."""
    if training or mean is None or variance is None:
        raise UnsupportedError("its rows mix: it normalises over the batch (batch_norm)")
    of_channel = (-1, *(1,) * (x.dim() - 2))
    made = (x - mean.view(of_channel)) / (variance + eps).sqrt().view(of_channel)
    made = made if weight is None else made * weight.view(of_channel)
    return made if bias is None else made + bias.view(of_channel)
