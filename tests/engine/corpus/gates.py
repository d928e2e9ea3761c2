"""More gated cells: fewer gates, more paths, states of images, trees and missing values."""

import math

import torch
from torch import nn
from torch.nn import functional

import seqtasks as st
from corpus.gated import TwoStates


class ChaosFree(st.Cell):
    """h' = θ ∘ tanh(h) + η ∘ tanh(W x) (Laurent and von Brecht, 2016, eq. 8 to 10)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size, hidden_size, bias=False)
        self.theta, self.eta = (nn.Linear(input_size + hidden_size, hidden_size) for _ in range(2))

    def forward(self, x, h):
        both = torch.hstack((x, h))
        theta, eta = torch.sigmoid(self.theta(both)), torch.sigmoid(self.eta(both))
        return theta * torch.tanh(h) + eta * torch.tanh(self.enter(x))


class MinimalRNN(st.Cell):
    """h' = u h + (1 - u) z, z from the input alone (Chen, 2017, eq. 1 to 3)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.phi = nn.Sequential(nn.Linear(input_size, hidden_size), nn.Tanh())
        self.U = nn.Linear(2 * hidden_size, hidden_size)

    def forward(self, x, h):
        z = self.phi(x)
        u = torch.sigmoid(self.U(torch.cat((h, z), -1)))
        return torch.lerp(z, h, u)


class IntersectionRNN(st.Cell):
    """Two gates mix depth and time (Collins, Sohl-Dickstein and Sussillo, 2016, eq. 12 to 17)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size, hidden_size)
        self.all = nn.Linear(2 * hidden_size, 4 * hidden_size)

    def initial_state(self, batch_size, steps):
        return self.zeros(2, batch_size, self.hidden_size).unbind()

    def forward(self, x, state):
        _, h = state
        x = self.enter(x)
        y_in, h_in, g_y, g_h = self.all(torch.cat([x, h], dim=-1)).chunk(4, dim=-1)
        y_in, h_in = functional.relu(y_in), h_in.tanh()
        g_y, g_h = map(torch.sigmoid, (g_y + 1.0, g_h + 1.0))
        return g_y * x + (1.0 - g_y) * y_in, g_h * h + (1.0 - g_h) * h_in


class MultiplicativeIntegration(st.Cell):
    """h' = tanh(α W x U h + β₁ U h + β₂ W x + b) (Wu et al., 2016, eq. 4)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = nn.Linear(input_size, hidden_size, bias=False)
        self.U = nn.Linear(hidden_size, hidden_size, bias=False)
        self.alpha, self.beta1, self.beta2, self.b = (
            nn.Parameter(torch.rand(hidden_size)) for _ in range(4)
        )

    def forward(self, x, h):
        Wx, Uh = self.W(x), self.U(h)
        return torch.tanh(self.alpha * Wx * Uh + self.beta1 * Uh + self.beta2 * Wx + self.b)


class SearchedCell(TwoStates):
    """A tree of additions, products and activations (Zoph and Le, 2017, appendix, cell of NAS)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W_m = nn.Parameter(torch.randn(hidden_size, 8 * hidden_size) / 4)
        self.W_i = nn.Parameter(torch.randn(input_size, 8 * hidden_size) / 2)

    def forward(self, x, state):
        h, c = state
        m = torch.split(torch.mm(h, self.W_m), self.hidden_size, 1)
        i = torch.split(torch.mm(x, self.W_i), self.hidden_size, 1)
        sigmoid, relu, tanh = torch.sigmoid, torch.relu, torch.tanh
        one = [sigmoid(i[0] + m[0]), relu(i[1] + m[1]), sigmoid(i[2] + m[2]), relu(i[3] * m[3])]
        one += [tanh(i[4] + m[4]), sigmoid(i[5] + m[5]), tanh(i[6] + m[6]), sigmoid(i[7] + m[7])]
        two = [tanh(one[0] * one[1]), tanh(one[2] + one[3]), tanh(one[4] * one[5])]
        two.append(sigmoid(one[6] + one[7]))
        two[0] = tanh(two[0] + c)
        c = two[0] * two[1]
        return tanh(c * tanh(two[2] + two[3])), c


class DeltaRNN(st.Cell):
    """An outer mix of a slow and a fast state (Ororbia, Mikolov and Reitter, 2017, eq. 8 to 12)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W, self.V = (
            nn.Linear(input_size, hidden_size, False),
            nn.Linear(hidden_size, hidden_size),
        )
        self.alpha, self.b1, self.b2 = (nn.Parameter(torch.ones(1, hidden_size)) for _ in range(3))
        self.r_bias = nn.Parameter(torch.zeros(hidden_size))

    def forward(self, x, h):
        dx, dh = self.W(x), self.V(h)
        d = self.alpha * dh * dx + self.b1 * dh + self.b2 * dx
        r = torch.sigmoid(dx + self.r_bias)
        return functional.relu(torch.addcmul((1 - r) * d.tanh(), r, h))


class OrderedNeurons(st.Cell):
    """Gates that open in an order, by cumulated softmax (Shen et al., 2019, eq. 9 to 14)."""

    def __init__(self, input_size, hidden_size, chunk=2):
        super().__init__(input_size, hidden_size)
        self.chunk, self.n = chunk, hidden_size // chunk
        self.ih = nn.Linear(input_size, 4 * hidden_size + 2 * self.n)
        self.hh = nn.Linear(hidden_size, 4 * hidden_size + 2 * self.n)

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.n, self.chunk)

    def forward(self, x, state):
        h, c = state
        gates = self.ih(x) + self.hh(h)
        master, rest = gates[:, : 2 * self.n], gates[:, 2 * self.n :]
        m_in, m_forget = master.chunk(2, 1)
        m_in = 1 - functional.softmax(m_in, dim=-1).cumsum(-1)
        m_forget = functional.softmax(m_forget, dim=-1).cumsum(-1)
        o, z, i, f = rest.view(-1, 4 * self.n, self.chunk).chunk(4, 1)
        m_in, m_forget = m_in[:, :, None], m_forget[:, :, None]
        overlap = m_in * m_forget
        f = f.sigmoid() * overlap + (m_forget - overlap)
        i = i.sigmoid() * overlap + (m_in - overlap)
        c = f * c + i * z.tanh()
        return (o.sigmoid() * c.tanh()).view(len(x), -1), c


class Bistable(st.Cell):
    """h' = c h + (1 - c) tanh(U x + a h), a in (0, 2) (Vecoven, Ernst and Drion, 2021, eq. 6)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.x = nn.ModuleList([nn.Linear(input_size, hidden_size) for _ in range(3)])
        self.a, self.c = (nn.Linear(hidden_size, hidden_size, bias=False) for _ in range(2))

    def forward(self, x, h):
        a = 1.0 + torch.tanh(self.x[0](x) + self.a(h))
        c = torch.sigmoid(self.x[1](x) + self.c(h))
        return c * h + (1.0 - c) * torch.tanh(self.x[2](x) + a * h)


class StackableRecurrent(st.Cell):
    """h' = tanh((1 - k) h + k z) (Turkoglu et al., 2019, eq. 11 to 13)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.z, self.kx = nn.Linear(input_size, hidden_size), nn.Linear(input_size, hidden_size)
        self.kh = nn.Linear(hidden_size, hidden_size)
        with torch.no_grad():
            self.kx.bias.copy_(torch.rand(hidden_size).log())

    def forward(self, x, h):
        k = torch.sigmoid(self.kx(x) + self.kh(h))
        return torch.tanh((1 - k) * h + k * torch.tanh(self.z(x)))


class MissingValues(st.Cell):
    """A GRU that decays to a mean where a value is missing (Che et al., 2018, eq. 10 to 17)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.gru = nn.GRUCell(2 * input_size, hidden_size)
        self.decay_x = nn.Parameter(torch.rand(2, input_size))
        self.decay_h = nn.Linear(input_size, hidden_size)
        self.register_buffer("mean", torch.randn(input_size))

    def initial_state(self, batch_size, steps):
        last, delta = self.zeros(2, batch_size, self.input_size)
        return self.zeros(batch_size, self.hidden_size), last, delta

    def forward(self, x, state):
        h, last, delta = state
        mask = (x > 0).to(x.dtype)
        gamma = torch.exp(-torch.relu(self.decay_x[0] * delta + self.decay_x[1]))
        h = torch.exp(-functional.relu(self.decay_h(delta))) * h
        filled = torch.where(mask.bool(), x, gamma * last + (1 - gamma) * self.mean)
        last = torch.where(mask.bool(), x, last)
        return (
            self.gru(torch.cat([filled, mask], 1), h),
            last,
            torch.where(mask > 0, 1.0, delta + 1),
        )


class TimeAware(TwoStates):
    """The short part of a memory decays with elapsed time (Baytas et al., 2017, sec. 3.2)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W_d = nn.Linear(hidden_size, hidden_size)
        self.gates = nn.Linear(input_size + hidden_size, 4 * hidden_size)

    def forward(self, x, state):
        h, c = state
        elapsed = x[:, -1:].abs()
        short = torch.tanh(self.W_d(c))
        decayed = short * torch.reciprocal(torch.log(math.e + elapsed))
        c = c - short + decayed
        f, i, o, z = torch.tensor_split(self.gates(torch.cat([h, x], 1)), 4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * torch.tanh(z)
        return o.sigmoid() * torch.tanh(c), c


class ConvolutionalLSTM(st.Cell):
    """A memory of small images, with peepholes (Shi et al., 2015, eq. 3)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.picture = nn.Linear(input_size, 4)
        self.conv = nn.Conv2d(1 + hidden_size // 4, hidden_size, 3, padding=1)
        self.peep = nn.Parameter(torch.randn(3, hidden_size // 4, 2, 2) / 3)

    def initial_state(self, batch_size, steps):
        shape = (batch_size, self.hidden_size // 4, 2, 2)
        return self.zeros(*shape), self.zeros(*shape)

    def forward(self, x, state):
        h, c = state
        x = self.picture(x).view(-1, 1, 2, 2)
        i, f, g, o = torch.chunk(self.conv(torch.cat([x, h], dim=1)), 4, dim=1)
        i = torch.sigmoid(i + self.peep[0] * c)
        f = torch.sigmoid(f + self.peep[1] * c)
        c = f * c + i * torch.tanh(g)
        return torch.sigmoid(o + self.peep[2] * c) * torch.tanh(c), c

    def output(self, x, state):
        return state[0].flatten(1)


class ConvolutionalGRU(st.Cell):
    """A GRU along a line of places that is a ring (Ballas et al., 2016, eq. 5 to 8)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.enter, n = nn.Linear(input_size, hidden_size), hidden_size // 4
        kind = {"kernel_size": 3, "padding": 1, "padding_mode": "circular"}
        self.gates, self.new = nn.Conv1d(2 * n, 2 * n, **kind), nn.Conv1d(2 * n, n, **kind)

    def forward(self, x, h):
        x, h = self.enter(x).unflatten(1, (-1, 4)), h.unflatten(1, (-1, 4))
        z, r = self.gates(torch.cat([x, h], 1)).sigmoid().chunk(2, dim=1)
        new = self.new(torch.cat([x, r * h], 1)).tanh()
        return torch.flatten((1 - z) * h + z * new, start_dim=1)


class SkippedUpdates(st.Cell):
    """A state that is updated only where a rounded probability says so (Campos et al., 2018)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.cell, self.p = nn.GRUCell(input_size, hidden_size), nn.Linear(hidden_size, 1)

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, 1) + 1

    def forward(self, x, state):
        h, u = state
        binary = u + (torch.round(u) - u).detach()
        h = binary * self.cell(x, h) + (1 - binary) * h
        more = torch.sigmoid(self.p(h))
        return h, binary * more + (1 - binary) * (u + torch.min(more, 1 - u))


CELLS = [
    ChaosFree,
    MinimalRNN,
    IntersectionRNN,
    MultiplicativeIntegration,
    SearchedCell,
    DeltaRNN,
    OrderedNeurons,
    Bistable,
    StackableRecurrent,
    MissingValues,
    TimeAware,
    ConvolutionalLSTM,
    ConvolutionalGRU,
    SkippedUpdates,
]
