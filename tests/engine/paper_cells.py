"""Cells that the engine was not written for, as their papers print them."""

import torch
from torch import nn
from torch.nn import functional

import seqtasks as st


class MinimalGatedUnit(st.Cell):
    """f = σ(W_f [h, x] + b_f); h~ = tanh(W_h [f ∘ h, x] + b_h); h' = (1 - f) ∘ h + f ∘ h~

    Zhou et al., 2016.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W_f = nn.Linear(hidden_size + input_size, hidden_size)
        self.W_h = nn.Linear(hidden_size + input_size, hidden_size)

    def forward(self, x, h):
        f = torch.sigmoid(self.W_f(torch.cat([h, x], 1)))
        candidate = torch.tanh(self.W_h(torch.cat([f * h, x], 1)))
        return (1 - f) * h + f * candidate


class PeepholeLSTM(st.Cell):
    """Gates that see the memory: i and f the one before, o the one after.

    Gers, Schraudolph and Schmidhuber, 2002.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = nn.Linear(input_size, 4 * hidden_size)
        self.R = nn.Linear(hidden_size, 4 * hidden_size, bias=False)
        self.p_i, self.p_f, self.p_o = (
            nn.Parameter(torch.randn(hidden_size) / 4) for _ in range(3)
        )

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.hidden_size)

    def forward(self, x, state):
        y, c = state
        z, i, f, o = (self.W(x) + self.R(y)).chunk(4, dim=1)
        i = torch.sigmoid(i + self.p_i * c)
        f = torch.sigmoid(f + self.p_f * c)
        c = f * c + i * torch.tanh(z)
        o = torch.sigmoid(o + self.p_o * c)
        return o * torch.tanh(c), c


class LayerNormLSTM(st.Cell):
    """LN(W_x x) + LN(W_h h) + b for the gates, and LN(c') in the output (Ba et al., 2016)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W_x = nn.Linear(input_size, 4 * hidden_size, bias=False)
        self.W_h = nn.Linear(hidden_size, 4 * hidden_size, bias=False)
        self.b = nn.Parameter(torch.randn(4 * hidden_size) / 4)
        self.norm_x = nn.LayerNorm(4 * hidden_size)
        self.norm_h = nn.LayerNorm(4 * hidden_size)
        self.norm_c = nn.LayerNorm(hidden_size)

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.hidden_size)

    def forward(self, x, state):
        h, c = state
        f, i, o, g = (self.norm_x(self.W_x(x)) + self.norm_h(self.W_h(h)) + self.b).chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * self.norm_c(c).tanh(), c


class LayerNormGRU(st.Cell):
    """LN(W_h h) + LN(W_x x) for the gates, LN(W x) + r ∘ LN(U h) inside (Ba et al., 2016)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.gates_x = nn.Sequential(
            nn.Linear(input_size, 2 * hidden_size, bias=False), nn.LayerNorm(2 * hidden_size)
        )
        self.gates_h = nn.Sequential(
            nn.Linear(hidden_size, 2 * hidden_size, bias=False), nn.LayerNorm(2 * hidden_size)
        )
        self.inner_x = nn.Sequential(
            nn.Linear(input_size, hidden_size, bias=False), nn.LayerNorm(hidden_size)
        )
        self.inner_h = nn.Sequential(
            nn.Linear(hidden_size, hidden_size, bias=False), nn.LayerNorm(hidden_size)
        )

    def forward(self, x, h):
        z, r = torch.sigmoid(self.gates_h(h) + self.gates_x(x)).split(self.hidden_size, dim=-1)
        candidate = torch.tanh(self.inner_x(x) + r * self.inner_h(h))
        return (1 - z) * h + z * candidate


class TwoMatrices(st.Cell):
    """h' = tanh(V relu(W [x; h] + b) + c): a deep transition, Pascanu et al., 2014."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = nn.Linear(input_size + hidden_size, 2 * hidden_size)
        self.V = nn.Linear(2 * hidden_size, hidden_size)

    def forward(self, x, h):
        return torch.tanh(self.V(functional.relu(self.W(torch.cat((x, h), dim=-1)))))


class TwoLayers(st.Cell):
    """Two simple recurrent layers in one cell: the second one reads the first one's new state."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.first = nn.RNNCell(input_size, hidden_size)
        self.second = nn.GRUCell(hidden_size, hidden_size)

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.hidden_size)

    def forward(self, x, state):
        below = self.first(x, state[0])
        return below, self.second(below, state[1])

    def output(self, x, state):
        return state[1]


class ThreeStates(st.Cell):
    """A hidden state, a matrix of fast weights and a running mean; the output reads all three.

    The matrix: Ba et al., "Using Fast Weights to Attend to the Recent Past", 2016.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = nn.Linear(input_size, hidden_size)
        self.R = nn.Linear(hidden_size, hidden_size, bias=False)
        self.decay = nn.Parameter(torch.tensor(0.5))

    def initial_state(self, batch_size, steps):
        size = self.hidden_size
        mean = self.zeros(batch_size, size)
        return self.zeros(batch_size, size), self.zeros(batch_size, size, size), mean

    def forward(self, x, state):
        h, fast, mean = state
        h = torch.tanh(self.W(x) + self.R(h) + torch.bmm(fast, h.unsqueeze(-1)).squeeze(-1))
        outer = h.unsqueeze(2) * h.unsqueeze(1)
        return h, 0.5 * fast + 0.1 * outer, torch.lerp(h, mean, torch.sigmoid(self.decay))

    def output(self, x, state):
        h, fast, mean = state
        return h + mean + torch.einsum("bij,bj->bi", fast, mean)


class ScalarMemoryLSTM(st.Cell):
    """The sLSTM before it is stabilised; the state is (h, c, n), n what c is measured by.

    Beck et al., "xLSTM: Extended Long Short-Term Memory", 2024, section 2.2.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = nn.Linear(input_size, 4 * hidden_size)
        self.R = nn.Linear(hidden_size, 4 * hidden_size, bias=False)

    def initial_state(self, batch_size, steps):
        return tuple(self.zeros(batch_size, self.hidden_size) for _ in range(3))

    def forward(self, x, state):
        h, c, n = state
        z, i, f, o = (self.W(x) + self.R(h)).chunk(4, -1)
        i, f = torch.exp(i), torch.sigmoid(f)
        c, n = f * c + i * torch.tanh(z), f * n + i
        return torch.sigmoid(o) * c / n, c, n

    def output(self, x, state):
        return state[0]


PAPER_CELLS = [
    MinimalGatedUnit,
    PeepholeLSTM,
    LayerNormLSTM,
    LayerNormGRU,
    TwoMatrices,
    TwoLayers,
    ThreeStates,
    ScalarMemoryLSTM,
]
