"""Reject models whose behaviour a recording would miss: random draws, side effects."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.spectral_norm import SpectralNorm

from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.fingerprint import (
    TooLargeError,
    attributes_of,
    compared,
    value,
)
from seqtasks.engine.record.hooks import has_global_hooks, has_hooks, has_unknown_hooks
from seqtasks.engine.record.provenance import memory_of

__all__ = ["check_modules", "check_unchanged"]


def _alike(before: Any, after: Any) -> bool:
    try:
        return compared(before, value) == compared(after, value)
    except TooLargeError:  # nothing reads it
        return True


def check_modules(model: nn.Module, dtype: torch.dtype) -> None:
    """Refuse hooks, compiled modules, and parameters that are not plain tensors of one type."""
    if dtype not in (torch.float32, torch.float64):
        raise UnsupportedError(f"its numbers are {dtype}, not torch.float32 or torch.float64")
    for name, module in model.named_modules():
        if has_unknown_hooks(module):
            raise UnsupportedError(f"it has hooks{f' ({name})' if name else ''}")
        if _iterates(module):
            raise UnsupportedError(
                f"the spectral norm of {name} changes its vectors at each step in training: take "
                "torch.nn.utils.parametrizations.spectral_norm, which does so once a forward pass"
            )
    if has_global_hooks():
        raise UnsupportedError("there are hooks on all modules")
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if has_hooks(tensor):
            raise UnsupportedError(f"its parameter {name} has a hook")
        numbers = tensor.is_floating_point() or tensor.is_complex()
        if numbers and tensor.dtype.to_real() != dtype:
            raise UnsupportedError(f"its parameter {name} is {tensor.dtype}, not {dtype}")
        if tensor.layout != torch.strided and tensor.requires_grad:
            raise UnsupportedError(f"its parameter {name} is sparse: keep {name}.to_dense()")
        if tensor.is_neg() or tensor.is_conj() or type(tensor) not in (Tensor, nn.Parameter):
            raise UnsupportedError(f"its parameter {name} is not a plain tensor")


def _iterates(module: nn.Module) -> bool:
    """Say whether a module goes on with the power iteration of an old spectral norm."""
    hooks = vars(module)["_forward_pre_hooks"].values()
    return module.training and any(isinstance(hook, SpectralNorm) for hook in hooks)


def _is_kept_constant(module: nn.Module, name: str, follows: Callable[[Tensor], bool]) -> bool:
    """Say whether an attribute is a `cached_property` that keeps a tensor of constants."""
    kind, held = inspect.getattr_static(type(module), name, None), vars(module)[name]
    kept = isinstance(kind, functools.cached_property) and type(held) is Tensor
    return kept and not held.requires_grad and not follows(held)


def check_unchanged(
    model: nn.Module, twin: nn.Module, follows: Callable[[Tensor], bool] | None = None
) -> None:
    """Refuse a cell that counts its steps or keeps values it saw.

    Args:
        model: the model.
        twin: the copy that was recorded.
        follows: says whether a tensor was computed from parameters, buffers or inputs; a
            `cached_property` may keep another one.
    """
    for (name, module), (_, copied) in zip(
        model.named_modules(), twin.named_modules(), strict=True
    ):
        before, after = attributes_of(module), attributes_of(copied)
        for key in before.keys() | after.keys():
            new = key not in before
            if new and follows is not None and _is_kept_constant(copied, key, follows):
                continue
            same = (key in before) == (key in after)
            if not same or not _alike(before[key], after[key]):
                raise UnsupportedError(f"it changes its attribute {name}{'.' if name else ''}{key}")
    for (name, old), (_, new) in zip(model.named_buffers(), twin.named_buffers(), strict=True):
        same = zip(memory_of(old), memory_of(new), strict=True)
        held = [(a, b) for a, b in same if a.layout == torch.strided]
        if not all(torch.equal(a.to(b.device), b) for a, b in held):
            raise UnsupportedError(f"it changes its buffer {name}")
