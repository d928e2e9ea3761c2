"""torch's random functions, each written by uniform and normal numbers and ordinary calls.

The plain loop and the recorder run the same lines, so that all engines draw alike. Where a function
is called in a way that is not written here, the result is `NotImplemented`, and torch itself draws.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Size, Tensor
from torch.nn import functional

from seqtasks.randomness.drawing_layers import layers_with_dropout

__all__ = ["COUNTED", "Source"]

MOST_WHOLE = 2**16
"""The widest range of `randint`: a float32 holds 2^8 draws for each number of it."""


class Source(Protocol):
    """Where uniform and normal numbers come from."""

    dtype: torch.dtype
    """The type of the numbers of a model."""

    def shape(self, tensor: Tensor) -> Size:
        """Return the shape of a tensor; nobody counts this as asking for it."""
        ...

    def uniform(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
        """Return uniform numbers within (0, 1)."""
        ...

    def normal(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
        """Return standard normal numbers."""
        ...


_FLOATS = (torch.float32, torch.float64)


def _uniform_like(source: Source, like: Tensor, shape: Sequence[int] | None = None) -> Tensor:
    shape = source.shape(like) if shape is None else shape
    return source.uniform(shape, like.dtype, like.device)


def _normal_like(source: Source, like: Tensor) -> Tensor:
    return source.normal(source.shape(like), like.dtype, like.device)


# ---- new tensors


def _made(kind: str) -> Callable[..., Any]:
    """Return `torch.rand` or `torch.randn`."""

    def make(source: Source, *size: Any, **options: Any) -> Any:
        sizes = size or (options.pop("size", ()),)
        shape = sizes[0] if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes
        found = _type_and_device(options)
        if found is None:
            return NotImplemented
        return getattr(source, kind)(tuple(shape), *found)

    return make


def _type_and_device(
    options: dict[str, Any], dtype: torch.dtype | None = None, device: Any = None
) -> tuple[torch.dtype, torch.device] | None:
    """Return the type and the device that options name; None if they name more than that."""
    kept = {key: value for key, value in options.items() if value not in (None, False)}
    dtype = kept.pop("dtype", dtype) or torch.get_default_dtype()
    device = kept.pop("device", device) or torch.get_default_device()
    usual = kept.pop("layout", torch.strided) is torch.strided
    kept.pop("memory_format", None)
    if kept or not usual or dtype not in _FLOATS:
        return None
    return dtype, torch.device(device)


def _made_like(kind: str) -> Callable[..., Any]:
    """Return `torch.rand_like` or `torch.randn_like`."""

    def make(source: Source, input: Tensor, **options: Any) -> Any:  # noqa: A002 - torch's name
        found = _type_and_device(options, input.dtype, input.device)
        if found is None:
            return NotImplemented
        return getattr(source, kind)(source.shape(input), *found)

    return make


def _randint(source: Source, *given: Any, **options: Any) -> Any:
    bounds = [value for value in given if isinstance(value, int)]
    sizes = [value for value in given if not isinstance(value, int)]
    bounds = [options.pop("low", None), *bounds][-2:] if "low" in options else bounds
    bounds += [options.pop("high")] if "high" in options else []
    shape = options.pop("size", sizes[0] if sizes else None)
    dtype = options.pop("dtype", None) or torch.int64
    found = _type_and_device(options, source.dtype)
    if shape is None or found is None or len(bounds) not in (1, 2):
        return NotImplemented
    return _whole(source, tuple(shape), found[1], bounds, dtype)


def _randint_like(
    source: Source,
    input: Tensor,  # noqa: A002 - torch's name
    *bounds: Any,
    **options: Any,
) -> Any:
    limits = [*bounds, *(options.pop(name) for name in ("low", "high") if name in options)]
    dtype = options.pop("dtype", None) or input.dtype
    found = _type_and_device(options, source.dtype, input.device)
    if found is None:
        return NotImplemented
    return _whole(source, source.shape(input), found[1], limits, dtype)


def _whole(
    source: Source, shape: Sequence[int], device: Any, bounds: list[Any], dtype: torch.dtype
) -> Any:
    low, high = (0, *bounds)[-2:]
    if not all(isinstance(bound, int) for bound in (low, high)) or not 0 < high - low <= MOST_WHOLE:
        return NotImplemented
    drawn = source.uniform(shape, source.dtype, device)
    return (torch.floor(drawn * (high - low)) + low).to(dtype)


def _normal(source: Source, mean: Any = 0.0, std: Any = 1.0, *size: Any, **options: Any) -> Any:
    shape = options.pop("size", size[0] if size else None)
    tensors = [value for value in (mean, std) if isinstance(value, Tensor)]
    like = tensors[0] if tensors else None
    found = _type_and_device(
        options, None if like is None else like.dtype, None if like is None else like.device
    )
    if found is None or (like is None and shape is None):
        return NotImplemented
    if shape is None:
        shape = torch.broadcast_shapes(*(source.shape(tensor) for tensor in tensors))
    return (source.normal(tuple(shape), *found) * std + mean).detach()


def _bernoulli(
    source: Source,
    input: Tensor,  # noqa: A002 - torch's name
    p: float | None = None,
    **options: Any,
) -> Any:
    if any(value is not None for value in options.values()) or input.dtype not in _FLOATS:
        return NotImplemented
    share: Any = input.detach() if p is None else p
    return (_uniform_like(source, input) < share).to(input.dtype)


def _multinomial(
    source: Source,
    input: Tensor,  # noqa: A002 - torch's name
    num_samples: int,
    replacement: bool = False,
    **options: Any,
) -> Any:
    """Draw places by their weights: the place whose exponential number ends first wins."""
    if any(value is not None for value in options.values()) or input.dtype not in _FLOATS:
        return NotImplemented
    weights, shape = input.detach(), source.shape(input)
    if replacement and num_samples > 1:
        if len(shape) != 2:
            return NotImplemented
        drawn = _uniform_like(source, input, (shape[0], num_samples, shape[1]))
        return (weights.unsqueeze(1) / -torch.log(drawn)).argmax(-1)
    ahead = weights / -torch.log(_uniform_like(source, input))
    if num_samples == 1:
        return ahead.argmax(-1, keepdim=True)
    return torch.topk(ahead, num_samples, -1)[1]


# ---- tensors filled in place


def _filling(values: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that fills a tensor with values."""

    def fill(source: Source, target: Tensor, *args: Any, **options: Any) -> Any:
        if options.pop("generator", None) is not None or target.dtype not in _FLOATS:
            return NotImplemented
        return target.copy_(values(source, target, *args, **options))

    return fill


def _fill_uniform(source: Source, target: Tensor, *bounds: float, **named: float) -> Tensor:
    low = bounds[0] if bounds else named.get("from", 0.0)
    high = bounds[1] if len(bounds) > 1 else named.get("to", 1.0)
    return _uniform_like(source, target) * (high - low) + low


def _fill_normal(source: Source, target: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    return _normal_like(source, target) * std + mean


def _fill_bernoulli(source: Source, target: Tensor, p: Any = 0.5) -> Tensor:
    share = p.detach() if isinstance(p, Tensor) else p
    return (_uniform_like(source, target) < share).to(target.dtype)


def _fill_exponential(source: Source, target: Tensor, lambd: float = 1.0) -> Tensor:
    return -torch.log(_uniform_like(source, target)) / lambd


def _fill_cauchy(source: Source, target: Tensor, median: float = 0.0, sigma: float = 1.0) -> Tensor:
    return torch.tan((_uniform_like(source, target) - 0.5) * math.pi) * sigma + median


def _fill_log_normal(source: Source, target: Tensor, mean: float = 1.0, std: float = 2.0) -> Tensor:
    return torch.exp(_normal_like(source, target) * std + mean)


def _fill_geometric(source: Source, target: Tensor, p: float) -> Tensor:
    return torch.ceil(torch.log(_uniform_like(source, target)) / math.log1p(-p)).clamp(min=1.0)


# ---- dropout and its like


def _dropping(count: int | None = None) -> Callable[..., Any]:
    """Return a dropout: of each number, or of all numbers of the first `count` axes together."""

    def drop(
        source: Source,
        input: Tensor,  # noqa: A002 - torch's name
        p: float = 0.5,
        training: bool = True,
        inplace: bool = False,
    ) -> Any:
        if not training or not 0 < p < 1 or input.dtype not in _FLOATS:
            return NotImplemented
        shape = source.shape(input)
        if count is not None:
            if len(shape) <= count:
                return NotImplemented
            shape = (*shape[:count], *(1 for _ in shape[count:]))
        kept = (_uniform_like(source, input, shape) < 1 - p).to(input.dtype) / (1 - p)
        return input.mul_(kept) if inplace else input * kept

    return drop


def _dropout_of_torch(source: Source, input: Tensor, p: float, train: bool) -> Any:  # noqa: A002
    return _DROPOUT(source, input, p, train)


def _alpha_dropout(
    source: Source,
    input: Tensor,  # noqa: A002 - torch's name
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
) -> Any:
    """Drop numbers to the least value of `selu`, and keep mean and variance."""
    if not training or not 0 < p < 1 or inplace or input.dtype not in _FLOATS:
        return NotImplemented
    alpha = 1.7580993408473766
    scale = 1 / math.sqrt((alpha * alpha * p + 1) * (1 - p))
    kept = (_uniform_like(source, input) < 1 - p).to(input.dtype)
    return input * kept * scale + ((kept - 1) * (alpha * scale) + alpha * scale * p)


def _rrelu(
    source: Source,
    input: Tensor,  # noqa: A002 - torch's name
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Any:
    if not training or inplace or input.dtype not in _FLOATS:
        return NotImplemented
    slopes = _uniform_like(source, input) * (upper - lower) + lower
    return torch.where(input > 0, input, input * slopes)


def _gumbel_softmax(
    source: Source,
    logits: Tensor,
    tau: float = 1,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
) -> Any:
    del eps  # torch's own has no effect either
    if logits.dtype not in _FLOATS:
        return NotImplemented
    gumbels = -torch.log(-torch.log(_uniform_like(source, logits)))
    soft = ((logits + gumbels) / tau).softmax(dim)
    if not hard:
        return soft
    place = soft.max(dim, keepdim=True)[1]
    one = torch.zeros_like(logits).scatter(dim, place, 1.0)
    return one - soft.detach() + soft


_DROPOUT, _EACH_ROW_OF_CHANNELS = _dropping(), 2
COUNTED: dict[Any, Callable[..., Any]] = {
    torch.rand: _made("uniform"),
    torch.randn: _made("normal"),
    torch.rand_like: _made_like("uniform"),
    torch.randn_like: _made_like("normal"),
    torch.randint: _randint,
    torch.randint_like: _randint_like,
    torch.normal: _normal,
    torch.bernoulli: _bernoulli,
    Tensor.bernoulli: _bernoulli,
    torch.multinomial: _multinomial,
    Tensor.multinomial: _multinomial,
    Tensor.uniform_: _filling(_fill_uniform),
    Tensor.normal_: _filling(_fill_normal),
    Tensor.bernoulli_: _filling(_fill_bernoulli),
    Tensor.exponential_: _filling(_fill_exponential),
    Tensor.cauchy_: _filling(_fill_cauchy),
    Tensor.log_normal_: _filling(_fill_log_normal),
    Tensor.geometric_: _filling(_fill_geometric),
    torch.dropout: _dropout_of_torch,
    functional.dropout: _DROPOUT,
    functional.dropout1d: _dropping(_EACH_ROW_OF_CHANNELS),
    functional.dropout2d: _dropping(_EACH_ROW_OF_CHANNELS),
    functional.dropout3d: _dropping(_EACH_ROW_OF_CHANNELS),
    functional.alpha_dropout: _alpha_dropout,
    functional.rrelu: _rrelu,
    functional.gumbel_softmax: _gumbel_softmax,
    **{
        function: layers_with_dropout(function, _DROPOUT)
        for function in (torch.gru, torch.lstm, torch.rnn_tanh, torch.rnn_relu)
    },
}
"""Each takes the source first, then what torch's own function takes."""
