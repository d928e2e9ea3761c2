"""Rates and spikes."""

import torch
from torch import nn

import seqtasks as st
from corpus.gated import TwoStates


class RateNetwork(TwoStates):
    """r' = relu(v'), v' = (1 - α) v + α (W⁺ D r + U x + b) under Dale's law.

    Song et al., 2016, eq. 8, 9.

    The noise is left out.
    """

    def __init__(self, input_size, hidden_size, tau=5.0):
        super().__init__(input_size, hidden_size)
        self.alpha = 1 / tau
        self.W = nn.Parameter(torch.randn(hidden_size, hidden_size) / 3)
        self.U = nn.Linear(input_size, hidden_size)
        signs = torch.ones(hidden_size)
        signs[-(hidden_size // 4) :] = -1
        self.register_buffer("dale", torch.diag(signs))
        self.register_buffer("others", 1 - torch.eye(hidden_size))

    def forward(self, x, state):
        r, v = state
        W = self.dale @ (torch.abs(self.W) * self.others)
        v = v * (1 - self.alpha)
        v += self.alpha * (torch.matmul(r, W) + self.U(x))
        return torch.relu(v), v


class LowRankRNN(st.Cell):
    """h' = h + α (-h + m nᵀ tanh(h) / N + U x) (Mastrogiuseppe and Ostojic, 2018, eq. 1 and 2)."""

    def __init__(self, input_size, hidden_size, rank=2):
        super().__init__(input_size, hidden_size)
        self.m = nn.Parameter(torch.randn(hidden_size, rank))
        self.n = nn.Parameter(torch.randn(hidden_size, rank))
        self.U = nn.Linear(input_size, hidden_size, bias=False)

    def forward(self, x, h):
        moved = h.tanh().matmul(self.n).matmul(self.m.t()) / self.hidden_size
        return h + 0.3 * (-h + moved + self.U(x))


class LeakyIntegrateAndFire(TwoStates):
    """v' = β v + W x + R s - ϑ s, s' = Θ(v' - ϑ), with a gradient of one's own.

    Neftci, 2019, eq. 5, 6.

    The surrogate is written by `detach`: forward the spike, backward a fast sigmoid.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = nn.Linear(input_size, hidden_size)
        self.R = nn.Linear(hidden_size, hidden_size, bias=False)
        self.beta = nn.Parameter(torch.rand(hidden_size))

    def forward(self, x, state):
        spikes, v = state
        v = self.beta.clamp(0, 1) * v + self.W(x) + self.R(spikes) - spikes.detach()
        over = v - 1.0
        soft = over / (1 + over.abs())
        return soft + ((over > 0).to(v.dtype) - soft).detach(), v


class PiecewiseLinearRNN(st.Cell):
    """z' = A z + W relu(z) + C x + h, A diagonal (Durstewitz, 2017, eq. 1)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.A = nn.Parameter(torch.rand(hidden_size))
        self.W = nn.Parameter(torch.randn(hidden_size, hidden_size) / 4)
        self.C = nn.Linear(input_size, hidden_size)

    def forward(self, x, z):
        off_diagonal = self.W - torch.diag(torch.diagonal(self.W))
        return self.A * z + torch.relu(z) @ off_diagonal.t() + self.C(x)


CELLS = [RateNetwork, LowRankRNN, LeakyIntegrateAndFire, PiecewiseLinearRNN]
