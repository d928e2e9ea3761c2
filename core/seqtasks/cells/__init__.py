"""One step of a cell, as its paper prints it, and the loop that defines a run.

    base                   `Cell` and `Readout`: the two functions of a recurrent network
    elman, gated           the built-in cells
    readouts               the built-in readouts
    torch_layout           parameters named and laid out as torch's layers have them
    haiku                  first weights of a cell's layers, as the library Haiku draws them
    any_module             any torch module that makes one step, taken as a cell
    state_tree             a state that is nested, apart and together
    copied_module          a copy, also of parts that torch copies otherwise
    step_calls             a cell's methods, called with the arguments that they name
    spectral_norms         the power iterations of spectral norms, once a forward pass
    plain_loop, padding    the loop over time: the definition of every result

Faster ways to compute the same are in `engine`.
"""

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
