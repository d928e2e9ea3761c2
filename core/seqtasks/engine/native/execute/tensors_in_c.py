"""Where tensors lie, in the form in which C reads it."""

import ctypes
import functools
import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor

__all__ = ["pointers", "strides_of"]


def pointers(tensors: Sequence[Tensor | None]) -> Any:
    """Return the addresses of tensors as C reads them; null for None."""
    places = [None if tensor is None else tensor.data_ptr() for tensor in tensors]
    return _array_of(max(1, len(places)))(*places)


@functools.cache
def _array_of(count: int) -> Any:
    return ctypes.c_void_p * count


def strides_of(shape: Sequence[int]) -> list[int]:
    """Return the strides of a contiguous tensor of a shape."""
    return [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
