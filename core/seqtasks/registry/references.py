"""Write tasks, cells and readouts as JSON and read them back."""

import importlib
import inspect
import re
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.registry.discovery import Kind, current_registry
from seqtasks.registry.file_modules import Carried, adopted, carried_by
from seqtasks.registry.module_classes import class_from_module
from seqtasks.registry.user_files import source_at, source_of
from seqtasks.specs.bind import parameters_of
from seqtasks.specs.grammar import Spec, format_spec, parse_spec
from seqtasks.tasks import Task
from seqtasks.trust.sources import (
    Source,
)

__all__ = [
    "Source",
    "base_class",
    "carried_with",
    "class_reference",
    "describe",
    "imported_class",
    "made_in_a_program",
    "named_class",
    "short_name",
]


_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_BASES = {"cell": ("seqtasks.cells.base", "Cell"), "readout": ("seqtasks.cells.base", "Readout")}


def describe(thing: Any, kind: Kind, *, complete: bool = False) -> tuple[Any, Source | None]:
    """Return a thing in JSON form, and the user's file that defines it, if there is one.

    A registered thing becomes its spec string, and a thing from a file the file's spec string. Any
    other class becomes `{"class": "module:Name"}`, because only its name is known. A task keeps the
    parameters that differ from the defaults, or all if `complete`. A class that a spec names by its
    module is described like the class itself, with the parameters as written.
    """
    if isinstance(thing, str):
        spec = parse_spec(thing)
        if spec.module is None:
            return thing, None if spec.path is None else source_at(Path(spec.path))
        return _of_module(spec, kind)
    cls: Any = thing if inspect.isclass(thing) else type(thing)
    parameters = _parameters(thing, complete) if isinstance(thing, Task) else {}
    if name := _registered_name(cls, kind):
        return format_spec(name, parameters), None
    if origin := source_of(cls):
        return format_spec(f"{origin.path}:{cls.__name__}", parameters), origin
    if not inspect.isclass(thing) and not isinstance(thing, Task):
        cls = thing  # it is a function that makes cells
    name = f"{getattr(cls, '__module__', '?')}:{getattr(cls, '__qualname__', repr(cls))}"
    return {"class": format_spec(name, parameters)}, None


def carried_with(thing: Any) -> Carried | None:
    """Return the file that a spec or a class must bring along to another process, or None."""
    if not isinstance(thing, str):
        return carried_by(thing) if inspect.isclass(thing) else None  # an instance brings its own
    path = parse_spec(thing).path
    if path is None:
        return None
    try:
        source = source_at(Path(path))
    except UsageError:
        return None  # as in this process, the file may be there when it is needed
    return Carried(source, source.path in adopted, path)


def named_class(spec: Spec, kind: Kind) -> type[Any]:
    """Return the class that a spec names by its module.

    Raises:
        UsageError: if it cannot be found, or is of another kind.
    """
    return class_from_module(spec, base_class(kind), kind)


def _of_module(spec: Spec, kind: Kind) -> tuple[Any, Source | None]:
    """Describe the class that a spec names by its module."""
    cls = named_class(spec, kind)
    reference, source = describe(cls, kind)
    if isinstance(reference, str):
        return reference + spec.written_parameters, source
    if imported_class(cls.__module__, cls.__qualname__) is not cls:
        reference = {"class": f"{spec.module}:{spec.name}"}  # it can be found only there
    return {"class": reference["class"] + spec.written_parameters}, None


def short_name(thing: Any) -> str:
    """Return a name for a directory: the registered name, or the class's name in lower case."""
    if isinstance(thing, str):
        spec = parse_spec(thing)
        name = spec.name or Path(spec.path or "").stem
    elif isinstance(thing, Task):
        name = thing.known_as
    else:
        cls: Any = thing if hasattr(thing, "__name__") else type(thing)
        name = cls.__name__
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name.lower()).strip("-")


def class_reference(reference: Any, kind: Kind) -> tuple[str, Spec]:
    """Return the module of a class that was recorded by name, with its name and parameters."""
    text = reference.get("class") if isinstance(reference, dict) else None
    module, colon, rest = text.partition(":") if isinstance(text, str) else ("", "", "")
    if not colon:
        raise UsageError(
            f"the {kind} is no spec string and no object with a class, but {reference!r}"
        )
    spec = parse_spec(rest, modules=False)
    if spec.path is not None or not _MODULE.fullmatch(module):
        raise made_in_a_program(spec.name or rest, kind)
    return module, spec


def imported_class(module: str, name: str) -> type | None:
    """Return a class of an imported module, but not from another program's `__main__`."""
    target: Any = sys.modules.get(module) if module != "__main__" else None
    for part in name.split("."):
        target = (
            vars(target).get(part) if inspect.ismodule(target) or inspect.isclass(target) else None
        )
    return target if inspect.isclass(target) else None


def base_class(kind: Kind) -> type[Any]:
    """Return the base class of a kind's things; torch is imported only if that needs it."""
    if kind == "task":
        return Task
    module, name = _BASES[kind]
    return getattr(importlib.import_module(module), name)


def made_in_a_program(name: str, kind: Kind, module: str = "__main__") -> UsageError:
    """Return the error for a class that only its own program can bring."""
    where = ""
    if module != "__main__":
        where = f", in the module {module}, which no distribution that the run holds brings"
    return UsageError(
        f"the {kind} {name} of this run was made in a Python program{where}; open the run there "
        f"with seqtasks.load(run, {kind}={name}) or seqtasks.resume(run, {kind}=...)"
    )


def _parameters(thing: Task, complete: bool) -> dict[str, Any]:
    if not is_dataclass(thing) or "__init__" in _own_names_above_fields(type(thing)):
        if parameters_of(type(thing)):
            raise UsageError(
                f"the parameters of {type(thing).__name__} cannot be recorded: "
                "make it a frozen dataclass"
            )
        return {}
    values = {f.name: getattr(thing, f.name) for f in fields(thing) if f.init}
    defaults = {f.name: f.default for f in fields(thing)}
    return {k: value for k, value in values.items() if complete or value != defaults[k]}


def _own_names_above_fields(cls: type) -> set[str]:
    """Return what a class and its bases define, up to the first that is a dataclass itself."""
    names: set[str] = set()
    for base in cls.__mro__:
        if "__dataclass_fields__" in vars(base):
            break
        names |= set(vars(base))
    return names


def _registered_name(cls: Any, kind: Kind) -> str | None:
    registry = current_registry()
    used = registry.entries(kind)
    for entry in [*used, *(one for held in used for one in registry.others(held))]:
        lazy = isinstance(entry.target, str)
        if lazy and entry.target.partition(":")[0].partition(".")[0] not in sys.modules:
            continue
        if lazy and not str(getattr(cls, "__module__", "")).startswith(
            entry.target.partition(":")[0].partition(".")[0]
        ):
            continue
        try:
            if registry.load(entry) is cls:
                in_use = registry.get(kind, entry.name) is entry
                return entry.name if in_use else entry.full_name
        except UsageError:
            continue
    return None
