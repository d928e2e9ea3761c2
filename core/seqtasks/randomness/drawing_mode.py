"""A mode of torch in which its random functions draw from another source."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Size, Tensor
from torch.overrides import TorchFunctionMode

from seqtasks.randomness.draw_functions import COUNTED

__all__ = ["DrawingMode"]


class DrawingMode(TorchFunctionMode):
    """Makes random functions of torch by the numbers of `uniform` and `normal`; see `Source`."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def is_drawing(self) -> bool:
        """Say whether a call that is made now draws from here, and not from torch."""
        return True

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Make a call; a random one draws from here."""
        draw = COUNTED.get(func)
        if draw is not None and self.is_drawing():
            result = draw(self, *args, **(kwargs or {}))
            if result is not NotImplemented:
                return result
        return func(*args, **(kwargs or {}))

    def shape(self, tensor: Tensor) -> Size:
        """See `Source`."""
        return tensor.shape

    def uniform(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
        """See `Source`."""
        raise NotImplementedError

    def normal(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> Tensor:
        """See `Source`."""
        raise NotImplementedError
