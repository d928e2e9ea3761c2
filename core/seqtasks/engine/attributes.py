"""The attributes of modules: what a program depends on beside parameters, made comparable."""

import functools
import numbers
import types
import weakref
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["attributes_of", "attributes_of_class", "compared", "identity", "value"]

_DEEPEST = 4
_PLAIN = {type(None), bool, int, float, str, bytes}
_OF_EVERY_MODULE = frozenset(vars(nn.Module())) - {"training"}


def attributes_of(module: nn.Module) -> dict[str, Any]:
    """Return a module's attributes, without what torch keeps in every module."""
    return {name: held for name, held in vars(module).items() if name not in _OF_EVERY_MODULE}


def attributes_of_class(module: nn.Module) -> list[tuple[str, Any]]:
    """Return the attributes and methods that a module has of its classes, but torch's own."""
    return [
        (name, held)
        for kind in type(module).__mro__
        if kind is not object and not kind.__module__.startswith("torch.")
        for name, held in vars(kind).items()
        if not name.startswith("__")
    ]


def compared(held: Any, token: Callable[[Any], Hashable], depth: int = 0) -> Hashable:
    """Return what is equal for two attributes if a step of a cell does the same with both.

    Numbers and texts are compared by value, containers and plain objects by what they hold.

    Args:
        held: the attribute.
        token: of a tensor, a function or another object: `identity` or `value`.
        depth: how many containers hold it.
    """
    if type(held) in _PLAIN or isinstance(held, numbers.Number | torch.dtype | torch.device):
        return type(held), held
    if isinstance(held, np.ndarray | np.generic):
        return type(held), held.dtype.str, held.shape, held.tobytes()
    if isinstance(held, Tensor | nn.Module) or depth == _DEEPEST:
        return token(held)

    def inner(part: Any) -> Hashable:
        return compared(part, token, depth + 1)

    if isinstance(held, Mapping):
        return type(held), tuple((inner(key), inner(part)) for key, part in held.items())
    if isinstance(held, Sequence | Set):
        return type(held), tuple(map(inner, held))
    if isinstance(held, types.MethodType):
        return token(held.__func__), token(held.__self__)
    if isinstance(held, functools.partial):
        return inner(held.func), inner(held.args), inner(held.keywords)
    if isinstance(held, type | types.ModuleType | types.FunctionType | types.BuiltinFunctionType):
        return token(held)
    return token(held), inner(getattr(held, "__dict__", None))


def identity(held: Any) -> Hashable:
    """Return a token of one and the same object, which a tensor changed in place is not."""
    # What is trained is read where it lies; each step changes it.
    fixed = isinstance(held, Tensor) and not held.requires_grad and not held.is_inference()
    return _Identity(held), held._version if fixed else 0


def value(held: Any) -> Hashable:
    """Return a token that is equal for a tensor and its copy, and for other things of a type."""
    if not isinstance(held, Tensor):
        return type(held)
    octets = b""
    if held.layout == torch.strided and held.device.type != "meta":
        octets = held.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes()
    return held.dtype, tuple(held.shape), octets


class _Identity:
    """An object, equal to itself alone; it is not kept alive if that can be helped."""

    def __init__(self, held: Any) -> None:
        self._hash = id(held)
        try:
            self._held: Callable[[], Any] = weakref.ref(held)
        except TypeError:
            self._held = lambda: held

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        held = self._held()
        return isinstance(other, _Identity) and held is not None and held is other._held()
