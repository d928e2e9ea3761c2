"""Hooks on modules and tensors, which only the plain loop runs.

The hooks of `torch.nn.utils.weight_norm` and `spectral_norm` are known: each computes an attribute
from parameters alone before the module is called, and a recording sees it do so.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

__all__ = [
    "has_global_hooks",
    "has_hooks",
    "has_unknown_hooks",
    "holds_hooks",
    "made_by_hooks",
    "tensor_has_hooks",
]

_GLOBAL = (
    "_global_forward_hooks",
    "_global_forward_pre_hooks",
    "_global_backward_hooks",
    "_global_backward_pre_hooks",
)


def has_hooks(owner: nn.Module | Tensor) -> bool:
    """Say whether a module itself, or a parameter, has a hook."""
    return tensor_has_hooks(owner) if isinstance(owner, Tensor) else holds_hooks(vars(owner))


def tensor_has_hooks(tensor: Tensor) -> bool:
    """Say whether a parameter has a hook."""
    return bool(tensor._backward_hooks or getattr(tensor, "_post_accumulate_grad_hooks", None))


def holds_hooks(held: Mapping[str, Any]) -> bool:
    """Say whether a module has a hook, by what it holds (`vars`)."""
    return bool(
        held["_forward_hooks"]
        or held["_forward_pre_hooks"]
        or held["_backward_hooks"]
        or held["_backward_pre_hooks"]
    )


def has_unknown_hooks(module: nn.Module) -> bool:
    """Say whether a module has a hook that a recording would not see at work."""
    held = vars(module)
    known = sum(map(_is_known, held["_forward_pre_hooks"].values()))
    others = any(held[name] for name in ("_forward_hooks", "_backward_hooks"))
    others = others or bool(held["_backward_pre_hooks"])
    return others or known < len(held["_forward_pre_hooks"])


def made_by_hooks(module: nn.Module) -> set[str]:
    """Return the names of the attributes that known hooks compute from parameters."""
    return {hook.name for hook in vars(module)["_forward_pre_hooks"].values() if _is_known(hook)}


def _is_known(hook: Any) -> bool:
    return type(hook) in (WeightNorm, SpectralNorm)


def has_global_hooks() -> bool:
    """Say whether there are hooks on all modules."""
    registered = vars(torch.nn.modules.module)
    return any(map(registered.get, _GLOBAL))
