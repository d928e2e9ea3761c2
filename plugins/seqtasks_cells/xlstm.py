"""The cell slstm of the xLSTM."""

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqtasks.cells import Cell
from seqtasks_cells.checks import check_choice

__all__ = ["SLSTM"]

State = tuple[Tensor, Tensor, Tensor, Tensor]


class SLSTM(Cell):
    """The LSTM with exponential gates, a normaliser n and a stabiliser m.

    z = tanh(W_z x + R_z h + b_z);  o = σ(W_o x + R_o h + b_o)
    i~ = W_i x + R_i h + b_i;  f~ = W_f x + R_f h + b_f;  log f = log σ(f~), or f~
    m' = max(log f + m, i~);  i' = exp(i~ - m');  f' = exp(log f + m - m')
    c' = f' ∘ c + i' ∘ z;  n' = f' ∘ n + i';  h' = o ∘ c' / n'

    The state is (h, c, n, m). If nothing is stored yet (n = 0), there is nothing to keep: log f
    + m is -∞ and m' = i~, so that n' is never 0.

    Source: M. Beck et al., "xLSTM: Extended Long Short-Term Memory", NeurIPS 2024; the first m' is
    taken from the code published with it. One head: R is a full matrix.

    Args:
        input_size: the features of the input.
        hidden_size: the features of each part of the state.
        forget_gate: f = σ(f~) for `sigmoid`, f = exp(f~) for `exp`; the paper allows both.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        forget_gate: Literal["sigmoid", "exp"] = "sigmoid",
    ) -> None:
        super().__init__(input_size, hidden_size)
        check_choice("forget_gate", forget_gate, ("sigmoid", "exp"))
        self.forget_gate = forget_gate
        self.from_input = nn.Linear(input_size, 4 * hidden_size)
        self.from_state = nn.Linear(hidden_size, 4 * hidden_size, bias=False)

    def initial_state(self, batch_size: int, steps: int) -> State:
        """Return zeros for h, c, n and m, each (batch, hidden size)."""
        h, c, n, m = (self.zeros(batch_size, self.hidden_size) for _ in range(4))
        return h, c, n, m

    def forward(self, x: Tensor, state: State) -> State:
        """Return the next (h, c, n, m), each (batch, hidden size)."""
        h, c, n, m = state
        z, i, f, o = (self.from_input(x) + self.from_state(h)).chunk(4, -1)
        log_f = functional.logsigmoid(f) if self.forget_gate == "sigmoid" else f
        kept = torch.where(n == 0, -math.inf, log_f + m)
        m = torch.maximum(kept, i)
        store, keep = torch.exp(i - m), torch.exp(kept - m)
        c = keep * c + store * torch.tanh(z)
        n = keep * n + store
        return torch.sigmoid(o) * c / n, c, n, m
