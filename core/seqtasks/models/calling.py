"""Call a model: inputs as tensors, predictions alone, evaluation mode without gradients."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.errors import UsageError
from seqtasks.tasks import Array

__all__ = ["check_inputs", "predictions_of", "scoring", "to_torch", "with_penalty"]


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


def with_penalty(model: nn.Module, inputs: Tensor) -> tuple[Tensor, Tensor | None]:
    """Return a model's predictions, and what its cells add to the loss, or None."""
    if getattr(model, "has_penalty", False) is not True:  # not a model of ours, or without
        return predictions_of(model, inputs), None
    result = model(inputs, return_penalty=True)
    return result[0], result[-1]


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


def check_inputs(embedding: nn.Module, inputs: Any) -> None:
    """Refuse inputs for which torch's own error would be unclear.

    Raises:
        UsageError: if they are no tensor of a batch of sequences, or hold an unknown id.
    """
    if not isinstance(inputs, Tensor):
        raise UsageError(
            f"the inputs must be a tensor of a batch, such as torch.tensor([[0, 1, 1]]), got "
            f"{type(inputs).__name__}"
        )
    if isinstance(embedding, nn.Embedding | nn.Linear):
        table = isinstance(embedding, nn.Embedding)
        wanted = "(batch, time) ids" if table else "(batch, time, features) reals"
        if inputs.dim() != (2 if table else 3) or inputs.is_floating_point() == table:
            raise UsageError(
                f"the inputs must be {wanted}, got shape {tuple(inputs.shape)} of {inputs.dtype}"
            )
    if isinstance(embedding, nn.Embedding) and inputs.numel():
        size, wrong = embedding.num_embeddings, (inputs < 0) | (inputs >= embedding.num_embeddings)
        if wrong.any():
            raise UsageError(
                f"the inputs hold the id {int(inputs[wrong][0])}; the model knows 0 to {size - 1}"
            )
