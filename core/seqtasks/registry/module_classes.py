"""Take tasks, cells and readouts from modules that can be imported: `package.module:Class`."""

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from seqtasks.errors import UsageError, did_you_mean, explain
from seqtasks.registry.fitting_classes import candidates, fits, wanted
from seqtasks.registry.neighbour_imports import lies_here
from seqtasks.registry.user_files import WrongKindError
from seqtasks.specs.grammar import Spec, SpecError
from seqtasks.trust.distributions import owner

__all__ = ["ModuleNotThereError", "class_from_module", "nothing_from_here"]

MOST_LISTED = 60
"""The most classes of a module that a message lists."""

_from_here = True
"""Whether a module of the current folder may be imported."""


class ModuleNotThereError(SpecError):
    """A spec names a module that does not exist."""


@contextmanager
def nothing_from_here() -> Generator[None]:
    """Do not import modules of the current folder by name, unless a distribution installed them.

    The command line uses this: its imports must not depend on the current folder. In a program,
    Python's path decides which modules can be imported.
    """
    global _from_here
    before, _from_here = _from_here, False
    try:
        yield
    finally:
        _from_here = before


def class_from_module(spec: Spec, base: type, kind: str, known: Iterable[str] = ()) -> type[Any]:
    """Import the module that a spec names, and return the class.

    Args:
        spec: a spec with a module.
        base: the class must be a proper subclass of this, or for a cell a torch module; it is
            checked before it is called.
        kind: the kind that the class must be.
        known: registered names, which may be suggested for a mistyped one.

    Raises:
        UsageError: if the module cannot be found or imported, or lacks such a class.
    """
    assert spec.module is not None
    module = sys.modules.get(spec.module) or _import(spec, spec.module, known)
    target: Any = module
    for part in spec.name.split("."):
        target = _attribute(target, part)
    if target is None:
        names = list(candidates(vars(module), base, kind))
        held = f" It holds: {', '.join(names)}." if 0 < len(names) <= MOST_LISTED else ""
        nearest = did_you_mean(spec.name, names)
        raise SpecError(
            spec.text, spec.name_column, f"{spec.module} holds no class {spec.name}.{held}{nearest}"
        )
    if not fits(target, base, kind):
        raise WrongKindError(
            f"{spec.module}:{spec.name} is not a {kind}: it must be {wanted(base, kind)}"
        )
    return target


def _attribute(holder: Any, name: str) -> Any:
    """Return the attribute of a module or a class, or None if either does not exist."""
    if not (inspect.ismodule(holder) or inspect.isclass(holder)):
        return None
    try:
        return getattr(holder, name, None)
    except Exception as error:  # a module may import its content only on access
        raise UsageError(f"{name} of {holder.__name__} cannot be had: {explain(error)}") from error


def _import(spec: Spec, name: str, known: Iterable[str]) -> ModuleType:
    """Import a module; if it is not found, point at the wrong part of its name."""
    first = name.partition(".")[0]
    if not _from_here and first not in sys.modules and lies_here(first) and owner(first) is None:
        raise ModuleNotThereError(spec.text, 0, _not_from_here(spec, first))
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        part = ".".join(parts[:count])
        try:
            importlib.import_module(part)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            if isinstance(error, ModuleNotFoundError) and error.name == part:
                raise _not_there(spec, parts, count - 1, known) from None
            raise UsageError(f"{part} cannot be imported: {explain(error)}") from error
    return sys.modules[name]


def _not_there(spec: Spec, parts: list[str], place: int, known: Iterable[str]) -> SpecError:
    """Return the error for a module with a part that is not found, suggesting the nearest."""
    column = spec.text.index(parts[0]) + sum(len(part) + 1 for part in parts[:place])
    if place:
        package = ".".join(parts[:place])
        inside = getattr(sys.modules[package], "__path__", None)
        if inside is None:
            message = f"{package} is a module and holds no others; a class is written {package}:"
            return ModuleNotThereError(spec.text, column, f"{message}ClassName")
        names = [one.name for one in pkgutil.iter_modules(inside)]
        nearest = did_you_mean(parts[place], names)
        message = f"the package {package} holds no module {parts[place]}.{nearest}"
        return ModuleNotThereError(spec.text, column, message)
    if _file_here(spec) is not None:
        return ModuleNotThereError(spec.text, column, _not_from_here(spec, parts[0]))
    installed = {one.name for one in pkgutil.iter_modules()} - sys.stdlib_module_names
    nearest = did_you_mean(parts[0], sorted({*known, *installed}))
    return ModuleNotThereError(
        spec.text, column, f"there is no module {parts[0]} that can be imported.{nearest}"
    )


def _not_from_here(spec: Spec, first: str) -> str:
    """Return the message for a module of the current folder, with the spec to write instead."""
    file = _file_here(spec)
    instead = f"name its file, ./{file}:{spec.name}, or " if file is not None else ""
    return (
        f"{first} lies in the current folder, from which nothing is imported by its name; "
        f"{instead}install it (pip install -e .)"
    )


def _file_here(spec: Spec) -> Path | None:
    """Return the file in the current folder that a module name stands for, or None."""
    path = Path(*(spec.module or "").split("."))
    with suppress(OSError):
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                return file
    return None
