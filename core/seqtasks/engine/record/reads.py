"""Find what modules read beside their arguments: globals, closures, attributes of classes.

It reads the code of functions, and of the functions that they name. It does not follow the code of
Python's library, torch, NumPy and seqtasks itself: that code reads nothing that a user changes. It
does not find what code reaches by a name computed for `sys.modules`, by `eval` or from the
environment.
"""

import builtins
import functools
import importlib.util
import sys
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from seqtasks.engine.record.bytecode import Chain, chains_in, imports_in, names_in
from seqtasks.engine.record.fingerprint import instance_parts

__all__ = ["Reads", "function_of", "is_fixed", "reads_of"]

_FIXED = (sys.stdlib_module_names | {"torch", "numpy", "seqtasks"}) - {"__main__"}
_NOT_RUN = {
    *("__init__", "__new__", "__init_subclass__", "__repr__", "__reduce__", "__reduce_ex__"),
    *("__getstate__", "__setstate__", "__deepcopy__", "__copy__"),
}
"""Methods that no step of a cell runs."""
_ABSENT = object()
_DRAWING = {"random", "numpy.random"}
_ANYTHING = {
    *("eval", "exec", "getattr", "vars", "__dict__", "attrgetter", "methodcaller"),
    *("__import__", "import_module", "modules", "globals", "__getattribute__"),
}
"""With one of these names, code may call what its own names do not tell."""
MOST_REACHED = 1000
"""The most things among one attribute's contents in which it looks for functions and classes."""


@dataclass
class Reads:
    """Everything that the code of some modules reads.

    Attributes:
        classes: classes all of whose attributes may be read.
        items: (dictionary of globals or of a class, name read from it) pairs.
        functions: the followed functions; they also read their closures.
        names: the names of all attributes that the code reads.
        may_draw: whether they may draw from Python's or NumPy's generators: their code names them,
            holds one of their functions, or runs code that was not followed.
    """

    classes: list[type] = field(default_factory=list[type])
    items: list[tuple[Any, str]] = field(default_factory=list[tuple[Any, str]])
    functions: list[types.FunctionType] = field(default_factory=list[types.FunctionType])
    names: set[str] = field(default_factory=set[str])
    may_draw: bool = False


def is_fixed(thing: Any) -> bool:
    """Say whether nobody changes the code and data of a class, a function or a module."""
    name = thing.__name__ if isinstance(thing, types.ModuleType) else thing.__module__
    return isinstance(name, str) and name.partition(".")[0] in _FIXED


def function_of(held: Any) -> Iterator[types.FunctionType]:
    """Yield the Python functions that run when something is called or read."""
    if isinstance(held, types.FunctionType):
        yield held
    elif isinstance(held, types.MethodType | staticmethod | classmethod):
        yield from function_of(held.__func__)
    elif isinstance(held, functools.partial | functools.partialmethod):
        yield from function_of(held.func)
    elif isinstance(held, property):
        for function in (held.fget, held.fset):
            yield from function_of(function)
    elif isinstance(held, functools.cached_property):
        yield from function_of(held.func)
    elif hasattr(type(held), "cache_info"):
        yield from function_of(held.__wrapped__)


def reads_of(modules: Iterable[nn.Module]) -> Reads:
    """Return what a step of some modules may read through their classes and attributes."""
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
    """Follows functions to the functions and classes that they read.

    Args:
        own: the modules' packages; other installed packages are taken to be fixed too.
    """

    def __init__(self, own: set[str]) -> None:
        self.reads = Reads()
        self._own = own
        self._pending: list[Any] = []
        self._seen: set[int] = set()
        self._opened: dict[int, Any] = {}  # so that no identity is used twice
        self._places: set[tuple[int, str]] = set()

    def reach(self, held: Any) -> None:
        """Note an object that is read: code may call it, or a method of its class.

        The same holds for everything inside it.
        """
        reached = [held]
        for one in reached:
            self.reads.may_draw = self.reads.may_draw or _draws(one)
            if isinstance(one, type):
                self._pending.append(one)
                continue
            functions = list(function_of(one))
            self._pending += functions
            if not functions and not self._is_fixed(type(one)):
                self._pending.append(type(one))
            if len(reached) < MOST_REACHED and id(one) not in self._opened:
                self._opened[id(one)] = one
                reached += _parts_of(one)

    def follow(self) -> None:
        """Follow everything that was reached."""
        while self._pending:
            thing = self._pending.pop()
            if id(thing) in self._seen:
                continue
            if self._is_fixed(thing):
                self.reads.may_draw = self.reads.may_draw or not is_fixed(thing)
                continue
            self._seen.add(id(thing))
            if isinstance(thing, type):
                self._follow_class(thing)
            else:
                self._follow_function(thing)

    def _follow_class(self, kind: type) -> None:
        self._pending += [base for base in kind.__mro__[1:] if base is not object]
        self._pending.append(type(kind))
        self.reads.classes.append(kind)
        for name, held in vars(kind).items():
            if name not in _NOT_RUN:
                self.reach(held)

    def _follow_function(self, function: types.FunctionType) -> None:
        self.reads.functions.append(function)
        for cell in function.__closure__ or ():
            with suppress(ValueError):  # not yet assigned
                self.reach(cell.cell_contents)
        for default in (function.__defaults__, function.__kwdefaults__, function.__dict__):
            self.reach(default)
        for chain in chains_in(function.__code__):
            self._follow_chain(function, chain)
        names = names_in(function.__code__)
        for module in _imported(function):
            self._follow_module(module, names)
        if "globals" in names:
            for name in list(function.__globals__):
                self._note(function.__globals__, name)
        self.reads.names.update(names)
        named = any("random" in name.split(".") for name in names)
        self.reads.may_draw = self.reads.may_draw or named or bool(names & _ANYTHING)

    def _follow_module(self, module: types.ModuleType, names: frozenset[str]) -> None:
        """Note a module's values for some names."""
        if self._is_fixed(module):
            drawing = module.__name__ in _DRAWING or not is_fixed(module)
            self.reads.may_draw = self.reads.may_draw or drawing
            return
        for name in names & module.__dict__.keys():
            if (id(module.__dict__), name) not in self._places:
                held = self._note(module.__dict__, name)
                if isinstance(held, types.ModuleType):
                    self._follow_module(held, names)
                else:
                    self.reach(held)

    def _follow_chain(self, function: types.FunctionType, chain: Chain) -> None:
        """Note what a chain of names such as `config.rates.first` reads."""
        names = function.__globals__
        held = self._note(names, chain[0])
        if held is _ABSENT:
            built_in = vars(builtins)
            if _is_builtin(built_in.get(chain[0])):
                return
            held = self._note(built_in, chain[0])
        for name in chain[1:]:
            if not isinstance(held, types.ModuleType | type) or self._is_fixed(held):
                break
            if isinstance(held, types.ModuleType):
                held = self._note(held.__dict__, name)
                continue
            home = next((kind for kind in held.__mro__ if name in vars(kind)), None)
            if home is None:  # its metaclass may have it
                break
            if isinstance(vars(home)[name], classmethod):  # it may read all of its class
                self.reach(held)
            held = self._note(vars(home), name)
        if isinstance(held, types.ModuleType):
            self._follow_module(held, names_in(function.__code__))
        elif held is not _ABSENT:
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


def _draws(held: Any) -> bool:
    """Say whether a thing is a module that draws random numbers, or of such a module."""
    if isinstance(held, types.ModuleType):
        return held.__name__ in _DRAWING
    owner = getattr(held, "__self__", held)
    kind = owner if isinstance(owner, type | types.FunctionType) else type(owner)
    module = getattr(kind, "__module__", None) or ""
    return module in ("random", "_random") or module.startswith("numpy.random")


def _is_builtin(held: Any) -> bool:
    """Say whether an object is one of Python's own functions and types."""
    return getattr(held, "__module__", None) == "builtins"


def _parts_of(held: Any) -> list[Any]:
    """Return the contents of a container or an object."""
    if isinstance(held, type | types.ModuleType | types.FunctionType | str | bytes | range):
        return []
    if isinstance(held, Mapping):
        return [*held.values(), *instance_parts(held)]
    if isinstance(held, Sequence | Set):
        return [*held, *instance_parts(held)] if len(held) <= MOST_REACHED else []
    if isinstance(held, types.MethodType):
        return [held.__self__]
    if isinstance(held, functools.partial):
        return [*held.args, *held.keywords.values(), held.func]
    return instance_parts(held)


def _imported(function: types.FunctionType) -> Iterator[types.ModuleType]:
    """Yield the modules that a function imports when it is called."""
    package = function.__globals__.get("__package__") or ""
    for name in imports_in(function.__code__):
        with suppress(ImportError, ValueError):
            full = importlib.util.resolve_name(name, package)
            parts = full.split(".")
            for count in range(1, len(parts) + 1):
                module = sys.modules.get(".".join(parts[:count]))
                if isinstance(module, types.ModuleType):
                    yield module
