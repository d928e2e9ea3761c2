"""Find what modules read beside their arguments: globals, closures, attributes of classes.

It reads the functions' code, of those that they name too. Code of Python's library, of torch, NumPy
and seqtasks itself is not followed: it reads nothing that a user changes. What code reaches by a
computed name, by `eval` or from the environment is not found.
"""

import dis
import functools
import sys
import types
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from torch import nn

__all__ = ["Reads", "function_of", "is_fixed", "reads_of"]

_FIXED = (sys.stdlib_module_names | {"torch", "numpy", "seqtasks"}) - {"__main__"}
_NOT_RUN = {
    *("__init__", "__new__", "__init_subclass__", "__repr__", "__reduce__", "__reduce_ex__"),
    *("__getstate__", "__setstate__", "__deepcopy__", "__copy__"),
}
"""Methods that no step of a cell runs."""
_ABSENT = object()
Chain = tuple[str, ...]


@dataclass
class Reads:
    """What the code of some modules reads.

    Attributes:
        classes: all of whose attributes may be read.
        items: dictionaries (of globals, or of a class) and the names read of them.
        functions: that were followed; they read their closures.
        names: of all attributes that their code reads.
    """

    classes: list[type] = field(default_factory=list[type])
    items: list[tuple[Any, str]] = field(default_factory=list[tuple[Any, str]])
    functions: list[types.FunctionType] = field(default_factory=list[types.FunctionType])
    names: set[str] = field(default_factory=set[str])


def is_fixed(thing: Any) -> bool:
    """Say whether nobody changes the code and data of a class, a function or a module."""
    name = thing.__name__ if isinstance(thing, types.ModuleType) else thing.__module__
    return isinstance(name, str) and name.partition(".")[0] in _FIXED


def function_of(held: Any) -> Iterator[types.FunctionType]:
    """Yield the functions of Python that calling or reading something runs."""
    if isinstance(held, types.FunctionType):
        yield held
    elif isinstance(held, types.MethodType | staticmethod | classmethod):
        yield from function_of(held.__func__)
    elif isinstance(held, functools.partial):
        yield from function_of(held.func)
    elif isinstance(held, property):
        for function in (held.fget, held.fset):
            yield from function_of(function)
    elif isinstance(held, functools.cached_property):
        yield from function_of(held.func)


def reads_of(modules: Iterable[nn.Module]) -> Reads:
    """Return what a step of some modules may read, by way of their classes and attributes."""
    modules = list(modules)
    follower = _Follower({_package(type(module)) for module in modules})
    for kind in dict.fromkeys(type(module) for module in modules):
        follower.reach(kind)
    for module in modules:
        for held in vars(module).values():
            follower.reach(held)
    follower.follow()
    return follower.reads


def _package(kind: type) -> str:
    return kind.__module__.partition(".")[0]


class _Follower:
    """Follows what functions read to other functions and classes.

    Args:
        own: packages of the modules; others that are installed are taken to be fixed, too.
    """

    def __init__(self, own: set[str]) -> None:
        self.reads = Reads()
        self._own = own
        self._pending: list[Any] = []
        self._seen: set[int] = set()
        self._places: set[tuple[int, str]] = set()

    def reach(self, held: Any) -> None:
        """Note something that is read: it may be called, or a method of its class may."""
        if isinstance(held, type):
            self._pending.append(held)
            return
        functions = list(function_of(held))
        self._pending += functions
        if not functions and not self._is_fixed(type(held)):
            self._pending.append(type(held))

    def follow(self) -> None:
        """Follow all that was reached."""
        while self._pending:
            thing = self._pending.pop()
            if id(thing) in self._seen or self._is_fixed(thing):
                continue
            self._seen.add(id(thing))
            if isinstance(thing, type):
                self._follow_class(thing)
            else:
                self._follow_function(thing)

    def _follow_class(self, kind: type) -> None:
        self._pending += [base for base in kind.__mro__[1:] if base is not object]
        self.reads.classes.append(kind)
        for name, held in vars(kind).items():
            if name not in _NOT_RUN:
                self.reach(held)

    def _follow_function(self, function: types.FunctionType) -> None:
        self.reads.functions.append(function)
        for cell in function.__closure__ or ():
            with suppress(ValueError):  # not yet assigned
                self.reach(cell.cell_contents)
        for chain in _chains(function.__code__):
            self._follow_chain(function.__globals__, chain)
        self.reads.names.update(_names(function.__code__))

    def _follow_chain(self, names: dict[str, Any], chain: Chain) -> None:
        """Note what a chain of names, as `config.rates.first`, reads."""
        if chain[0] not in names:
            return
        held = self._note(names, chain[0])
        for name in chain[1:]:
            if not isinstance(held, types.ModuleType | type) or self._is_fixed(held):
                break
            if isinstance(held, types.ModuleType):
                held = self._note(held.__dict__, name)
                continue
            home = next((kind for kind in held.__mro__ if name in vars(kind)), None)
            if home is None:
                return
            held = self._note(vars(home), name)
        if held is not _ABSENT and not isinstance(held, types.ModuleType):
            self.reach(held)

    def _note(self, names: Any, name: str) -> Any:
        if (id(names), name) not in self._places:
            self._places.add((id(names), name))
            self.reads.items.append((names, name))
        return names.get(name, _ABSENT)

    def _is_fixed(self, thing: Any) -> bool:
        if is_fixed(thing):
            return True
        name = thing.__name__ if isinstance(thing, types.ModuleType) else thing.__module__
        file = getattr(sys.modules.get(name or ""), "__file__", None) or ""
        installed = "site-packages" in file or "dist-packages" in file
        return installed and name.partition(".")[0] not in self._own


@functools.lru_cache(maxsize=4096)
def _chains(code: types.CodeType) -> tuple[Chain, ...]:
    """Return the global names that code reads, each with the attributes read of it at once."""
    found: dict[Chain, None] = {}
    chain: Chain = ()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            found[chain] = None
            chain = (instruction.argval,)
        elif chain and instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            chain = (*chain, instruction.argval)
        elif instruction.opname not in ("CACHE", "PRECALL", "PUSH_NULL"):
            found[chain] = None
            chain = ()
    found[chain] = None
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found.update(dict.fromkeys(_chains(constant)))
    found.pop((), None)
    return tuple(found)


@functools.lru_cache(maxsize=4096)
def _names(code: types.CodeType) -> frozenset[str]:
    inner = [c for c in code.co_consts if isinstance(c, types.CodeType)]
    return frozenset(code.co_names).union(*map(_names, inner))
