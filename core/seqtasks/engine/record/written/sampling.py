"""Images sampled at places that depend on values: `affine_grid` and `grid_sample`."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["affine_grid", "grid_sample"]

_BILINEAR, _NEAREST = 0, 1
_ZEROS, _BORDER, _REFLECTION = 0, 1, 2


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool) -> Any:
    """Return the places (batch, height, width, 2) of an affine map (batch, 2, 3)."""
    if len(size) != 4:
        return NotImplemented
    _, _, height, width = size
    x, y = (_axis(n, align_corners, theta.dtype) for n in (width, height))
    ones = torch.ones(height, width, dtype=theta.dtype)
    base = torch.stack([ones * x, ones * y[:, None], ones], -1).view(height * width, 3)
    return (theta @ base.t()).transpose(1, 2).reshape(-1, height, width, 2)


def _axis(count: int, align_corners: bool, dtype: torch.dtype) -> Tensor:
    if count <= 1:
        return torch.zeros(count, dtype=dtype)
    places = torch.linspace(-1, 1, count, dtype=dtype)
    return places if align_corners else places * (count - 1) / count


def grid_sample(image: Tensor, grid: Tensor, mode: int, padding: int, align_corners: bool) -> Any:
    """Return an image (batch, channels, height, width) at places (batch, height, width, 2).

    Both may have a depth before the height.
    """
    if mode not in (_BILINEAR, _NEAREST) or padding not in (_ZEROS, _BORDER, _REFLECTION):
        return NotImplemented
    sizes, made = image.shape[2:], grid.shape[1:-1]
    shares = _near if mode == _NEAREST else _between
    along = [
        _shares(shares, grid[..., -1 - axis], size, padding, align_corners)
        for axis, size in enumerate(sizes)
    ]
    of_all = along[0]
    for one in along[1:]:
        of_all = (of_all.unsqueeze(-1) * one.unsqueeze(-2)).flatten(-2)
    of_all = of_all.reshape(-1, math.prod(made), math.prod(sizes))
    taken = image.flatten(2) @ of_all.transpose(1, 2)
    return taken.reshape(-1, image.shape[1], *made)


def _shares(
    shares: Callable[[Tensor, Tensor], Tensor],
    places: Tensor,
    size: int,
    padding: int,
    align_corners: bool,
) -> Tensor:
    """Return how much each pixel along an axis counts for each place, (..., size)."""
    pixels = (places + 1) / 2 * (size - 1)
    at = pixels if align_corners else ((places + 1) * size - 1) / 2
    if padding == _REFLECTION:
        at = _reflected(at, size, align_corners)
    if padding != _ZEROS:  # torch gives no gradient at the border, where a clamp would
        at = torch.where(at <= 0, 0.0, torch.where(at >= size - 1, float(size - 1), at))
    return shares(at.unsqueeze(-1), torch.arange(size, dtype=places.dtype))


def _reflected(at: Tensor, size: int, align_corners: bool) -> Tensor:
    """Return places as mirrors at both ends show them: at the pixels, or half a pixel beyond."""
    low, span = (0.0, size - 1) if align_corners else (-0.5, size)
    if not span:
        return at * 0
    beyond = (at - low).abs()
    flips = torch.floor(beyond / span).detach()
    rest = beyond - flips * span
    return low + torch.where(flips % 2 == 0, rest, span - rest)


def _near(at: Tensor, pixels: Tensor) -> Tensor:
    return (torch.round(at) == pixels).to(at.dtype)


def _between(at: Tensor, pixels: Tensor) -> Tensor:
    first = torch.floor(at).detach()
    part = at - first
    return torch.where(pixels == first, 1 - part, torch.where(pixels == first + 1, part, 0.0))
