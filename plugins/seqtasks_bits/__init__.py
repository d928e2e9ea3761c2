"""Tasks on strings of bits, and the experiments of the notebook that seqtasks grew from.

    bits                       the alphabet, the generator and the enumeration that the tasks share
    bitflip, bitshift, parity  a task each
    torch_cells                torch's own recurrent modules, as cells for comparison

The experiments are JSON files in `experiments`.
"""

from seqtasks import Register, hookimpl

_NOTEBOOK = {
    "notebook-bitflip": "bit flip, tanh(W [x; h] + b) of 3",
    "notebook-bitshift-concat": "bit shift right by 4, tanh(W [x; h] + b) of 3",
    "notebook-bitshift-gru3": "bit shift right by 4, a written-out GRU of 3",
    "notebook-bitshift-gru10": "bit shift right by 4, a written-out GRU of 10",
    "notebook-bitshift-grucell10": "bit shift right by 4, torch.nn.GRUCell in the loop",
    "notebook-bitshift-nngru10": "bit shift right by 4, torch.nn.GRU",
}


@hookimpl
def register_tasks(register: Register) -> None:
    """Register the tasks of this package."""
    register("bitflip", "seqtasks_bits.bitflip:BitFlip", "invert every bit")
    register("bitshift", "seqtasks_bits.bitshift:BitShift", "shift a number's bits, zeros come in")
    register("parity", "seqtasks_bits.parity:Parity", "running parity of the bits so far")


@hookimpl
def register_cells(register: Register) -> None:
    """Register torch's own modules as cells."""
    register("nn-gru-cell", "seqtasks_bits.torch_cells:NNGRUCell", "torch.nn.GRUCell in the loop")
    register("nn-gru", "seqtasks_bits.torch_cells:NNGRU", "torch.nn.GRU over the whole sequence")


@hookimpl
def register_experiments(register: Register) -> None:
    """Register the notebook's experiments."""
    for name, summary in _NOTEBOOK.items():
        register(name, f"seqtasks_bits:experiments/{name}.json", summary)
