"""Cells and readouts: the base classes and the built-in ones."""

from seqtasks.cells.base import Cell, Readout, State
from seqtasks.cells.elman import Concat, Elman, Sum
from seqtasks.cells.gated import GRU, LSTM, GRUConcat
from seqtasks.cells.haiku import begin_linear
from seqtasks.cells.readouts import ConcatReadout, StateReadout, SumReadout

__all__ = [
    "GRU",
    "LSTM",
    "Cell",
    "Concat",
    "ConcatReadout",
    "Elman",
    "GRUConcat",
    "Readout",
    "State",
    "StateReadout",
    "Sum",
    "SumReadout",
    "begin_linear",
]
