"""Complex states and parameters, and other numbers of several parts."""

import math

import torch
from torch import nn
from torch.nn import functional

import seqtasks as st


class ComplexState(st.Cell):
    """A cell whose state is complex."""

    def initial_state(self, batch_size, steps):
        real = self.zeros(batch_size, self.hidden_size)
        return torch.complex(real, real)

    def output(self, x, state):
        return torch.view_as_real(state).sum(-1)


def modrelu(z, b):
    """Return (|z| + b) z / |z| where that is above zero (Arjovsky et al., 2016, eq. 8)."""
    size = z.abs()
    return z * functional.relu(size + b) / (size + 1e-5)


class UnitaryRNN(ComplexState):
    """W = D R F⁻¹ D P R F D with complex numbers (Arjovsky et al., 2016, eq. 6)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.angles = nn.Parameter(3 * torch.rand(3, hidden_size))
        self.reflect = nn.Parameter(torch.randn(2, hidden_size, 2))
        self.V = nn.Linear(input_size, 2 * hidden_size, bias=False)
        self.b = nn.Parameter(torch.rand(hidden_size) / 10)
        self.register_buffer("order", torch.arange(hidden_size - 1, -1, -1))

    def _turn(self, z, k):
        return z * torch.exp(1j * self.angles[k])

    def _reflected(self, z, k):
        v = torch.view_as_complex(self.reflect[k])
        along = (z * v.conj()).sum(-1, keepdim=True) * v
        return z - 2 * along / (v.abs() ** 2).sum()

    def forward(self, x, z):
        z = torch.fft.fft(self._turn(z, 0), norm="ortho")
        z = self._reflected(z, 0)[:, self.order]
        z = torch.fft.ifft(self._turn(z, 1), norm="ortho")
        z = self._turn(self._reflected(z, 1), 2)
        enter = torch.view_as_complex(self.V(x).view(len(z), -1, 2))
        return modrelu(z + enter, self.b)


class FullCapacityUnitary(ComplexState):
    """W = (I + A)⁻¹ (I - A), A skew-Hermitian, after Wisdom et al., 2016, sec. 4."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.A = nn.Parameter(torch.randn(hidden_size, hidden_size, dtype=torch.cdouble) / 3)
        self.V = nn.Parameter(torch.randn(input_size, hidden_size, dtype=torch.cdouble) / 2)
        self.b = nn.Parameter(torch.rand(hidden_size).double() / 10)

    def forward(self, x, z):
        A = self.A - self.A.mH
        eye = torch.eye(len(A), dtype=A.dtype)
        W = torch.linalg.solve(eye + A, eye - A)
        return modrelu(z @ W.T + x.to(W.dtype) @ self.V, self.b)


class ComplexGated(ComplexState):
    """A GRU of complex numbers, its gates made of both parts.

    Wolter and Yao, 2018, eq. 8 to 14.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = nn.Parameter(torch.randn(3, hidden_size, hidden_size, dtype=torch.cdouble) / 4)
        self.V = nn.Parameter(torch.randn(3, input_size, hidden_size, dtype=torch.cdouble) / 2)
        self.alpha = nn.Parameter(torch.rand(2).double())
        self.b = nn.Parameter(torch.rand(hidden_size).double() / 10)

    def _gate(self, g, k):
        a = self.alpha[k].sigmoid()
        return torch.sigmoid(a * g.real + (1 - a) * g.imag)

    def forward(self, x, h):
        x = x.to(self.V.dtype)
        r, z = (self._gate(h @ self.W[k] + x @ self.V[k], k) for k in range(2))
        new = modrelu((r * h) @ self.W[2] + torch.einsum("bi,ij->bj", x, self.V[2]), self.b)
        return z * new + (1 - z) * h


class LRU(ComplexState):
    """z' = λ z + γ B x; y = Re(C z) + D x (Orvieto et al., 2023, eq. 4 to 7)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        n = hidden_size
        self.nu_log = nn.Parameter(torch.log(torch.rand(n).double() + 0.1))
        self.theta_log = nn.Parameter(torch.log(3 * torch.rand(n).double()))
        self.gamma_log = nn.Parameter(torch.rand(n).double().log())
        self.B = nn.Parameter(torch.randn(n, input_size, dtype=torch.cdouble) / 2)
        self.C = nn.Parameter(torch.randn(n, n, dtype=torch.cdouble) / math.sqrt(n))
        self.D = nn.Parameter(torch.randn(n, input_size).double())

    def forward(self, x, z):
        lam = torch.exp(-torch.exp(self.nu_log) + 1j * torch.exp(self.theta_log))
        B = self.B * torch.exp(self.gamma_log).unsqueeze(-1)
        return lam * z + torch.matmul(x.to(B.dtype), B.t())

    def output(self, x, z):
        return (z @ self.C.mT).real + x @ self.D.T


class DiagonalS4(st.Cell):
    """A state for each feature, A by its logarithm, ZOH steps (Gu et al., 2022, sec. 3)."""

    def __init__(self, input_size, hidden_size, order=3):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size, hidden_size)
        self.log_dt = nn.Parameter(torch.rand(hidden_size) - 2)
        self.log_A = nn.Parameter(torch.full((hidden_size, order), 0.5).log())
        self.A_imag = nn.Parameter(math.pi * torch.arange(order).repeat(hidden_size, 1).float())
        self.C = nn.Parameter(torch.randn(hidden_size, order, 2) * 0.5**0.5)
        self.D = nn.Parameter(torch.randn(hidden_size))

    def initial_state(self, batch_size, steps):
        state = self.zeros(batch_size, *self.A_imag.shape)
        return self.zeros(batch_size, self.hidden_size), state.to(state.dtype.to_complex())

    def forward(self, x, state):
        u = self.enter(x)
        A = torch.complex(-torch.exp(self.log_A), self.A_imag)
        dtA = A * torch.exp(self.log_dt).unsqueeze(-1)
        dA, dB = torch.exp(dtA), (torch.exp(dtA) - 1.0) / A
        s = dA * state[1] + dB * u.unsqueeze(-1)
        y = 2 * torch.einsum("hn,bhn->bh", torch.view_as_complex(self.C), s).real
        return functional.gelu(y + u * self.D), s


class AssociativeLSTM(st.Cell):
    """Values bound to complex keys, in copies of a memory (Danihelka et al., 2016, eq. 6 to 14)."""

    def __init__(self, input_size, hidden_size, copies=2):
        super().__init__(input_size, hidden_size)
        self.half, self.copies = hidden_size // 2, copies
        self.gates = nn.Linear(input_size + hidden_size, hidden_size // 2 * 3)
        self.keys = nn.Linear(input_size + hidden_size, 3 * hidden_size)
        orders = [torch.randperm(hidden_size // 2) for _ in range(copies)]
        self.register_buffer("orders", torch.stack(orders))

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(
            batch_size, self.copies, self.hidden_size
        )

    @staticmethod
    def _bound(h):
        re, im = h.chunk(2, -1)
        d = torch.clamp(torch.sqrt(re * re + im * im + 1e-9), min=1.0)
        return torch.complex(re / d, im / d)

    def forward(self, x, state):
        h, memory = state
        both = torch.cat([x, h], 1)
        f, i, o = torch.sigmoid(self.gates(both)).split(self.half, 1)
        write, read, new = (self._bound(part) for part in self.keys(both).chunk(3, 1))
        re, im = memory.chunk(2, -1)
        held, out = torch.complex(re, im), []
        rows = []
        for s in range(self.copies):
            one = f * held[:, s] + write[:, self.orders[s]] * (i * new)
            rows.append(one)
            out.append(read[:, self.orders[s]].conj() * one)
        mean = torch.stack(out).mean(0)
        held = torch.stack(rows, 1)
        h = self._bound(torch.cat([mean.real, mean.imag], -1))
        h = torch.cat([o * h.real, o * h.imag], -1)
        return h, torch.cat([held.real, held.imag], -1)


class QuaternionRNN(st.Cell):
    """h' = tanh(W ⊗ h + V ⊗ x) of quaternions (Parcollet et al., 2019, eq. 8 and 11)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        n = hidden_size // 4
        self.r, self.i, self.j, self.k = (nn.Parameter(torch.randn(n, n) / 2) for _ in range(4))
        self.enter = nn.Linear(input_size, hidden_size)

    def forward(self, x, h):
        r, i, j, k = self.r, self.i, self.j, self.k
        rows = [[r, -i, -j, -k], [i, r, -k, j], [j, k, r, -i], [k, -j, i, r]]
        W = torch.cat([torch.cat(row, dim=1) for row in rows], dim=0)
        return torch.tanh(functional.linear(h, W) + self.enter(x))


class FourierUnit(st.Cell):
    """u' = u + cos(2πft/T + θ) h / T: sums over time by frequency (Zhang et al., 2018, eq. 3)."""

    def __init__(self, input_size, hidden_size, frequencies=3):
        super().__init__(input_size, hidden_size)
        self.f = nn.Parameter(torch.linspace(0.1, 2.0, frequencies))
        self.theta = nn.Parameter(torch.rand(frequencies))
        self.update = nn.Linear(input_size + frequencies * hidden_size, hidden_size)
        self.leave = nn.Linear(frequencies * hidden_size, hidden_size)

    def initial_state(self, batch_size, steps):
        u = self.zeros(batch_size, len(self.f), self.hidden_size)
        return self.zeros(batch_size, self.hidden_size), u, torch.zeros(batch_size, 1).long()

    def forward(self, x, state):
        _, u, t = state
        h = torch.relu(self.update(torch.cat([x, u.flatten(1)], 1)))
        wave = torch.cos(2 * math.pi * self.f * t / 20 + self.theta)
        u = u + wave[:, :, None] * h[:, None] / 20
        return torch.tanh(self.leave(u.flatten(1))), u, t + 1


CELLS = [
    UnitaryRNN,
    FullCapacityUnitary,
    ComplexGated,
    LRU,
    DiagonalS4,
    AssociativeLSTM,
    QuaternionRNN,
    FourierUnit,
]
