"""Cells with gates: the GRU in two forms, and the LSTM."""

import torch
from torch import Tensor, nn

from seqtasks.cells.base import Cell
from seqtasks.cells.haiku import begin_linear, begin_scaled
from seqtasks.cells.torch_layout import TorchLayoutCell

__all__ = ["GRU", "LSTM", "GRUConcat"]


class GRU(TorchLayoutCell):
    """The gated recurrent unit in PyTorch's form, weights interchangeable with `torch.nn.GRU`.

    r = σ(W_ir x + b_ir + W_hr h + b_hr);  z = σ(W_iz x + b_iz + W_hz h + b_hz)
    n = tanh(W_in x + b_in + r ∘ (W_hn h + b_hn));  h' = (1 - z) ∘ n + z ∘ h

    Source: K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", EMNLP 2014;
    the reset gate is applied after the product, as in torch.nn.GRU.
    """

    gates = 3

    def begin_as_haiku(self) -> None:
        """Draw the parameters as `hk.GRU` does, whose reset gate stands before the product."""
        begin_scaled(self.weight_ih_l0, self.input_size)
        begin_scaled(self.weight_hh_l0, self.hidden_size)
        self.zero_biases()

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (batch, hidden size)."""
        input_r, input_z, input_n = self.from_input(x).chunk(3, -1)
        state_r, state_z, state_n = self.from_state(state).chunk(3, -1)
        r = torch.sigmoid(input_r + state_r)
        z = torch.sigmoid(input_z + state_z)
        n = torch.tanh(input_n + r * state_n)
        return (1 - z) * n + z * state


class GRUConcat(Cell):
    """The gated recurrent unit, each gate over a concatenation.

    r = σ(W_r [x; h] + b_r);  u = σ(W_u [x; h] + b_u)
    n = tanh(W_n [x; r ∘ h] + b_n);  h' = u ∘ n + (1 - u) ∘ h

    Source: K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", EMNLP 2014,
    the reset gate is applied before the product; u is 1 - z of the form in `gru`.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.reset = nn.Linear(input_size + hidden_size, hidden_size)
        self.update = nn.Linear(input_size + hidden_size, hidden_size)
        self.candidate = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (batch, hidden size)."""
        both = torch.cat([x, state], -1)
        r = torch.sigmoid(self.reset(both))
        u = torch.sigmoid(self.update(both))
        n = torch.tanh(self.candidate(torch.cat([x, r * state], -1)))
        return u * n + (1 - u) * state


class LSTM(TorchLayoutCell):
    """The long short-term memory, weights interchangeable with `torch.nn.LSTM`.

    i, f, o = σ(W_i x + b_i + W_h h + b_h), g = tanh(...) alike;  c' = f ∘ c + i ∘ g
    h' = o ∘ tanh(c'). The state is the pair (h, c).

    Source: S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8),
    1997; the forget gate is from F. Gers et al., Neural Computation 12(10), 2000.
    """

    gates = 4

    def begin_as_haiku(self) -> None:
        """Draw the parameters as `hk.LSTM` does: one linear map of [x; h], forget gates at 1.

        Haiku adds the 1 outside its one bias, which is the same function and gradient.
        """
        for weights in (self.weight_ih_l0, self.weight_hh_l0):
            begin_linear(weights, self.input_size + self.hidden_size)
        self.zero_biases()
        self.bias_ih_l0.chunk(4)[1].fill_(1)

    def initial_state(self, batch_size: int, steps: int) -> tuple[Tensor, Tensor]:
        """Return zeros for h and c, each (batch, hidden size)."""
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.hidden_size)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return the next (h, c), each (batch, hidden size)."""
        hidden, memory = state
        i, f, g, o = (self.from_input(x) + self.from_state(hidden)).chunk(4, -1)
        memory = torch.sigmoid(f) * memory + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(memory), memory
