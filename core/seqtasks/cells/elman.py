"""Cells with one tanh: the concatenated, the summed and PyTorch's simple recurrent network."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqtasks.cells.base import Cell
from seqtasks.cells.haiku import begin_linear
from seqtasks.cells.torch_layout import TorchLayoutCell
from seqtasks.errors import UsageError

__all__ = ["Concat", "Elman", "Sum"]


class Concat(Cell):
    """h' = tanh(W [x; h] + b), the simple recurrent network over a concatenation.

    Source: J. L. Elman, "Finding Structure in Time", Cognitive Science 14(2), 1990.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (batch, hidden size)."""
        return torch.tanh(self.linear(torch.cat([x, state], -1)))


class Sum(Cell):
    """h' = tanh(W (x + h) + b), with one matrix for both input and state.

    Input and state are added, so their sizes must be equal.

    Source: our own.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        if input_size != hidden_size:
            raise UsageError(
                f"the cell 'sum' adds input and state, so the embedding size ({input_size}) and "
                f"the hidden size ({hidden_size}) must be equal; 'concat' takes different ones"
            )
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(hidden_size, hidden_size)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (batch, hidden size)."""
        return torch.tanh(self.linear(x + state))


class Elman(TorchLayoutCell):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), weights interchangeable with `torch.nn.RNN`.

    Source: J. L. Elman, "Finding Structure in Time", Cognitive Science 14(2), 1990; the form with
    two biases comes from torch.nn.RNN.
    """

    gates = 1

    def __init__(
        self, input_size: int, hidden_size: int, nonlinearity: Literal["tanh", "relu"] = "tanh"
    ) -> None:
        super().__init__(input_size, hidden_size)
        if nonlinearity not in ("tanh", "relu"):
            raise UsageError(f"nonlinearity must be tanh or relu, got {nonlinearity!r}")
        self.nonlinearity = nonlinearity

    def begin_as_haiku(self) -> None:
        """Draw the parameters as `hk.VanillaRNN` does, which is two linear maps with biases."""
        begin_linear(self.weight_ih_l0, self.input_size)
        begin_linear(self.weight_hh_l0, self.hidden_size)
        self.zero_biases()

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (batch, hidden size)."""
        activation = functional.relu if self.nonlinearity == "relu" else torch.tanh
        return activation(self.from_input(x) + self.from_state(state))
