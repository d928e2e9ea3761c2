"""Refuse modules that are no cells, by name where the right one is known."""

import inspect
import sys
from typing import Any

from torch import nn

__all__ = ["NotACellError", "cell_of", "reads_sequences", "refuse_layers"]


class NotACellError(Exception):
    """A module cannot be called as a cell; the message says why."""


def refuse_layers(kind: type) -> None:
    """Refuse a layer of torch for whole sequences.

    Raises:
        NotACellError: naming the cell to take.
    """
    if issubclass(kind, nn.RNNBase):
        raise reads_sequences(kind)


def reads_sequences(kind: type) -> NotACellError:
    """Return the error for a layer that reads the two axes of its input as one sequence."""
    cell = cell_of(kind)
    instead = (
        f"take the cell, {cell}"
        if cell
        else "take the cell of one step that it repeats, or wrap it with a scan"
    )
    return NotACellError(
        "it is a layer that reads an input of two axes as one sequence, not as a batch of single "
        f"steps: {instead}"
    )


def cell_of(kind: type) -> str | None:
    """Return the name of the cell that belongs to a layer, such as torch.nn.GRUCell."""
    for base in kind.__mro__:
        places = base.__module__.split(".")
        for count in range(1, len(places) + 1):
            home = ".".join(places[:count])
            found: Any = getattr(sys.modules.get(home), f"{base.__name__}Cell", None)
            if inspect.isclass(found) and issubclass(found, nn.Module):
                return f"{home}.{found.__name__}"
    return None
