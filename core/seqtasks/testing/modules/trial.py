"""A small model around a cell or a readout, and batches for it."""

from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.authoring.model_mistakes import ROWS, STEPS, two_batches
from seqtasks.authoring.trial_copies import CannotCopyError, copied
from seqtasks.cells import Cell, Concat, StateReadout
from seqtasks.models.model import Model
from seqtasks.randomness.torch_streams import torch_stream
from seqtasks.testing.modules.specimen import Specimen

__all__ = ["SYMBOLS", "batches", "ids", "model_of", "two_alike"]

SYMBOLS = 17


def model_of(specimen: Specimen, *sizes: int, outputs: int = 2) -> Model:
    """Return a model around a new cell or readout, with an embedding of symbols.

    Args:
        specimen: the cell, which gets a readout of its state, or the readout, which gets a cell.
        sizes: of the cell or readout; none for the sizes at which it is tried.
        outputs: the symbols to choose from; a readout has its own number.
    """
    made: Any = specimen.new(*sizes)
    with torch_stream(1, "initialisation").drawing():
        if isinstance(made, Cell):
            cell, last = made, StateReadout(made.input_size, made.output_size, outputs)
        else:
            cell, last = Concat(made.input_size, made.state_size), made
        return Model(nn.Embedding(SYMBOLS, made.input_size), cell, last)


def two_alike(specimen: Specimen, *sizes: int) -> tuple[Model, Model]:
    """Return two models with the same weights; see `model_of`."""
    model = model_of(specimen, *sizes)
    try:
        return copied(model), model
    except CannotCopyError:  # another check tells of it
        return model_of(specimen, *sizes), model


def ids(rows: int, steps: int, seed: int = 0) -> Tensor:
    """Return random ids, (rows, steps)."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(SYMBOLS, (rows, steps), generator=generator)


def batches(steps: int = STEPS) -> tuple[Tensor, Tensor]:
    """Return two batches that share one row."""
    return two_batches(ids(2 * ROWS, steps))
