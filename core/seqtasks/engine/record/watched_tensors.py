"""Compare the tensors that modules hold with the tensors they held, all at once.

What is asked of every tensor at every call is asked by functions written in C, of all of them.
"""

import operator
from collections.abc import Hashable
from typing import Any, Protocol

import torch
from torch import Tensor

from seqtasks.engine.record.fingerprint import identity
from seqtasks.engine.record.hooks import has_hooks, tensor_has_hooks

__all__ = ["WatchedTensors"]

_ABOUT = operator.attrgetter(
    "requires_grad", "dtype", "shape", "_backward_hooks", "_post_accumulate_grad_hooks"
)
"""Of a tensor of numbers. Its hooks are last; they are None before the first is registered."""
_STRIDES = operator.methodcaller("stride")


class Owner(Protocol):
    """Holds tensors by name, as a module's dictionaries do."""

    def __getitem__(self, name: str, /) -> Any:
        """Return a tensor."""
        ...


class WatchedTensors:
    """Parameters and buffers, each where its module keeps it, as they were when they were added."""

    def __init__(self) -> None:
        self._owners: list[Owner] = []
        self._names: list[str] = []
        self._tensors: list[Tensor] = []
        self._plain: list[Tensor] = []
        self._abouts: list[Any] = []
        self._strides: list[Any] = []
        self._others: list[tuple[Any, ...]] = []

    def add(self, owner: Owner, name: str, tensor: Tensor) -> Hashable:
        """Watch a tensor, and return a token that is equal while a program holds.

        Args:
            owner: a module's parameters or buffers.
            name: its name there.
            tensor: the tensor.
        """
        self._owners.append(owner)
        self._names.append(name)
        self._tensors.append(tensor)
        is_strided = tensor.layout == torch.strided
        shape, strides = tensor.shape, tensor.stride() if is_strided else ()
        # a program contains integer values as numbers and does not read them again
        numbers = tensor.is_floating_point() or tensor.is_complex()
        version = None if numbers else identity(tensor)
        about = has_hooks(tensor), tensor.requires_grad, tensor.dtype, shape, strides, version
        seen = _ABOUT(tensor)
        if is_strided and numbers and seen[-2:] == (None, None):
            self._plain.append(tensor)
            self._abouts.append(seen)
            self._strides.append(strides)
        elif is_strided:
            self._others.append((tensor, *about))
        return id(tensor), type(tensor), tensor.device, *about

    def hold(self) -> bool:
        """Say whether each tensor is still where it was, and as it was."""
        try:
            now = map(operator.getitem, self._owners, self._names)
            if not all(map(operator.is_, now, self._tensors)):
                return False
        except KeyError:
            return False
        plain = self._plain
        if [*map(_ABOUT, plain)] != self._abouts or [*map(_STRIDES, plain)] != self._strides:
            return False
        for tensor, hooked, trained, dtype, shape, strides, version in self._others:
            if (
                tensor.requires_grad is not trained
                or tensor.dtype is not dtype
                or tensor.shape != shape
                or tensor.stride() != strides
                or tensor_has_hooks(tensor) is not hooked
                or (version is not None and identity(tensor) != version)
            ):
                return False
        return True
