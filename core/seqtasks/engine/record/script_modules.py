"""Modules that `torch.jit` compiled: their tensors, attributes and code lie outside Python's reach.

A recording follows the operations that such a module ends in, see `unseen_calls`. Here is what a
program of it depends on besides.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["TensorsOf", "attributes_of_script", "is_script", "tensors_of_script"]


def is_script(module: nn.Module) -> bool:
    """Say whether `torch.jit` compiled a module."""
    return isinstance(module, torch.jit.ScriptModule)


def attributes_of_script(module: Any) -> dict[str, Any]:
    """Return a compiled module's attributes that are no tensors."""
    names = module._concrete_type.get_attributes()
    held = {name: module._c.getattr(name) for name in sorted(names)}
    return {name: value for name, value in held.items() if not isinstance(value, Tensor)}


class TensorsOf:
    """A compiled module's tensors by name, each as it is now."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getitem__(self, name: str) -> Any:
        """Return a tensor."""
        return self._module._c.getattr(name)


def tensors_of_script(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield a compiled module's own tensors and their names."""
    yield from module.named_parameters(recurse=False, remove_duplicate=False)
    yield from module.named_buffers(recurse=False, remove_duplicate=False)
