"""Gated cells: variants of the LSTM and of the GRU."""

import torch
from torch import nn

import seqtasks as st


def _linear(inputs, outputs, bias=True):
    return nn.Linear(inputs, outputs, bias=bias)


class TwoStates(st.Cell):
    """A hidden state and a memory of the same size."""

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.hidden_size)


class CoupledLSTM(TwoStates):
    """c' = f ∘ c + (1 - f) ∘ z (Greff et al., 2017, "LSTM: A Search Space Odyssey", CIFG)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.gates = _linear(input_size + hidden_size, 3 * hidden_size)

    def forward(self, x, state):
        h, c = state
        z, f, o = torch.split(self.gates(torch.cat((x, h), dim=1)), self.hidden_size, dim=1)
        f = f.sigmoid()
        c = f * c + (1 - f) * z.tanh()
        return o.sigmoid() * c.tanh(), c


class JANET(st.Cell):
    """c' = σ(s) ∘ c + (1 - σ(s - β)) ∘ tanh(...) (van der Westhuizen and Lasenby, 2018, eq. 3)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.U = _linear(hidden_size, 2 * hidden_size, bias=False)
        self.W = _linear(input_size, 2 * hidden_size)

    def forward(self, x, h):
        s, candidate = (self.U(h) + self.W(x)).chunk(2, 1)
        return torch.sigmoid(s) * h + (1 - torch.sigmoid(s - 1.0)) * torch.tanh(candidate)


class UGRNN(st.Cell):
    """h' = g ∘ h + (1 - g) ∘ c (Collins, Sohl-Dickstein and Sussillo, 2017, eq. 5 to 7)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.candidate = _linear(hidden_size + input_size, hidden_size)
        self.gate = _linear(hidden_size + input_size, hidden_size)

    def forward(self, x, h):
        joined = torch.hstack([h, x])
        g = torch.sigmoid(self.gate(joined) + 1.0)
        return g * h + (1.0 - g) * torch.tanh(self.candidate(joined))


class MUT1(st.Cell):
    """z = σ(W_z x + b_z); r = σ(W_r x + W_rh h + b_r); h' = tanh(W(r∘h) + tanh(x) + b)∘z + h∘(1-z).

    Jozefowicz, Zaremba and Sutskever, 2015, "An Empirical Exploration of Recurrent Network
    Architectures", section 3. The input is first brought to the hidden size.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.enter = _linear(input_size, hidden_size)
        self.W_z = _linear(input_size, hidden_size)
        self.W_r = _linear(input_size, hidden_size)
        self.R_r = _linear(hidden_size, hidden_size, bias=False)
        self.R_h = _linear(hidden_size, hidden_size)

    def forward(self, x, h):
        z = torch.sigmoid(self.W_z(x))
        r = torch.sigmoid(self.W_r(x) + self.R_r(h))
        h_new = self.R_h(r * h)
        h_new += torch.tanh(self.enter(x))
        h_new = torch.tanh(h_new) * z
        h_new += h * (1 - z)
        return h_new


class MUT2(st.Cell):
    """z = σ(W_z x + R_z h + b_z); r = σ(x + R_r h + b_r); h' = tanh(R(r∘h) + W x + b)∘z + h∘(1-z).

    Jozefowicz et al., 2015, section 3.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.enter = _linear(input_size, hidden_size)
        self.z = _linear(input_size + hidden_size, hidden_size)
        self.r = _linear(hidden_size, hidden_size)
        self.W_h = _linear(input_size, hidden_size)
        self.R_h = _linear(hidden_size, hidden_size, bias=False)

    def forward(self, x, h):
        z = self.z(torch.cat([x, h], -1)).sigmoid_()
        r = self.r(h).add_(self.enter(x)).sigmoid_()
        candidate = torch.tanh(self.R_h(r * h) + self.W_h(x))
        return candidate.mul(z).add_(h.mul(1 - z))


class MUT3(st.Cell):
    """As MUT2, with z = σ(W_z x + R_z tanh(h) + b_z) and r = σ(W_r x + R_r h + b_r)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = _linear(input_size, 3 * hidden_size)
        self.R = nn.ParameterList([torch.randn(hidden_size, hidden_size) / 3 for _ in range(3)])

    def forward(self, x, h):
        from_x = self.W(x).chunk(3, dim=-1)
        z = torch.sigmoid(from_x[0] + h.tanh() @ self.R[0])
        r = torch.sigmoid(from_x[1] + h @ self.R[1])
        return torch.lerp(h, torch.tanh((r * h) @ self.R[2] + from_x[2]), z)


class LightGRU(st.Cell):
    """z = σ(W_z x + U_z h); h' = z∘h + (1-z)∘relu(W x + U h) (Ravanelli et al., 2018, eq. 2)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = _linear(input_size, 2 * hidden_size, bias=False)
        self.norm = nn.LayerNorm(2 * hidden_size)
        self.U = _linear(hidden_size, 2 * hidden_size, bias=False)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x, h):
        gates = self.norm(self.W(x))
        gates += self.U(h)
        z = torch.sigmoid(gates[:, self.hidden_size :])
        return z * h + (1 - z) * self.act(gates[:, : self.hidden_size])


class SCRN(TwoStates):
    """s' = (1-α) B x + α s; h' = σ(P s' + A x + R h) (Mikolov et al., 2015, eq. 6 to 8)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.B, self.A = (_linear(input_size, hidden_size, bias=False) for _ in range(2))
        self.P, self.R = (_linear(hidden_size, hidden_size, bias=False) for _ in range(2))
        self.V, self.U = (_linear(hidden_size, hidden_size, bias=False) for _ in range(2))
        self.alpha = 0.95

    def forward(self, x, state):
        h, s = state
        s = torch.add(self.alpha * s, self.B(x), alpha=1 - self.alpha)
        return torch.sigmoid(self.P(s) + self.A(x) + self.R(h)), s

    def output(self, x, state):
        return self.U(state[0]) + self.V(state[1])


class NestedLSTM(st.Cell):
    """The memory of an LSTM is the output of another one (Moniz and Krueger, 2017, eq. 4 to 7)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.outer = _linear(input_size + hidden_size, 4 * hidden_size)
        self.inner = nn.LSTMCell(hidden_size, hidden_size)

    def initial_state(self, batch_size, steps):
        return tuple(self.zeros(batch_size, self.hidden_size) for _ in range(3))

    def forward(self, x, state):
        h, c, inner_c = state
        i, f, o, g = self.outer(torch.cat([x, h], 1)).chunk(4, 1)
        into = torch.sigmoid(i) * torch.tanh(g)
        c, inner_c = self.inner(into, (torch.sigmoid(f) * c, inner_c))
        return torch.sigmoid(o) * torch.tanh(c), c, inner_c


CELLS = [CoupledLSTM, JANET, UGRNN, MUT1, MUT2, MUT3, LightGRU, SCRN, NestedLSTM]
