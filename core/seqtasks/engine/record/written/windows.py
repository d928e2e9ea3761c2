"""Pooling, transposed convolutions and channels normalised, written out."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from seqtasks.engine.graph.unsupported import UnsupportedError

__all__ = [
    "adaptive_average",
    "adaptive_maximum",
    "average_pool",
    "channels_normalised",
    "folded",
    "maximum_pool",
    "nearest",
    "transposed_convolution",
    "unfolded",
]


def _each(value: Any, axes: int) -> list[int]:
    if isinstance(value, int):
        return [value] * axes
    return [*value] * (axes // len(value))


def _windows(
    x: Tensor, sizes: list[int], steps: list[int], around: list[int], gaps: list[int], fill: float
) -> Tensor:
    """Return the windows of the last axes, the numbers of each along one more axis."""
    axes = len(sizes)
    pads = [n for pad in reversed(around) for n in (pad, pad)]
    if any(pads):
        x = functional.pad(x, pads, value=fill)
    parts: list[Tensor] = []
    for offsets in itertools.product(*(range(size) for size in sizes)):
        part = x
        for k, offset in enumerate(offsets):
            axis = x.dim() - axes + k
            count = (x.shape[axis] - gaps[k] * (sizes[k] - 1) - 1) // steps[k] + 1
            first = offset * gaps[k]
            index = [slice(None)] * x.dim()
            index[axis] = slice(first, first + (count - 1) * steps[k] + 1, steps[k])
            part = part[tuple(index)]
        parts.append(part)
    return torch.stack(parts, -1)


def average_pool(axes: int) -> Callable[..., Tensor]:
    def pool(
        x: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Tensor:
        if ceil_mode:
            raise UnsupportedError("it pools with ceil_mode")
        sizes = _each(kernel_size, axes)
        steps = sizes if stride is None or stride == [] else _each(stride, axes)
        around, gaps = _each(padding, axes), [1] * axes
        total = _windows(x, sizes, steps, around, gaps, 0.0).sum(-1)
        if divisor_override is not None:
            return total / divisor_override
        if count_include_pad or not any(around):
            return total / math.prod(sizes)
        ones = torch.ones(x.shape[x.dim() - axes :], dtype=x.dtype)
        return total / _windows(ones, sizes, steps, around, gaps, 0.0).sum(-1)

    return pool


def maximum_pool(axes: int) -> Callable[..., Tensor]:
    def pool(
        x: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Tensor:
        if ceil_mode or return_indices:
            raise UnsupportedError("it pools with ceil_mode or return_indices")
        sizes = _each(kernel_size, axes)
        steps = sizes if stride is None or stride == [] else _each(stride, axes)
        around, gaps = _each(padding, axes), _each(dilation, axes)
        return _windows(x, sizes, steps, around, gaps, -math.inf).max(-1)[0]

    return pool


def _parts(x: Tensor, axis: int, count: int) -> list[Tensor]:
    size = x.shape[axis]
    ends = [(k * size // count, -(-(k + 1) * size // count)) for k in range(count)]
    return [x.narrow(axis, first, end - first) for first, end in ends]


def adaptive_average(axes: int) -> Callable[[Tensor, Any], Tensor]:
    def pool(x: Tensor, output_size: Any) -> Tensor:
        counts: list[int | None] = [*_each(output_size, axes)]
        for k, count in enumerate(counts):
            axis = x.dim() - axes + k
            if count is not None:
                means = [part.mean(axis, True) for part in _parts(x, axis, count)]
                x = torch.cat(means, axis)
        return x

    return pool


def adaptive_maximum(axes: int) -> Callable[[Tensor, Any], Tensor]:
    def pool(x: Tensor, output_size: Any, return_indices: bool = False) -> Tensor:
        counts = _each(output_size, axes)
        if return_indices or axes > 1:
            raise UnsupportedError("it pools with return_indices, or over two axes at once")
        return torch.cat([part.max(-1, True)[0] for part in _parts(x, -1, counts[0])], -1)

    return pool


def nearest(axes: int) -> Callable[..., Tensor]:
    """Return the function that repeats what is nearest, to a larger size."""

    def larger(x: Tensor, output_size: Any, *args: Any, **kwargs: Any) -> Tensor:
        scales = next((a for a in args if isinstance(a, tuple | list)), None)
        for k in range(axes):
            axis = x.dim() - axes + k
            size = x.shape[axis]
            if output_size is not None:
                count = output_size[k]
                scale = size / count
            elif scales is not None:
                count = int(size * scales[k])
                scale = 1 / scales[k]
            else:
                raise UnsupportedError("it interpolates to no size")
            places = [min(int(i * scale), size - 1) for i in range(count)]
            x = x.index_select(axis, torch.tensor(places))
        return x

    return larger


def transposed_convolution(axes: int) -> Callable[..., Tensor]:
    convolve = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}[axes]

    def transposed(
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> Tensor:
        steps, around = _each(stride, axes), _each(padding, axes)
        more, gaps = _each(output_padding, axes), _each(dilation, axes)
        pads: list[int] = []
        for k in range(axes):
            axis = x.dim() - axes + k
            x = _spread(x, axis, steps[k], 0, (x.shape[axis] - 1) * steps[k] + 1)
            edge = gaps[k] * (weight.shape[2 + k] - 1) - around[k]
            pads = [edge, edge + more[k], *pads]
        x = functional.pad(x, pads)
        sizes = weight.shape
        turned = weight.flip([2 + k for k in range(axes)])
        turned = turned.view(groups, sizes[0] // groups, sizes[1], *sizes[2:]).transpose(1, 2)
        turned = turned.reshape(groups * sizes[1], sizes[0] // groups, *sizes[2:])
        return convolve(x, turned, bias, 1, 0, tuple(gaps), groups)

    return transposed


def unfolded(
    x: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Return the windows of an image, (batch, channels · window, places)."""
    made = _windows(
        x, _each(kernel_size, 2), _each(stride, 2), _each(padding, 2), _each(dilation, 2), 0.0
    )
    batch = x.shape[:-3]
    return made.movedim(-1, -3).reshape(*batch, x.shape[-3] * made.shape[-1], -1)


def folded(
    x: Tensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Tensor:
    """Return the image whose windows are given, each number added where it stood."""
    height, width = _each(output_size, 2)
    sizes, gaps = _each(kernel_size, 2), _each(dilation, 2)
    around, steps = _each(padding, 2), _each(stride, 2)
    counts = [
        (n + 2 * pad - gap * (size - 1) - 1) // step + 1
        for n, pad, gap, size, step in zip((height, width), around, gaps, sizes, steps, strict=True)
    ]
    channels = x.shape[1] // math.prod(sizes)
    parts = x.view(x.shape[0], channels, math.prod(sizes), *counts)
    whole: Tensor | None = None
    tall, wide = height + 2 * around[0], width + 2 * around[1]
    for place, (i, j) in enumerate(itertools.product(range(sizes[0]), range(sizes[1]))):
        part = parts[:, :, place]
        for axis, first, total in ((-2, i * gaps[0], tall), (-1, j * gaps[1], wide)):
            step = steps[axis]
            part = _spread(part, axis, step, first, total)
        whole = part if whole is None else whole + part
    assert whole is not None
    return whole[..., around[0] : around[0] + height, around[1] : around[1] + width]


def _spread(x: Tensor, axis: int, step: int, first: int, total: int) -> Tensor:
    """Return numbers `step` apart along an axis, with zeros between, before and after them."""
    along = x.movedim(axis, -1)
    apart = functional.pad(along.unsqueeze(-1), (0, step - 1)).flatten(-2)
    apart = apart[..., : apart.shape[-1] - step + 1]
    return functional.pad(apart, (first, total - first - apart.shape[-1])).movedim(-1, axis)


def channels_normalised(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    mean: Tensor | None,
    variance: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = True,
) -> Tensor:
    """Return instance_norm: each channel of a row normalised by itself."""
    of_channel = (-1, *(1,) * (x.dim() - 2))
    if use_input_stats and mean is not None:
        raise UnsupportedError("it changes its buffers (instance_norm)")
    if use_input_stats:
        made = functional.layer_norm(x, x.shape[2:], None, None, eps)
    else:
        assert mean is not None
        assert variance is not None
        made = (x - mean.view(of_channel)) / (variance + eps).sqrt().view(of_channel)
    made = made if weight is None else made * weight.view(of_channel)
    return made if bias is None else made + bias.view(of_channel)
