"""Name and lay out parameters as torch's recurrent layers do, so weights can be exchanged."""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqtasks.cells.base import Cell

__all__ = ["TorchLayoutCell"]


class TorchLayoutCell(Cell):
    """A cell with the parameters and parameter names of `nn.RNN`, `nn.GRU` or `nn.LSTM`.

    `cell.load_state_dict(layer.state_dict())` works, and so does the reverse.
    """

    gates: ClassVar[int]

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        rows = self.gates * hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(rows, input_size))
        self.weight_hh_l0 = nn.Parameter(torch.empty(rows, hidden_size))
        self.bias_ih_l0 = nn.Parameter(torch.empty(rows))
        self.bias_hh_l0 = nn.Parameter(torch.empty(rows))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw each parameter uniformly within 1/sqrt(hidden size) of 0, as torch does."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def zero_biases(self) -> None:
        """Set the biases to zero, in place."""
        with torch.no_grad():
            self.bias_ih_l0.zero_()
            self.bias_hh_l0.zero_()

    def from_input(self, x: Tensor) -> Tensor:
        """Return the input's part of every gate, (batch, gates * hidden size)."""
        return functional.linear(x, self.weight_ih_l0, self.bias_ih_l0)

    def from_state(self, hidden: Tensor) -> Tensor:
        """Return the state's part of every gate, (batch, gates * hidden size)."""
        return functional.linear(hidden, self.weight_hh_l0, self.bias_hh_l0)
