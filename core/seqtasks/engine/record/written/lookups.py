"""Places in a table of numbers, and what is put at places that are the same for all rows."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from seqtasks.engine.graph.unsupported import UnsupportedError

__all__ = [
    "at_place",
    "grid",
    "index_add",
    "index_copy",
    "index_fill",
    "is_in",
    "padded_embedding",
    "place_in",
    "place_of",
    "scatter_reduce",
]


def place_of(x: Any, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """Return how many boundaries come before each number."""
    return place_in(boundaries, x, out_int32=out_int32, right=right)


def place_in(
    table: Tensor,
    x: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    if sorter is not None or not isinstance(x, Tensor):
        raise UnsupportedError("it calls searchsorted with a sorter or for a number")
    right = right or side == "right"
    wide = table if table.dim() == 1 else table.unsqueeze(-2)
    one = x.unsqueeze(-1)
    after = wide > one if right else wide >= one
    return (~after).sum(-1).to(torch.int32 if out_int32 else torch.int64)


def is_in(x: Tensor, table: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    if not isinstance(table, Tensor):
        return (x != table) if invert else (x == table)
    found = (x.unsqueeze(-1) == table.flatten()).any(-1)
    return ~found if invert else found


def _wide(x: Tensor, dim: int, index: Tensor) -> Tensor:
    axis = dim % x.dim()
    shape = [*x.shape[:axis], index.numel(), *x.shape[axis + 1 :]]
    ones = [1] * x.dim()
    ones[axis] = -1
    return index.view(ones).expand(shape)


def index_add(x: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    return x.scatter_add(dim, _wide(x, dim, index), source if alpha == 1 else alpha * source)


def index_copy(x: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    return x.scatter(dim, _wide(x, dim, index), source)


def index_fill(x: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return x.scatter(dim, _wide(x, dim, index), value.expand(_wide(x, dim, index).shape))
    return x.scatter(dim, _wide(x, dim, index), value)


def padded_embedding(
    ids: Tensor,
    table: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """Return rows of a table; the row of padding receives no gradient."""
    if padding_idx is None or max_norm is not None or scale_grad_by_freq or sparse:
        return NotImplemented
    found = functional.embedding(ids, table)
    padding = (ids == padding_idx % len(table)).unsqueeze(-1)
    return torch.where(padding, found.detach(), found)


def grid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Return meshgrid."""
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], tuple | list) else tensors
    swap = indexing == "xy" and len(given) > 1
    order = [*range(len(given))]
    if swap:
        order[:2] = [1, 0]
    sizes = [max(1, given[k].numel()) for k in order]
    made: list[Tensor] = []
    for k, tensor in enumerate(given):
        ones = [1] * len(given)
        ones[order.index(k)] = -1
        made.append(tensor.reshape(ones).expand(sizes))
    return tuple(made)


def at_place(x: Tensor, index: Any) -> Any:
    """Return `x[index]` for a whole number in a tensor without axes, which torch would read."""
    if (
        not isinstance(index, Tensor)
        or index.dim()
        or index.dtype not in (torch.int64, torch.int32)
    ):
        return NotImplemented
    place = torch.where(index < 0, index + x.shape[0], index).reshape(1)
    return torch.index_select(x, 0, place).squeeze(0)


def scatter_reduce(
    x: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Return, at each place, a sum, mean, product or extreme of what is scattered there."""
    sizes = enumerate(zip(x.shape, index.shape, strict=True))
    if any(n != m for a, (n, m) in sizes if a != dim % x.dim()):
        raise UnsupportedError("it scatters into a part of another axis")
    src = src[tuple(slice(n) for n in index.shape)]
    base, places, given = (one.movedim(dim, -1) for one in (x, index, src))
    hits = functional.one_hot(places, base.shape[-1]).bool()
    none = {"sum": 0.0, "mean": 0.0, "prod": 1.0, "amax": -math.inf, "amin": math.inf}[reduce]
    put = torch.where(hits, given.unsqueeze(-1), none)
    if include_self:
        put = torch.cat([put, base.unsqueeze(-2)], -2)
    count = hits.to(x.dtype).sum(-2)
    if reduce == "mean":
        made = put.sum(-2) / (count + 1 if include_self else count.clamp(min=1))
    else:
        made = getattr(torch, reduce)(put, -2)
    if not include_self:
        if reduce in ("amax", "amin"):  # torch's gradient counts a number that stood there too
            fixed = made.detach()
            equal = (hits & (put.detach() == fixed.unsqueeze(-2))).to(x.dtype).sum(-2)
            own = (base.detach() == fixed).to(x.dtype)
            made = fixed + (made - fixed) * (equal / (equal + own).clamp(min=1))
        made = torch.where(count > 0, made, base)
    return made.movedim(-1, dim)
