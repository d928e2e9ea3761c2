"""Cells with fewer gates than a GRU or an LSTM, or with gates that see the input alone."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from seqtasks.cells import Cell

__all__ = ["MGU", "UGRNN", "MinGRU", "MinLSTM"]


class MGU(Cell):
    """The minimal gated unit.

    f = σ(W_f [h, x] + b_f);  h~ = tanh(W_h [f ∘ h, x] + b_h);  h' = (1 - f) ∘ h + f ∘ h~

    Source: G.-B. Zhou et al., "Minimal Gated Unit for Recurrent Neural Networks", International
    Journal of Automation and Computing 13(3), 2016.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.forget = nn.Linear(hidden_size + input_size, hidden_size)
        self.candidate = nn.Linear(hidden_size + input_size, hidden_size)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (batch, hidden size)."""
        f = torch.sigmoid(self.forget(torch.cat([state, x], -1)))
        candidate = torch.tanh(self.candidate(torch.cat([f * state, x], -1)))
        return (1 - f) * state + f * candidate


class UGRNN(Cell):
    """The update gate recurrent network.

    c = tanh(W_ch h + W_cx x + b_c);  g = σ(W_gh h + W_gx x + b_g);  h' = g ∘ h + (1 - g) ∘ c

    Source: J. Collins, J. Sohl-Dickstein and D. Sussillo, "Capacity and Trainability in Recurrent
    Neural Networks", ICLR 2017.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.candidate = nn.Linear(hidden_size + input_size, hidden_size)
        self.gate = nn.Linear(hidden_size + input_size, hidden_size)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (batch, hidden size)."""
        both = torch.cat([state, x], -1)
        c = torch.tanh(self.candidate(both))
        g = torch.sigmoid(self.gate(both))
        return g * state + (1 - g) * c


class MinGRU(Cell):
    """The minimal GRU, in its sequential form.

    z = σ(W_z x + b_z);  h~ = W_h x + b_h;  h' = (1 - z) ∘ h + z ∘ h~

    Both quotients are computed as σ(± (log f - log i)), for f and i may both be too small for a
    float.

    Source: L. Feng et al., "Were RNNs All We Needed?", arXiv:2410.01201, 2024. Its log-space form
    also makes h~ positive, so that it has a logarithm; this form does not.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.update = nn.Linear(input_size, hidden_size)
        self.candidate = nn.Linear(input_size, hidden_size)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (batch, hidden size)."""
        z = torch.sigmoid(self.update(x))
        return (1 - z) * state + z * self.candidate(x)


class MinLSTM(Cell):
    """The minimal LSTM, in its sequential form, with two gates that sum to 1.

    f = σ(W_f x + b_f);  i = σ(W_i x + b_i);  h~ = W_h x + b_h
    f' = f / (f + i);  i' = i / (f + i);  h' = f' ∘ h + i' ∘ h~

    Both quotients are computed as σ(± (log f - log i)), for f and i may both be too small for a
    float.

    Source: L. Feng et al., "Were RNNs All We Needed?", arXiv:2410.01201, 2024. Its log-space form
    also makes h~ positive, so that it has a logarithm; this form does not.
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size)
        self.forget = nn.Linear(input_size, hidden_size)
        self.input = nn.Linear(input_size, hidden_size)
        self.candidate = nn.Linear(input_size, hidden_size)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        """Return the next state, (batch, hidden size)."""
        lead = functional.logsigmoid(self.forget(x)) - functional.logsigmoid(self.input(x))
        return torch.sigmoid(lead) * state + torch.sigmoid(-lead) * self.candidate(x)
