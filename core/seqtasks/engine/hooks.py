"""Hooks on modules and tensors, which only the plain loop runs."""

import torch
from torch import Tensor, nn

__all__ = ["has_global_hooks", "has_hooks"]

_OF_MODULES = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_OF_TENSORS = ("_backward_hooks", "_post_accumulate_grad_hooks")


def has_hooks(owner: nn.Module | Tensor) -> bool:
    """Say whether a module itself, or a parameter, has a hook."""
    names = _OF_MODULES if isinstance(owner, nn.Module) else _OF_TENSORS
    return any(getattr(owner, name, None) for name in names)


def has_global_hooks() -> bool:
    """Say whether there are hooks on all modules."""
    registered = torch.nn.modules.module
    return any(getattr(registered, "_global" + name, None) for name in _OF_MODULES)
