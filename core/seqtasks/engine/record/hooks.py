"""Hooks on modules and tensors, which only the plain loop runs."""

from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["has_global_hooks", "has_hooks"]

_GLOBAL = (
    "_global_forward_hooks",
    "_global_forward_pre_hooks",
    "_global_backward_hooks",
    "_global_backward_pre_hooks",
)


def has_hooks(owner: nn.Module | Tensor) -> bool:
    """Say whether a module itself, or a parameter, has a hook."""
    if isinstance(owner, Tensor):
        later: Any = getattr(owner, "_post_accumulate_grad_hooks", None)
        return bool(owner._backward_hooks or later)
    held = vars(owner)
    return bool(
        held["_forward_hooks"]
        or held["_forward_pre_hooks"]
        or held["_backward_hooks"]
        or held["_backward_pre_hooks"]
    )


def has_global_hooks() -> bool:
    """Say whether there are hooks on all modules."""
    registered = vars(torch.nn.modules.module)
    return any(map(registered.get, _GLOBAL))
