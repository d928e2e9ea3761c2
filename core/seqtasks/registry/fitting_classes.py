"""Say whether a class can be a thing of a kind: by its base class, or as any torch module."""

import inspect
import sys
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.specs.grammar import Spec
from seqtasks.specs.size_parameters import SizeParameters, UnclearSizesError, size_parameters
from seqtasks.tasks import Task

__all__ = ["candidates", "fits", "is_any_module", "sizes_of", "wanted"]


def fits(target: Any, base: type, kind: str) -> bool:
    """Say whether a target is a class that can be a thing of a kind."""
    if not inspect.isclass(target):
        return False
    return (issubclass(target, base) and target is not base) or is_any_module(target, kind)


def is_any_module(target: Any, kind: str) -> bool:
    """Say whether a target is a class of torch modules that is no cell, but may act as one.

    Imports no torch: a class of torch modules exists only if torch was imported.
    """
    nn, own = sys.modules.get("torch.nn"), sys.modules.get("seqtasks.cells.base")
    if kind != "cell" or nn is None or not inspect.isclass(target):
        return False
    if not issubclass(target, nn.Module) or target is nn.Module:
        return False
    return own is None or not issubclass(target, own.Cell | own.Readout)


def candidates(held: dict[str, Any], base: type, kind: str) -> dict[str, type]:
    """Return the classes of a kind among some names.

    Torch modules count only where nothing else is a thing of seqtasks: they may be parts of it.
    """
    found = {name: value for name, value in held.items() if fits(value, base, kind)}
    own = {name: value for name, value in found.items() if issubclass(value, base)}
    return own if own or any(map(_is_of_seqtasks, held.values())) else found


def _is_of_seqtasks(value: Any) -> bool:
    readout = getattr(sys.modules.get("seqtasks.cells.base"), "Readout", Task)
    return inspect.isclass(value) and issubclass(value, Task | readout)


def wanted(base: type, kind: str) -> str:
    """Return what a class must be to be a thing of a kind."""
    also = ", or a torch.nn.Module that is called as module(x, state)" if kind == "cell" else ""
    return f"a subclass of seqtasks.{base.__name__}{also}"


def sizes_of(target: Any, spec: Spec) -> SizeParameters:
    """Return which parameters of a class of torch modules take the sizes.

    Raises:
        UsageError: if their names do not tell.
    """
    try:
        return size_parameters(target, spec.parameters)
    except UnclearSizesError as error:
        raise UsageError(f"cell {spec.text}: {error}") from None
