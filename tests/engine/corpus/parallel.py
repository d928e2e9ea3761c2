"""Cells whose state enters its next value linearly, so that they could also be scanned."""

import math

import torch
from torch import nn
from torch.nn import functional

import seqtasks as st
from corpus.gated import TwoStates


class MinGRU(st.Cell):
    """h' = (1 - z) ∘ h + z ∘ g(W x), z = σ(W_z x) (Feng et al., 2024, section 3.1)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.to_hidden_and_gate = nn.Linear(input_size, 2 * hidden_size, bias=False)

    def forward(self, x, h):
        hidden, gate = self.to_hidden_and_gate(x).chunk(2, dim=-1)
        hidden = torch.where(hidden >= 0, hidden + 0.5, hidden.sigmoid())
        return torch.lerp(h, hidden, gate.sigmoid())


class IndRNN(st.Cell):
    """h' = relu(W x + u ∘ h + b) (Li et al., 2018, eq. 2)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = nn.Linear(input_size, hidden_size)
        self.u = nn.Parameter(torch.rand(hidden_size))

    def forward(self, x, h):
        return functional.relu(self.W(x) + functional.linear(h, torch.diag(self.u)))


class SRU(TwoStates):
    """c' = f ∘ c + (1-f) ∘ W x; h = r ∘ c' + (1-r) ∘ x (Lei et al., 2018, eq. 1 to 4)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = nn.Parameter(torch.randn(input_size, 4 * hidden_size) / 2)
        self.v = nn.Parameter(torch.randn(2, hidden_size) / 2)
        self.b = nn.Parameter(torch.zeros(2 * hidden_size))

    def forward(self, x, state):
        _, c = state
        u = x.mm(self.W).view(-1, self.hidden_size, 4)
        b_f, b_r = self.b.view(2, -1)
        f = torch.sigmoid(u[..., 1] + self.v[0] * c + b_f)
        r = torch.sigmoid(u[..., 2] + self.v[1] * c + b_r)
        c = u[..., 0] + (c - u[..., 0]) * f
        return (c - u[..., 3]) * r + u[..., 3], c


class QRNN(st.Cell):
    """fo-pooling over gates that see two inputs (Bradbury et al., 2017, eq. 1, 3 and 4)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = nn.Linear(2 * input_size, 3 * hidden_size)

    def initial_state(self, batch_size, steps):
        before = self.zeros(batch_size, self.input_size)
        return self.zeros(batch_size, self.hidden_size), before

    def forward(self, x, state):
        c, before = state
        z, f, _ = self.W(torch.cat([before, x], 1)).chunk(3, 1)
        f = f.sigmoid()
        return f * c + (1 - f) * z.tanh(), x

    def output(self, x, state):
        return state[0].tanh()


class RWKV4(st.Cell):
    """Time mixing with a running maximum (Peng et al., 2023, eq. 16 to 19 and appendix D).

    The state is five vectors in one tensor, whose rows are replaced in place in a copy.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        n = hidden_size
        self.enter = nn.Linear(input_size, n)
        self.mix_k, self.mix_v, self.mix_r = (nn.Parameter(torch.rand(n)) for _ in range(3))
        self.decay, self.first = nn.Parameter(torch.randn(n)), nn.Parameter(torch.randn(n))
        self.key, self.value, self.receptance, self.out = (
            nn.Linear(n, n, bias=False) for _ in range(4)
        )

    def initial_state(self, batch_size, steps):
        state = self.zeros(batch_size, 5, self.hidden_size)
        state[:, 4] = -1e30
        return state

    def forward(self, x, state):
        x = self.enter(x)
        _, last, aa, bb, pp = state.unbind(1)
        state = state.clone()
        k = self.key(x * self.mix_k + last * (1 - self.mix_k))
        v = self.value(x * self.mix_v + last * (1 - self.mix_v))
        r = torch.sigmoid(self.receptance(x * self.mix_r + last * (1 - self.mix_r)))
        state[:, 1] = x
        ww = self.first + k
        qq = torch.maximum(pp, ww)
        e1, e2 = torch.exp(pp - qq), torch.exp(ww - qq)
        wkv = (e1 * aa + e2 * v) / (e1 * bb + e2)
        ww = pp - torch.exp(self.decay)
        qq = torch.maximum(ww, k)
        e1, e2 = torch.exp(ww - qq), torch.exp(k - qq)
        aa, bb = e1 * aa + e2 * v, e1 * bb + e2
        state[:, 2] = aa
        state[:, 3] = bb
        state[:, 4] = qq
        state[:, 0] = x + self.out(r * wkv)
        return state

    def output(self, x, state):
        return state[:, 0]


class RWKV5(st.Cell):
    """S' = diag(w) S + kᵀ v, the output r (u kᵀ v + S) (Peng et al., 2024, "Eagle", eq. 14, 15)."""

    def __init__(self, input_size, hidden_size, heads=2):
        super().__init__(input_size, hidden_size)
        self.heads, self.each = heads, hidden_size // heads
        self.rkv = nn.Linear(input_size, 3 * hidden_size, bias=False)
        self.decay = nn.Parameter(torch.randn(heads, self.each))
        self.bonus = nn.Parameter(torch.randn(heads, self.each))

    def initial_state(self, batch_size, steps):
        matrices = self.zeros(batch_size, self.heads, self.each, self.each)
        return self.zeros(batch_size, self.hidden_size), matrices

    def forward(self, x, state):
        _, S = state
        B, H, N = x.shape[0], self.heads, self.each
        r, k, v = self.rkv(x).chunk(3, -1)
        r, k, v = r.view(B, H, 1, N), k.view(B, H, N, 1), v.view(B, H, 1, N)
        a = k @ v
        out = r @ (self.bonus.unsqueeze(-1) * a + S)
        S = a + torch.exp(-torch.exp(self.decay)).unsqueeze(-1) * S
        return out.reshape(B, -1), S


class LegendreMemory(TwoStates):
    """m' = Ā m + B̄ u; h' = tanh(W_x x + W_h h + W_m m') (Voelker et al., 2019, eq. 1 to 7)."""

    def __init__(self, input_size, hidden_size, order=5, theta=8.0):
        super().__init__(input_size, hidden_size)
        self.order = order
        q = torch.arange(order, dtype=torch.float64)
        i, j = torch.meshgrid(q, q, indexing="ij")
        A = torch.where(i < j, -1.0, (-1.0) ** (i - j + 1)) * (2 * i + 1) / theta
        B = ((2 * q + 1) * (-1.0) ** q)[:, None] / theta
        self.register_buffer("A", torch.matrix_exp(A).float())
        self.register_buffer(
            "B", torch.linalg.solve(A, (torch.matrix_exp(A) - q.diag() ** 0) @ B).float()
        )
        self.e_x = nn.Linear(input_size, 1, bias=False)
        self.e_h, self.e_m = nn.Linear(hidden_size, 1, bias=False), nn.Linear(order, 1, bias=False)
        self.W_x = nn.Linear(input_size, hidden_size, bias=False)
        self.W_h = nn.Linear(hidden_size, hidden_size, bias=False)
        self.W_m = nn.Linear(order, hidden_size, bias=False)

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.order)

    def forward(self, x, state):
        h, m = state
        u = self.e_x(x) + self.e_h(h) + self.e_m(m)
        m = functional.linear(m, self.A) + functional.linear(u, self.B)
        return torch.tanh(self.W_x(x) + self.W_h(h) + self.W_m(m)), m


class DiagonalStateSpace(st.Cell):
    """s' = Ā s + B̄ x with Ā = exp(Δ Λ) complex, kept as two reals (Gu et al., 2022, "S4D", eq. 6).

    The zero-order hold B̄ = (Ā - 1)/Λ B is a function of parameters alone.
    """

    def __init__(self, input_size, hidden_size, each=3):
        super().__init__(input_size, hidden_size)
        self.each = each
        self.enter = nn.Linear(input_size, hidden_size)
        self.log_dt = nn.Parameter(torch.rand(hidden_size, 1) - 2)
        self.log_real = nn.Parameter(torch.log(0.5 * torch.ones(hidden_size, each)))
        self.imaginary = nn.Parameter(
            math.pi * torch.arange(each).expand(hidden_size, each).clone()
        )
        self.C = nn.Parameter(torch.randn(hidden_size, each, 2))
        self.D = nn.Parameter(torch.randn(hidden_size))

    def initial_state(self, batch_size, steps):
        return tuple(self.zeros(batch_size, self.hidden_size, self.each) for _ in range(2))

    def forward(self, x, state):
        real, imaginary = state
        u = self.enter(x).unsqueeze(-1)
        a = torch.complex(-torch.exp(self.log_real), self.imaginary)
        bar = torch.exp(a * torch.exp(self.log_dt))
        entering = (bar - 1) / a
        re, im = bar.real, bar.imag
        return (
            re * real - im * imaginary + entering.real * u,
            im * real + re * imaginary + entering.imag * u,
        )

    def output(self, x, state):
        real, imaginary = state
        y = 2 * (self.C[..., 0] * real - self.C[..., 1] * imaginary).sum(-1)
        return y + self.D * self.enter(x)


class LinearRecurrentUnit(st.Cell):
    """s' = λ s + γ B x, λ = exp(-exp(ν) + i exp(θ)) (Orvieto et al., 2023, eq. 4 and 5)."""

    def __init__(self, input_size, hidden_size, size=6):
        super().__init__(input_size, hidden_size)
        self.size = size
        self.nu, self.theta = nn.Parameter(torch.randn(size)), nn.Parameter(torch.randn(size))
        self.B = nn.Parameter(torch.randn(2, size, input_size) / 3)
        self.C = nn.Parameter(torch.randn(2, hidden_size, size) / 3)

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.size, 2)

    def forward(self, x, s):
        size = torch.exp(-torch.exp(self.nu))
        angle = torch.exp(self.theta)
        re, im = size * torch.cos(angle), size * torch.sin(angle)
        gamma = torch.sqrt(1 - size**2)
        real = re * s[..., 0] - im * s[..., 1] + gamma * (x @ self.B[0].T)
        imaginary = im * s[..., 0] + re * s[..., 1] + gamma * (x @ self.B[1].T)
        return torch.stack([real, imaginary], dim=-1)

    def output(self, x, s):
        return s[..., 0] @ self.C[0].T - s[..., 1] @ self.C[1].T


class Mamba(st.Cell):
    """A window of four inputs and a selective state space (Gu and Dao, 2023, alg. 2 and section 3).

    Both states are copied and then changed in place, as the public step does.
    """

    def __init__(self, input_size, hidden_size, each=3, window=4):
        super().__init__(input_size, hidden_size)
        self.each, self.window = each, window
        self.in_proj = nn.Linear(input_size, 2 * hidden_size, bias=False)
        self.conv_weight = nn.Parameter(torch.randn(hidden_size, window) / 2)
        self.conv_bias = nn.Parameter(torch.zeros(hidden_size))
        self.x_proj = nn.Linear(hidden_size, 1 + 2 * each, bias=False)
        self.dt_proj = nn.Linear(1, hidden_size)
        self.A_log = nn.Parameter(torch.log(torch.arange(1.0, each + 1).repeat(hidden_size, 1)))
        self.D = nn.Parameter(torch.ones(hidden_size))

    def initial_state(self, batch_size, steps):
        return (
            self.zeros(batch_size, self.hidden_size),
            self.zeros(batch_size, self.hidden_size, self.window),
            self.zeros(batch_size, self.hidden_size, self.each),
        )

    def forward(self, x, state):
        _, conv, ssm = state
        x, z = self.in_proj(x).chunk(2, dim=-1)
        conv = torch.roll(conv, shifts=-1, dims=-1)
        conv[:, :, -1] = x
        x = functional.silu(torch.sum(conv * self.conv_weight, dim=-1) + self.conv_bias)
        dt, B, C = torch.split(self.x_proj(x), [1, self.each, self.each], dim=-1)
        dt = functional.softplus(self.dt_proj(dt))
        dA = torch.exp(torch.einsum("bd,dn->bdn", dt, -torch.exp(self.A_log.type_as(x))))
        dB = torch.einsum("bd,bn->bdn", dt, B)
        new = torch.empty_like(ssm)
        new.copy_(ssm * dA + x.unsqueeze(-1) * dB)
        y = torch.einsum("bdn,bn->bd", new, C)
        y = y + self.D * x
        return y * functional.silu(z), conv, new


class RGLRU(st.Cell):
    """a = σ(Λ)^(c r); h' = a ∘ h + sqrt(1 - a²) ∘ (i ∘ x).

    De et al., 2024, "Griffin", eq. 1 to 4.
    """

    def __init__(self, input_size, hidden_size, blocks=2):
        super().__init__(input_size, hidden_size)
        self.blocks, each = blocks, hidden_size // blocks
        self.enter = nn.Linear(input_size, hidden_size)
        self.w = nn.Parameter(torch.randn(2, blocks, each, each) / 2)
        self.b = nn.Parameter(torch.zeros(2, blocks, each))
        self.a = nn.Parameter(torch.rand(hidden_size))

    def forward(self, x, h):
        x = self.enter(x)
        blocks = x.view(x.shape[0], self.blocks, -1).permute(1, 0, 2)
        gates = [
            torch.sigmoid(torch.bmm(blocks, w).permute(1, 0, 2) + b).flatten(1)
            for w, b in zip(self.w, self.b, strict=True)
        ]
        log_a = -8.0 * gates[0] * functional.softplus(self.a)
        a = torch.exp(log_a)
        return a * h + torch.sqrt(1 - torch.exp(2 * log_a)) * gates[1] * x


CELLS = [
    MinGRU,
    IndRNN,
    SRU,
    QRNN,
    RWKV4,
    RWKV5,
    LegendreMemory,
    DiagonalStateSpace,
    LinearRecurrentUnit,
    Mamba,
    RGLRU,
]
