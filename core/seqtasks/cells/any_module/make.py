"""Take a torch module of any convention as a cell."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from seqtasks.cells.any_module.convention import Convention
from seqtasks.cells.any_module.module_cell import ModuleCell
from seqtasks.cells.any_module.refusal import NotACellError
from seqtasks.cells.any_module.understand import understand
from seqtasks.cells.base import Readout
from seqtasks.errors import explain
from seqtasks.randomness.torch_streams import torch_stream

__all__ = ["module_cell"]

_TRIED = ((5, 7), (16, 24))
"""Sizes that differ, so that a trial tells the input, the state and the output apart."""


def module_cell(
    module: nn.Module,
    make: Callable[[int, int], nn.Module],
    input_size: int,
    hidden_size: int,
) -> ModuleCell:
    """Return a module as a cell.

    Args:
        module: the module, of these sizes.
        make: makes such a module of other sizes, to be tried.
        input_size: the features of x.
        hidden_size: the hidden size that it was made with.

    Raises:
        NotACellError: if it cannot be called as a cell, or two readings of it are possible.
    """
    if isinstance(module, Readout):
        raise NotACellError("it is a readout")
    hint = _of_other_sizes(make)
    try:
        about = understand(module, input_size, hidden_size, hint)
    except NotACellError:
        raise
    except Exception as error:  # such as a module that cannot be copied
        raise NotACellError(f"it cannot be tried as a cell: {explain(error)}") from error
    made = ModuleCell(module, about, input_size, hidden_size)
    if any(map(is_lazy, module.parameters())):
        with torch.no_grad():
            made(torch.zeros(2, input_size), made.initial_state(2, 1))
    return made


def _of_other_sizes(make: Callable[[int, int], nn.Module]) -> Convention | None:
    """Return the convention of such a module of different sizes, if it can have them."""
    for sizes in _TRIED:
        try:
            with torch_stream(0, "trial").drawing():
                other = make(*sizes)
        except Exception:  # heads may have to divide a size, or both be equal
            continue
        try:
            return understand(other, *sizes)
        except Exception:  # the module of the right sizes tells why
            return None
    return None
