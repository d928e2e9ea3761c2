"""The plugin of the core itself: the built-in cells and readouts."""

from seqtasks.hookspecs import Register, hookimpl


@hookimpl
def register_cells(register: Register) -> None:
    """Register the cells of `seqtasks.cells`."""
    register("concat", "seqtasks.cells:Concat", "tanh(W [x; h] + b)")
    register("sum", "seqtasks.cells:Sum", "tanh(W (x + h) + b)")
    register("elman", "seqtasks.cells:Elman", "torch.nn.RNN's simple recurrent network")
    register("gru", "seqtasks.cells:GRU", "gated recurrent unit, torch.nn.GRU's form")
    register("gru-concat", "seqtasks.cells:GRUConcat", "gated recurrent unit over concatenations")
    register("lstm", "seqtasks.cells:LSTM", "long short-term memory, torch.nn.LSTM's form")


@hookimpl
def register_readouts(register: Register) -> None:
    """Register the readouts of `seqtasks.cells`."""
    register("concat", "seqtasks.cells:ConcatReadout", "V [x; h'] + c")
    register("sum", "seqtasks.cells:SumReadout", "V (x + h') + c")
    register("state", "seqtasks.cells:StateReadout", "V h' + c")
