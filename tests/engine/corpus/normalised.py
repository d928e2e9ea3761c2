"""Cells whose pre-activations are normalised, multiplied or made by another network."""

import torch
from torch import nn
from torch.nn import functional

import seqtasks as st
from corpus.gated import TwoStates


class NormalisedLSTM(TwoStates):
    """LN of both shares of the gates and of the memory (Ba, Kiros and Hinton, 2016, eq. 20 to 22).

    The norms are written out, as public code does: mean, variance, gain and bias.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = nn.Parameter(torch.randn(input_size, 4 * hidden_size) / 2)
        self.R = nn.Parameter(torch.randn(hidden_size, 4 * hidden_size) / 3)
        self.bias = nn.Parameter(torch.zeros(4 * hidden_size))
        self.gains = nn.Parameter(torch.ones(2, 4 * hidden_size))
        self.gain_c = nn.Parameter(torch.ones(hidden_size))

    @staticmethod
    def _norm(x, gain):
        mean = x.mean(-1, keepdim=True)
        variance = ((x - mean) ** 2).mean(dim=-1, keepdim=True)
        return gain * (x - mean) / (variance + 1e-5).sqrt()

    def forward(self, x, state):
        h, c = state
        a = self._norm(x @ self.W, self.gains[0]) + self._norm(h @ self.R, self.gains[1])
        i, f, o, g = (a + self.bias).split(self.hidden_size, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(self._norm(c, self.gain_c)), c


class HyperLSTM(st.Cell):
    """A small LSTM scales each gate of a large one (Ha, Dai and Le, 2017, eq. 10 to 12)."""

    def __init__(self, input_size, hidden_size, small=3):
        super().__init__(input_size, hidden_size)
        self.small = small
        self.hyper = nn.LSTMCell(input_size + hidden_size, small)
        self.z_h = nn.Linear(small, 4 * 2)
        self.z_x = nn.Linear(small, 4 * 2)
        self.d_h = nn.ModuleList(nn.Linear(2, hidden_size, bias=False) for _ in range(4))
        self.d_x = nn.ModuleList(nn.Linear(2, hidden_size, bias=False) for _ in range(4))
        self.w_h = nn.ParameterList(torch.randn(hidden_size, hidden_size) / 3 for _ in range(4))
        self.w_x = nn.ParameterList(torch.randn(hidden_size, input_size) / 2 for _ in range(4))
        self.norms = nn.ModuleList(nn.LayerNorm(hidden_size) for _ in range(4))

    def initial_state(self, batch_size, steps):
        wide = self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.hidden_size)
        return *wide, self.zeros(batch_size, self.small), self.zeros(batch_size, self.small)

    def forward(self, x, state):
        h, c, small_h, small_c = state
        small_h, small_c = self.hyper(torch.cat((h, x), dim=-1), (small_h, small_c))
        z_h = self.z_h(small_h).chunk(4, dim=-1)
        z_x = self.z_x(small_h).chunk(4, dim=-1)
        gates = []
        for k in range(4):
            y = self.d_h[k](z_h[k]) * torch.einsum("ij,bj->bi", self.w_h[k], h)
            y = y + self.d_x[k](z_x[k]) * torch.einsum("ij,bj->bi", self.w_x[k], x)
            gates.append(self.norms[k](y))
        i, f, g, o = gates
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c, small_h, small_c


class Mogrifier(TwoStates):
    """x and h gate each other before an LSTM (Melis, Kočiský and Blunsom, 2020, eq. 1 and 2)."""

    def __init__(self, input_size, hidden_size, rounds=4):
        super().__init__(input_size, hidden_size)
        self.rounds = rounds
        self.Q = nn.Linear(hidden_size, input_size, bias=False)
        self.R = nn.Linear(input_size, hidden_size, bias=False)
        self.lstm = nn.LSTMCell(input_size, hidden_size)

    def forward(self, x, state):
        h, c = state
        for k in range(1, self.rounds + 1):
            if k % 2:
                x = 2 * torch.sigmoid(self.Q(h)) * x
            else:
                h = 2 * torch.sigmoid(self.R(x)) * h
        return self.lstm(x, (h, c))


class MultiplicativeLSTM(TwoStates):
    """m = (W_mx x) ∘ (W_mh h) takes the place of h (Krause et al., 2016, eq. 13 to 17)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.mx = nn.Linear(input_size, hidden_size, bias=False)
        self.mh = nn.Linear(hidden_size, hidden_size, bias=False)
        self.x = nn.Linear(input_size, 4 * hidden_size)
        self.m = nn.Linear(hidden_size, 4 * hidden_size, bias=False)

    def forward(self, x, state):
        h, c = state
        gates = self.x(x)
        gates += self.m(self.mx(x) * self.mh(h))
        candidate, i, f, o = gates.chunk(4, dim=1)
        c = c * f.sigmoid() + candidate * i.sigmoid()
        return torch.tanh(c * torch.sigmoid(o)), c


class WeightNormRNN(st.Cell):
    """W = g v / |v| by row (Salimans and Kingma, 2016, eq. 2), by torch's parametrization."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = nn.Linear(input_size, hidden_size)
        linear = nn.Linear(hidden_size, hidden_size, bias=False)
        self.R = nn.utils.parametrizations.weight_norm(linear)

    def forward(self, x, h):
        return torch.tanh(self.W(x) + self.R(h))


class RecurrentHighway(st.Cell):
    """s' = h ∘ t + s ∘ (1 - t) a few times a step (Zilly et al., 2017, eq. 6 to 8)."""

    def __init__(self, input_size, hidden_size, depth=3):
        super().__init__(input_size, hidden_size)
        self.W = nn.Linear(input_size, 2 * hidden_size, bias=False)
        self.R = nn.ModuleList(nn.Linear(hidden_size, 2 * hidden_size) for _ in range(depth))

    def forward(self, x, s):
        for level, R in enumerate(self.R):
            both = R(s) + self.W(x) if level == 0 else R(s)
            h = both[:, : self.hidden_size].tanh()
            t = functional.sigmoid(both[:, self.hidden_size :])
            s = h * t + s * (1 - t)
        return s


CELLS = [
    NormalisedLSTM,
    HyperLSTM,
    Mogrifier,
    MultiplicativeLSTM,
    WeightNormRNN,
    RecurrentHighway,
]
