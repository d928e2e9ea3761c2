"""Run a copy of a model: the model and the caller's random states stay as they are."""

import copy
from typing import Any

from torch import Tensor, nn

from seqtasks.models.model import Model
from seqtasks.randomness.torch_streams import torch_stream

__all__ = ["CannotCopyError", "answers", "copied"]


class CannotCopyError(Exception):
    """A module cannot be copied, so it cannot be tried without changing it."""


def copied(module: Any) -> Any:
    """Return a copy of a module; the plain loop runs it, if it is a model.

    Raises:
        CannotCopyError: if it cannot be copied.
    """
    try:
        made = copy.deepcopy(module)
    except Exception as error:
        raise CannotCopyError from error
    parts = made.modules() if isinstance(made, nn.Module) else ()
    if not all(parameter.is_leaf for part in parts for parameter in part.parameters(False)):
        raise CannotCopyError  # torch.jit compiled it, and the copy of a parameter is none
    if isinstance(made, Model):
        made.use_engine("plain")
    return made


def answers(model: nn.Module, inputs: Tensor) -> Tensor:
    """Return what a model predicts; its draws come from a stream of their own."""
    with torch_stream(0, "trial").drawing():
        result = model(inputs)
    return result[0] if isinstance(result, tuple) else result
