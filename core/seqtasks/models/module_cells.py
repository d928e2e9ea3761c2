"""Make a torch module that is no `Cell` with the sizes of a cell, and take it as a cell."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import nn

from seqtasks.cells import Cell
from seqtasks.cells.any_module import NotACellError, module_cell, refuse_layers
from seqtasks.errors import NotMadeError, UsageError, one_line
from seqtasks.specs.size_parameters import SizeParameters, UnclearSizesError, size_parameters

__all__ = ["as_cell", "cell_of_module"]

_NOTHING: Mapping[str, Any] = {}


def cell_of_module(
    kind: type[nn.Module],
    name: str,
    input_size: int,
    hidden_size: int,
    sizes: SizeParameters | None = None,
    parameters: Mapping[str, Any] = _NOTHING,
) -> Cell:
    """Make a module and return it as a cell.

    Args:
        kind: the module's class.
        name: its name in messages.
        input_size: the features of x.
        hidden_size: the hidden size.
        sizes: which parameters take the sizes; None to find them by their names.
        parameters: the values of other parameters.

    Raises:
        UsageError: if it cannot be made, or cannot be called as a cell.
    """
    try:
        refuse_layers(kind)
        sizes = size_parameters(kind) if sizes is None else sizes
    except (NotACellError, UnclearSizesError) as error:
        raise UsageError(f"cell {name}: {error}") from None
    if sizes.is_one and input_size != hidden_size:
        raise UsageError(
            f"cell {name} takes one size for input and state, {sizes.input}, and its input has "
            f"{input_size} features where the hidden size is {hidden_size}: make them equal"
        )
    make = partial(_made, kind, sizes, parameters)
    try:
        module = make(input_size, hidden_size)
    except UsageError:
        raise
    except Exception as error:
        raise NotMadeError(f"cell {name} cannot be made: {one_line(error)}") from error
    return as_cell(module, make, name, input_size, hidden_size)


def _made(
    kind: type[nn.Module],
    sizes: SizeParameters,
    parameters: Mapping[str, Any],
    input_size: int,
    hidden_size: int,
) -> nn.Module:
    by_place, by_name = sizes.arguments(input_size, hidden_size)
    return kind(*by_place, **by_name, **parameters)


def as_cell(
    module: nn.Module, make: Callable[[int, int], Any], name: str, input_size: int, hidden_size: int
) -> Cell:
    """Return a module as a cell.

    Args:
        module: the module.
        make: makes such a module of other sizes.
        name: the module's name in messages.
        input_size: the features of x.
        hidden_size: the hidden size.

    Raises:
        UsageError: if it cannot be called as a cell.
    """
    try:
        refuse_layers(type(module))
        return module_cell(module, make, input_size, hidden_size)
    except NotACellError as error:
        raise UsageError(f"cell {name}: {error}") from None
