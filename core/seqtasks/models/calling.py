"""Call a model: inputs as tensors, predictions alone, evaluation mode without gradients."""

from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from seqtasks.tasks import Array

__all__ = ["predictions_of", "scoring", "to_torch"]


@contextmanager
def scoring(model: nn.Module) -> Generator[None, None, None]:
    """Run a model in evaluation mode without gradients, then restore the mode of each part."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, was_training in modes:
            module.training = was_training


def predictions_of(model: nn.Module, inputs: Tensor) -> Tensor:
    """Return a model's predictions, (batch, time, ...); a model may also return a state."""
    result = model(inputs)
    return result[0] if isinstance(result, tuple) else result


def to_torch(array: Array, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return ids as int64, sets as bool and reals as `dtype`, on a device."""
    tensor = torch.from_numpy(array)
    if tensor.dtype == torch.bool:
        return tensor.to(device)
    return tensor.to(device=device, dtype=dtype if tensor.is_floating_point() else torch.int64)
