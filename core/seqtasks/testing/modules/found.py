"""From a name, a class or an object to a cell or a readout under test."""

import copy
import inspect
from contextlib import suppress
from typing import Any, Literal

from torch import nn

from seqtasks.cells import Cell, Readout
from seqtasks.errors import UsageError, explain
from seqtasks.models.build import CELL_SIZES, READOUT_SIZES, cell, readout
from seqtasks.registry.find import find
from seqtasks.registry.fitting_classes import is_any_module
from seqtasks.specs.bind import ANY_VALUE
from seqtasks.specs.size_parameters import UnclearSizesError, size_parameters
from seqtasks.testing.modules.specimen import Specimen

__all__ = ["ModuleKind", "kind_of", "specimen_of"]

ModuleKind = Literal["cell", "readout"]
_BASES: dict[ModuleKind, type] = {"cell": Cell, "readout": Readout}
_SIZES: dict[ModuleKind, tuple[str, ...]] = {"cell": CELL_SIZES, "readout": READOUT_SIZES}


def kind_of(thing: Any) -> ModuleKind | None:
    """Return what a class or an object can be checked as, or None; not a name."""
    if isinstance(thing, Specimen):
        return thing.kind
    cls = thing if inspect.isclass(thing) else type(thing)
    if issubclass(cls, Readout):
        return "readout"
    is_class_of_modules = inspect.isclass(thing) and issubclass(cls, nn.Module)
    return "cell" if issubclass(cls, Cell) or is_class_of_modules else None


def specimen_of(kind: ModuleKind, thing: Any) -> Specimen:
    """Return a cell or a readout under test.

    Args:
        kind: the kind.
        thing: a spec string, a class, a function that makes it from its sizes, or an object, of
            which each trial gets a deep copy.

    Raises:
        UsageError: if there is no such thing, or it is of another kind.
    """
    if isinstance(thing, Specimen):
        return thing
    base = _BASES[kind]
    if isinstance(thing, str):
        found = find(kind, thing, base, _SIZES[kind])
        names = _SIZES[kind] if found.sizes is None else found.sizes.names
        untyped = str if found.sizes is None else ANY_VALUE
        return Specimen(
            kind, thing, found.target, _maker(kind, thing), names, found.parameters, untyped
        )
    name = getattr(thing, "__name__", type(thing).__name__)
    if isinstance(thing, base):
        return Specimen(
            kind, name, type(thing), _copier(kind, thing), _SIZES[kind], {}, is_made=True
        )
    if isinstance(thing, nn.Module) or not callable(thing):
        raise UsageError(
            f"check_{kind} tries a {kind}: a name such as 'concat', a class, or an object of a "
            f"subclass of seqtasks.{base.__name__}, not an object of type {name}"
        )
    if not is_any_module(thing, kind):
        return Specimen(kind, name, thing, _maker(kind, thing), _SIZES[kind], {})
    names: tuple[str, ...] = ()
    with suppress(UnclearSizesError):  # making one tells of it
        names = size_parameters(thing).names
    return Specimen(kind, name, thing, _maker(kind, thing), names, {}, ANY_VALUE)


def _maker(kind: ModuleKind, thing: Any) -> Any:
    """Return the function that makes a cell or a readout from its sizes."""
    make: Any = cell if kind == "cell" else readout
    return lambda *sizes: make(thing, *sizes)


def _copier(kind: ModuleKind, thing: Any) -> Any:
    """Return the function that copies a cell or a readout, whatever sizes it is asked for."""

    def copied(*sizes: int) -> Any:
        try:
            return copy.deepcopy(thing)
        except Exception as error:
            raise UsageError(
                f"the {kind} cannot be copied for a trial: {explain(error)}; check its class"
            ) from error

    return copied
