"""Recurrent cells of the literature, each written as its paper prints it.

    checks     check the values of a cell's parameters
    gated      cells with fewer gates than a GRU or an LSTM, or whose gates see only the input
    linear     cells that are linear in their state
    memory     controllers with a stack or a tape
    rectified  networks of rectified linear units
    xlstm      the cell slstm

This module only registers names; seqtasks imports a file at the first use of its name.
"""

from seqtasks import Register, hookimpl

_CELLS = {
    "stack-rnn": ("memory:StackRNN", "a controller with a stack it pushes to and pops from"),
    "tape-rnn": ("memory:TapeRNN", "a controller with a tape it writes on and moves along"),
    "mgu": ("gated:MGU", "one gate both forgets and updates"),
    "ugrnn": ("gated:UGRNN", "one gate between the old state and a new one"),
    "min-gru": ("gated:MinGRU", "a GRU whose gate and candidate see the input alone"),
    "min-lstm": ("gated:MinLSTM", "an LSTM whose gates and candidate see the input alone"),
    "slstm": ("xlstm:SLSTM", "an LSTM with exponential gates, normalised and stabilised"),
    "irnn": ("rectified:IRNN", "ReLU units that start from the identity matrix"),
    "ind-rnn": ("rectified:IndRNN", "ReLU units that each see only themselves"),
    "lru": ("linear:LRU", "complex diagonal linear recurrence"),
    "delta-net": ("linear:DeltaNet", "a matrix of values by keys, corrected by the delta rule"),
}


@hookimpl
def register_cells(register: Register) -> None:
    """Register the cells of this package."""
    for name, (place, summary) in _CELLS.items():
        register(name, f"seqtasks_cells.{place}", summary)
