"""Simple recurrent networks of rectified linear units that start, or stay, near the identity."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqtasks import UsageError
from seqtasks.cells import Cell
from seqtasks_cells.checks import check_choice

__all__ = ["IRNN", "IndRNN"]


class IRNN(Cell):
    """Rectified linear units whose recurrent matrix starts as the identity, or a multiple of it.

    h' = relu(W x + R h + b);  initially R = scale I, b = 0, and W is drawn from N(0, 0.001²)

    Source: Q. V. Le, N. Jaitly and G. E. Hinton, "A Simple Way to Initialize Recurrent Networks of
    Rectified Linear Units", arXiv:1504.00941, 2015.

    Args:
        input_size: the features of the input.
        hidden_size: the features of the state.
        scale: the factor of the identity; the paper takes less than 1 where the distant past
            matters less.
    """

    def __init__(self, input_size: int, hidden_size: int, scale: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)
        if not 0 < scale <= 1:
            raise UsageError(f"scale must be above 0 and at most 1, got {scale}")
        self.from_input = nn.Linear(input_size, hidden_size)
        self.from_state = nn.Linear(hidden_size, hidden_size, bias=False)
        nn.init.normal_(self.from_input.weight, std=0.001)
        nn.init.zeros_(self.from_input.bias)
        with torch.no_grad():
            self.from_state.weight.copy_(scale * torch.eye(hidden_size))

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (batch, hidden size)."""
        return functional.relu(self.from_input(x) + self.from_state(state))


class IndRNN(Cell):
    """Units that each see only the input and their own past.

    h' = φ(W x + u ∘ h + b);  initially u is drawn uniformly from [0, 1]

    Source: S. Li et al., "Independently Recurrent Neural Network (IndRNN): Building A Longer and
    Deeper RNN", CVPR 2018. The paper draws u from [0, 2^(1/T)] for sequences of T steps and keeps
    it within such a bound. [0, 1] is that interval's limit for long sequences; here u is unbounded.

    Args:
        input_size: the features of the input.
        hidden_size: the features of the state.
        nonlinearity: φ, `relu` or `tanh`.
    """

    def __init__(
        self, input_size: int, hidden_size: int, nonlinearity: Literal["relu", "tanh"] = "relu"
    ) -> None:
        super().__init__(input_size, hidden_size)
        check_choice("nonlinearity", nonlinearity, ("relu", "tanh"))
        self.nonlinearity = nonlinearity
        self.from_input = nn.Linear(input_size, hidden_size)
        self.u = nn.Parameter(torch.rand(hidden_size))

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (batch, hidden size)."""
        activation = functional.relu if self.nonlinearity == "relu" else torch.tanh
        return activation(self.from_input(x) + self.u * state)
