"""Fingerprint the attributes of modules, on which a program depends beside parameters."""

import contextvars
import functools
import hashlib
import numbers
import sys
import threading
import types
import weakref
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from seqtasks.engine.record.hooks import made_by_hooks
from seqtasks.engine.record.script_modules import attributes_of_script, is_script

__all__ = [
    "TooLargeError",
    "attributes_of",
    "compared",
    "identity",
    "instance_parts",
    "value",
]

MOST_THINGS = 1000
"""An attribute may hold at most this many things, counting its lists and objects together, to be
compared at each call."""
MOST_BYTES = 2**24
"""The most bytes of an array that is compared, for the same reason."""
_PLAIN = {type(None), bool, int, float, str, bytes, range}
_OPAQUE = sys.stdlib_module_names - {"types", "argparse", "collections", "functools", "__main__"}
"""Objects of these modules are compared by identity: a logger or a thread holds no end of
things."""
_OF_EVERY_MODULE = frozenset(vars(nn.Module())) - {"training"}


def attributes_of(module: nn.Module) -> dict[str, Any]:
    """Return a module's attributes without those of every module and those that hooks compute."""
    if is_script(module):
        return attributes_of_script(module)
    left_out = _OF_EVERY_MODULE
    if vars(module)["_forward_pre_hooks"]:
        left_out = left_out | made_by_hooks(module)
    return {name: held for name, held in vars(module).items() if name not in left_out}


class TooLargeError(Exception):
    """An attribute holds too much to compare at each call."""


def compared(
    held: Any,
    token: Callable[[Any], Hashable],
    left: list[int] | None = None,
    path: tuple[int, ...] = (),
) -> Hashable:
    """Return a value that is equal for two attributes if a cell's step does the same with both.

    Compare numbers and texts by value, and containers and plain objects by their contents.

    Args:
        held: the attribute.
        token: gives the token of a tensor, a function or another object: `identity` or `value`.
        left: how many more things may be compared.
        path: the ids of the containers that hold it.

    Raises:
        TooLargeError: if it holds too much.
    """
    if type(held) in _PLAIN or isinstance(held, numbers.Number | torch.dtype | torch.device):
        return type(held), held
    left = [MOST_THINGS] if left is None else left
    left[0] -= 1
    if left[0] < 0:
        raise TooLargeError
    if isinstance(held, Tensor | nn.Module):
        return token(held)
    if isinstance(held, type | types.ModuleType | types.FunctionType | types.BuiltinFunctionType):
        return token(held)
    if id(held) in path:
        return "of itself", path.index(id(held))

    def inner(part: Any) -> Hashable:
        return compared(part, token, left, (*path, id(held)))

    if isinstance(held, np.ndarray | np.generic):
        if held.dtype.hasobject:
            return held.dtype.str, held.shape, inner(held.tolist())
        if held.nbytes > MOST_BYTES:
            raise TooLargeError
        return type(held), held.dtype.str, held.shape, _digest(held.tobytes())
    if isinstance(held, types.MethodType):
        return token(held.__func__), inner(held.__self__)
    if isinstance(held, functools.partial):
        return inner(held.func), inner(held.args), inner(held.keywords)
    if isinstance(held, contextvars.ContextVar):
        return token(held), inner(held.get(None))
    if isinstance(held, threading.local):
        return token(held), inner(held.__dict__)
    if type(held) is slice:
        return slice, inner(held.start), inner(held.stop), inner(held.step)
    more = [inner(part) for part in instance_parts(held)]
    if isinstance(held, Mapping | Set) and len(held) > left[0]:
        raise TooLargeError
    if isinstance(held, Mapping):
        return type(held), tuple((inner(key), inner(part)) for key, part in held.items()), *more
    if isinstance(held, Set):
        return type(held), frozenset(map(inner, held)), *more
    if isinstance(held, Sequence) and not isinstance(held, range):
        if len(held) > left[0]:
            raise TooLargeError
        return type(held), tuple(map(inner, held)), *more
    if isinstance(held, Iterator):
        return token(held), _progress(held)
    octets = _octets(held)
    if octets is not None:
        return type(held), octets
    return token(held), *more


def instance_parts(held: Any) -> list[Any]:
    """Return an object's own attributes, from its dictionary and its slots."""
    if type(held).__module__ in _OPAQUE:
        return []
    found: list[Any] = [held.default_factory] if isinstance(held, defaultdict) else []
    own = getattr(held, "__dict__", None)
    if own:
        found.append(own)
    for kind in type(held).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__"):
                place = f"_{kind.__name__.lstrip('_')}{name}" if _is_private(name) else name
                found.append(getattr(held, place, None))
    return found


def _is_private(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")


def _octets(held: Any) -> Hashable:
    """Return the memory of an object that exposes it, as ctypes numbers do; else None."""
    try:
        view = memoryview(held)
    except TypeError:
        return None
    if view.nbytes > MOST_BYTES:
        raise TooLargeError
    return view.format, _digest(view.tobytes())


def _progress(held: Any) -> Hashable:
    """Return the position of an iterator, or None if the iterator cannot be copied."""
    try:
        return repr(held.__reduce__())
    except TypeError:
        return None


def _digest(octets: bytes) -> bytes:
    return octets if len(octets) <= 64 else hashlib.blake2b(octets).digest()


def identity(held: Any) -> Hashable:
    """Return a token of this object; it changes if a tensor is changed in place."""
    # A program reads a trained tensor from its memory, and each training step changes it.
    fixed = isinstance(held, Tensor) and not held.requires_grad and not held.is_inference()
    return _Identity(held), held._version if fixed else 0


def value(held: Any) -> Hashable:
    """Return a token that is equal for a tensor and its copy, or for objects of one type."""
    if not isinstance(held, Tensor):
        return type(held)
    octets = b""
    if held.layout == torch.strided and held.device.type != "meta":
        octets = held.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes()
    return held.dtype, tuple(held.shape), octets


class _Identity:
    """An object, equal only to itself; it is not kept alive if that can be avoided."""

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
