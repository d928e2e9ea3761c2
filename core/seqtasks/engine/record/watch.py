"""Compare all that a program depends on beside parameters: whole once, then for changes.

At each call the modules, their attributes and classes, and everything their code reads from outside
must be as they were. To compare all of it by value takes longer than a small program runs. So
objects that cannot change are compared by identity, where they are stored, and only the others by
value.
"""

import operator
import os
import types
import weakref
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import _SpectralNorm

from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.fingerprint import (
    TooLargeError,
    attributes_of,
    compared,
    identity,
)
from seqtasks.engine.record.hooks import has_global_hooks, has_hooks
from seqtasks.engine.record.reads import Reads, is_fixed
from seqtasks.engine.record.script_modules import (
    TensorsOf,
    attributes_of_script,
    is_script,
    tensors_of_script,
)
from seqtasks.engine.record.training_mode import ANY_NAME, may_read_the_mode
from seqtasks.engine.record.watched_tensors import WatchedTensors

__all__ = ["Watch"]

_ABSENT, _GONE = object(), object()
_PLAIN = {type(None), bool, int, float, complex, str, bytes, range, torch.dtype, torch.device}
_CODE = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    staticmethod,
    classmethod,
    property,
)
"""These are unchanged if they are the same object; the code of functions is watched separately."""
_UNREAD = {
    "__doc__",
    "__dict__",
    "__weakref__",
    "__module__",
    "__annotations__",
    "__static_attributes__",
}
Get = Callable[[], Any]

_SIZED = operator.itemgetter(
    *("_parameters", "_buffers", "_modules"),
    *("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"),
)
"""A module's dictionaries: a change of their size is a change of the module. Each item is compared
apart, and so is a hook that is known."""


class Watch:
    """The state on which some modules, and the modules inside them, depended at creation.

    Args:
        tops: the modules.
        reads: what they and those within them read.

    Attributes:
        signature: equal for two watches of modules that do the same.

    Raises:
        UnsupportedError: if an attribute that may be read is too large to compare at each call.
    """

    def __init__(self, tops: list[nn.Module], reads: Reads) -> None:
        modules = [module for top in tops for module in top.modules()]
        self._tops = list(map(_weakly, tops))
        self._dtype, self._hooked = torch.get_default_dtype(), has_global_hooks()
        self._modules: list[tuple[Any, ...]] = []
        self._tensors = WatchedTensors()
        self._same: list[Any] = []
        self._sizes: list[int] = []
        self._dictionaries: list[tuple[Any, int, list[str], list[Any]]] = []
        self._objects: list[tuple[Get, Get]] = []
        self._compared: list[tuple[Get, Hashable]] = []
        self._tree = frozenset(map(id, modules))
        self._functions: list[tuple[Any, ...]] = []
        self._any_name = bool(reads.names & ANY_NAME)
        self._with_mode = may_read_the_mode(modules, reads)
        self._names = reads.names
        found: list[Any] = [self._hooked, self._dtype]
        for module in modules:
            found += self._of_script(module) if is_script(module) else self._of_module(module)
        for kind in reads.classes:
            found += self._of_dictionary(vars(kind), [n for n in vars(kind) if n not in _UNREAD])
        by_dictionary: dict[int, tuple[Any, list[str]]] = {}
        for names, name in reads.items:
            by_dictionary.setdefault(id(names), (names, []))[1].append(name)
        for names, read in by_dictionary.values():
            found += self._of_dictionary(names, read)
        for function in reads.functions:
            found += self._of_function(function)
        if reads.names & {"environ", "getenv"}:
            found.append(self._of_value(lambda: os.environ, os.environ, "environ", True))
        self.signature: Hashable = tuple(found)

    def holds(self, tops: list[nn.Module]) -> bool:
        """Say whether these are the same modules and nothing has changed."""
        if len(tops) != len(self._tops):
            return False
        for top, then in zip(tops, self._tops, strict=True):
            if top is not then():
                return False
        if torch.get_default_dtype() is not self._dtype or has_global_hooks() != self._hooked:
            return False
        now, sized = list[Any](), list[Any]()
        for get, kind, keys, values in self._modules:
            module = get()
            if type(module) is not kind:
                return False
            held = module.__dict__
            if [*held] != keys:
                return False
            now += values(held)
            sized += _SIZED(held)
        if not _are(now, self._same) or [*map(len, sized)] != self._sizes:
            return False
        if not self._tensors.hold():
            return False
        for held, count, names, then in self._dictionaries:
            if count and len(held) != count:
                return False
            if not _are((held.get(name, _ABSENT) for name in names), then):
                return False
        for get, code, defaults, named, with_attributes in self._functions:
            function = get()
            if function is _GONE or function.__code__ is not code:
                return False
            if function.__defaults__ is not defaults or function.__kwdefaults__ is not named:
                return False
            if bool(function.__dict__) is not with_attributes:
                return False
        for get, then in self._objects:
            if get() is not then():
                return False
        try:
            return not self._compared or all(
                compared(get(), self._token) == then for get, then in self._compared
            )
        except (TooLargeError, ValueError, LookupError):
            return False

    def _of_module(self, module: nn.Module) -> list[Hashable]:
        kind, held, get = type(module), vars(module), weakref.ref(module)
        same: list[tuple[str, Any]] = [(name, held[name]) for name in ("_parameters", "_buffers")]
        found: list[Hashable] = [id(module), identity(kind), has_hooks(module)]
        for name, value in attributes_of(module).items():
            if name == "training" and (not self._with_mode or kind is _SpectralNorm):
                continue
            if type(value) in _PLAIN:
                same.append((name, value))
                found.append((name, type(value), value))
            elif _is_frozen(value):
                same.append((name, value))
                found.append((name, compared(value, self._token)))
            else:
                read = not is_fixed(kind) and self._is_read(name)
                about = self._of_value(_attribute(get, name), value, name, read)
                found.append((name, about))
        for name, child in module._modules.items():
            self._objects.append((_entry(get, "_modules", name), _weakly(child)))
        for where in ("_parameters", "_buffers"):
            for name, tensor in held[where].items():
                found.append((name, self._of_tensor(held[where], name, tensor)))
        if held["_forward_pre_hooks"]:  # known ones, beside which another may be added

            def hooks() -> tuple[int, ...]:
                return tuple(map(id, get().__dict__["_forward_pre_hooks"].values()))

            self._compared.append((hooks, compared(hooks(), self._token)))
        self._same += [value for _, value in same]
        self._sizes += map(len, _SIZED(held))
        values = operator.itemgetter(*[name for name, _ in same])
        self._modules.append((get, kind, list(held), values))
        return found

    def _of_script(self, module: nn.Module) -> list[Hashable]:
        """Watch a module that `torch.jit` compiled, whose code and constants stay as they are."""
        get = weakref.ref(module)
        about = self._of_value(
            lambda: attributes_of_script(get()), attributes_of_script(module), "", True
        )
        found: list[Hashable] = [id(module), identity(type(module)), has_hooks(module), about]
        code, constants = cast(Any, module).code_with_constants
        found += [code, compared(constants.const_mapping, self._token)]
        owner = TensorsOf(module)
        found += [(n, self._tensors.add(owner, n, t)) for n, t in tensors_of_script(module)]
        return found

    def _of_tensor(self, owner: dict[str, Any], name: str, tensor: Tensor | None) -> Hashable:
        if tensor is None:
            self._objects.append((lambda: owner.get(name), _nothing))
            return None
        return self._tensors.add(owner, name, tensor)

    def _of_dictionary(self, names: Any, read: list[str]) -> list[Hashable]:
        """Watch items of a class or of a module's globals."""
        same: list[tuple[str, Any]] = []
        found: list[Hashable] = []
        is_class = isinstance(names, types.MappingProxyType)
        for name in read:
            value = names.get(name, _ABSENT)
            if type(value) in _PLAIN or isinstance(value, _CODE) or value is _ABSENT:
                same.append((name, value))
                found.append((name, compared(value, identity)))
            else:
                is_read = not is_class or self._is_read(name)
                found.append((name, self._of_value(_item(names, name), value, name, is_read)))
        count = len(names) if is_class else 0
        self._dictionaries.append((names, count, [n for n, _ in same], [v for _, v in same]))
        return found

    def _of_function(self, function: types.FunctionType) -> list[Hashable]:
        about = function.__code__, function.__defaults__, function.__kwdefaults__
        self._functions.append((_weakly(function), *about, bool(function.__dict__)))
        get = weakref.ref(function)
        found = [identity(function), id(about[0])]
        for name in ("__defaults__", "__kwdefaults__", "__dict__"):
            held = getattr(function, name)
            if held:
                found.append(self._of_value(_part(get, name), held, name, True))
        for place, cell in enumerate(function.__closure__ or ()):
            name = function.__code__.co_freevars[place]
            try:
                value = cell.cell_contents
            except ValueError:  # not yet assigned
                continue
            if name != "__class__":
                found.append(self._of_value(_variable(get, place), value, name, True))
        return found

    def _is_read(self, name: str) -> bool:
        """Say whether code may read an attribute with this name."""
        return name in self._names or self._any_name

    def _token(self, held: Any, within: tuple[int, ...] = ()) -> Hashable:
        """Return an object's token, with the attributes of a module outside the parts."""
        if not isinstance(held, nn.Module) or id(held) in self._tree or id(held) in within:
            return identity(held)
        parts = attributes_of(held) | held._modules

        def inner(part: Any) -> Hashable:
            return self._token(part, (*within, id(held)))

        return identity(held), compared(parts, inner)

    def _of_value(self, get: Get, value: Any, name: str, read: bool) -> Hashable:
        """Watch a value where it is stored; `read` says whether code may read it there."""
        if isinstance(value, _CODE):
            self._objects.append((get, _weakly(value)))
            return identity(value)
        try:
            then = compared(value, self._token)
        except TooLargeError:
            if read:
                raise UnsupportedError(
                    f"it reads '{name}', which holds too much to compare at each call; make it "
                    "a tensor or an array"
                ) from None
            self._objects.append((get, _weakly(value)))
            return identity(value)
        self._compared.append((get, then))
        return then


def _are(values: Iterable[Any], then: Sequence[Any]) -> bool:
    """Say whether values are the same objects as then; there are as many."""
    return all(map(operator.is_, values, then))


def _is_frozen(value: Any) -> bool:
    """Say whether nobody changes a value in place: a frozen dataclass of seqtasks."""
    about = getattr(type(value), "__dataclass_params__", None)
    return about is not None and about.frozen and is_fixed(type(value))


def _attribute(get: Get, name: str) -> Get:
    return lambda: get().__dict__.get(name, _ABSENT)


def _entry(get: Get, where: str, name: str) -> Get:
    return lambda: get().__dict__[where].get(name, _ABSENT)


def _item(names: Any, name: str) -> Get:
    return lambda: names.get(name, _ABSENT)


def _part(get: Get, name: str) -> Get:
    return lambda: getattr(get(), name)


def _nothing() -> None:
    return None


def _variable(get: Get, place: int) -> Get:
    return lambda: get().__closure__[place].cell_contents


def _weakly(held: Any) -> Get:
    """Return a function that gives an object; do not keep the object alive if possible."""
    try:
        reference = weakref.ref(held)
    except TypeError:
        return lambda: held

    def get() -> Any:
        found = reference()
        return _GONE if found is None else found

    return get
