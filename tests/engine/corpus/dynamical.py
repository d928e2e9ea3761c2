"""Discretised differential equations."""

import math

import torch
from torch import nn
from torch.nn import functional

import seqtasks as st
from corpus.gated import TwoStates


class AntisymmetricRNN(st.Cell):
    """h' = h + ε tanh((W - Wᵀ - γI) h + V x + b) (Chang et al., 2019, eq. 11)."""

    def __init__(self, input_size, hidden_size, step=0.1, diffusion=0.05):
        super().__init__(input_size, hidden_size)
        self.W = nn.Parameter(torch.randn(hidden_size, hidden_size) / math.sqrt(hidden_size))
        self.V = nn.Linear(input_size, hidden_size)
        self.step, self.diffusion = step, diffusion

    def forward(self, x, h):
        identity = torch.eye(self.hidden_size, dtype=self.W.dtype, device=self.W.device)
        matrix = self.W - self.W.T - self.diffusion * identity
        return h + self.step * torch.tanh(h @ matrix.T + self.V(x))


class GatedAntisymmetricRNN(st.Cell):
    """h' = h + ε σ(A h + V_z x) ∘ tanh(A h + V_h x), A = W - Wᵀ - γI (Chang et al., eq. 12, 13)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = nn.Parameter(torch.randn(hidden_size, hidden_size) / 3)
        self.V = nn.Linear(input_size, 2 * hidden_size)
        self.register_buffer("damping", 0.05 * torch.eye(hidden_size))

    def forward(self, x, h):
        upper = torch.triu(self.W, diagonal=1)
        moved = functional.linear(h, upper - upper.t() - self.damping)
        z, candidate = self.V(x).chunk(2, -1)
        return h + 0.2 * torch.sigmoid(moved + z) * torch.tanh(moved + candidate)


class CoRNN(TwoStates):
    """z' = z + Δt (tanh(W y + 𝒲 z + V x + b) - γ y - ε z'); y' = y + Δt z' (Rusch, 2021, eq. 3)."""

    def __init__(self, input_size, hidden_size, dt=0.05, gamma=2.7, epsilon=4.7):
        super().__init__(input_size, hidden_size)
        self.dt, self.gamma, self.epsilon = dt, gamma, epsilon
        self.i2h = nn.Linear(input_size + 2 * hidden_size, hidden_size)

    def forward(self, x, state):
        hy, hz = state
        force = torch.tanh(self.i2h(torch.cat((x, hz, hy), 1)))
        hz = hz + self.dt * (force - self.gamma * hy - self.epsilon * hz)
        return hy + self.dt * hz, hz


class UnICORNN(TwoStates):
    """z' = z - Δt σ̂(c) [tanh(w ∘ y + V x + b) + α y]; y' = y + Δt σ̂(c) z'.

    Rusch, 2021, eq. 2.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.V = nn.Linear(input_size, hidden_size)
        self.w = nn.Parameter(torch.rand(hidden_size))
        self.c = nn.Parameter(torch.rand(hidden_size) - 0.5)

    def forward(self, x, state):
        y, z = state
        z = z.clone()
        pace = 0.1 * (0.5 + 0.5 * torch.tanh(self.c / 2))
        z -= pace * (torch.tanh(self.w * y + self.V(x)) + 0.9 * y)
        y = y + pace * z
        return y, z


class LEM(TwoStates):
    """Two gated time scales (Rusch et al., 2022, "Long Expressive Memory", eq. 3)."""

    def __init__(self, input_size, hidden_size, dt=1.0):
        super().__init__(input_size, hidden_size)
        self.dt = dt
        self.inp2hid = nn.Linear(input_size, 4 * hidden_size)
        self.hid2hid = nn.Linear(hidden_size, 3 * hidden_size)
        self.transform_z = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, state):
        y, z = state
        i_dt1, i_dt2, i_z, i_y = self.inp2hid(x).chunk(4, 1)
        h_dt1, h_dt2, h_y = self.hid2hid(y).chunk(3, 1)
        ms_dt_bar = self.dt * torch.sigmoid(i_dt1 + h_dt1)
        ms_dt = self.dt * torch.sigmoid(i_dt2 + h_dt2)
        z = (1.0 - ms_dt) * z + ms_dt * torch.tanh(i_y + h_y)
        y = (1.0 - ms_dt_bar) * y + ms_dt_bar * torch.tanh(self.transform_z(z) + i_z)
        return y, z


class LiquidTimeConstant(st.Cell):
    """v' = (c v + g E + Σ w σ(γ(v - μ)) E) / (c + g + Σ w σ(...)), six times a step.

    Hasani et al., 2021, "Liquid Time-constant Networks", the fused solver of eq. 3.
    """

    def __init__(self, input_size, hidden_size, unfolds=6):
        super().__init__(input_size, hidden_size)
        self.unfolds = unfolds
        square = hidden_size, hidden_size
        self.mu, self.sigma = nn.Parameter(torch.rand(square)), nn.Parameter(3 + torch.rand(square))
        self.w = nn.Parameter(torch.rand(square))
        self.erev = nn.Parameter(2.0 * torch.randint(0, 2, square) - 1)
        self.gleak, self.vleak, self.cm = (nn.Parameter(torch.rand(hidden_size)) for _ in range(3))
        self.sensory = nn.Linear(input_size, hidden_size)
        self.register_buffer("mask", (torch.rand(square) > 0.3).float())

    def forward(self, x, v):
        cm = functional.softplus(self.cm) * self.unfolds
        gleak = functional.softplus(self.gleak)
        w = functional.softplus(self.w)
        into = self.sensory(x)
        for _ in range(self.unfolds):
            activation = w * torch.sigmoid(self.sigma * (v.unsqueeze(-1) - self.mu))
            activation = activation * self.mask
            reversal = activation * self.erev
            top = torch.sum(reversal, dim=1) + into
            bottom = torch.sum(activation, dim=1)
            v = (cm * v + gleak * self.vleak + top) / (cm + gleak + bottom + 1e-8)
        return v


class ClosedFormContinuous(st.Cell):
    """h' = ff1 ∘ (1 - σ(a t + b)) + ff2 ∘ σ(a t + b) (Hasani et al., 2022, eq. 10)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.backbone = nn.Sequential(nn.Linear(input_size + hidden_size, 12), nn.Tanh())
        self.ff1, self.ff2, self.a, self.b = (nn.Linear(12, hidden_size) for _ in range(4))

    def forward(self, x, h):
        shared = self.backbone(torch.cat([x, h], 1))
        gate = torch.sigmoid(-self.a(shared) * 1.0 + self.b(shared))
        return torch.tanh(self.ff1(shared)) * (1.0 - gate) + gate * torch.tanh(self.ff2(shared))


class ODERNN(st.Cell):
    """dh/dt = f(h) by the rule of Runge and Kutta between steps (Rubanova et al., 2019, alg. 1)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        layers = nn.Linear(hidden_size, 10), nn.Tanh(), nn.Linear(10, hidden_size)
        self.f = nn.Sequential(*layers)
        self.cell = nn.GRUCell(input_size, hidden_size)

    def forward(self, x, h):
        dt = x[:, :1].abs()
        k1 = self.f(h)
        k2 = self.f(h + dt * k1 / 2)
        k3 = self.f(h + dt * k2 / 2)
        k4 = self.f(h + dt * k3)
        return self.cell(x, h + dt * (k1 + 2 * k2 + 2 * k3 + k4) / 6)


class LipschitzRNN(st.Cell):
    """h' = h + ε (A h + tanh(W h + U x + b)), A = (1-β)(M + Mᵀ) + β(M - Mᵀ) - γI.

    Erichson et al., 2021, eq. 3 and 4.
    """

    def __init__(self, input_size, hidden_size, beta=0.75, gamma=0.001, eps=0.05):
        super().__init__(input_size, hidden_size)
        self.beta, self.gamma, self.eps = beta, gamma, eps
        self.E = nn.Linear(input_size, hidden_size)
        self.C = nn.Parameter(torch.randn(hidden_size, hidden_size) / 3)
        self.B = nn.Parameter(torch.randn(hidden_size, hidden_size) / 3)
        self.register_buffer("eye", torch.eye(hidden_size))

    def _stable(self, M):
        both = (1 - self.beta) * (M + M.transpose(1, 0)) + self.beta * (M - M.transpose(1, 0))
        return both - self.gamma * self.eye

    def forward(self, x, h):
        A, W = self._stable(self.C), self._stable(self.B)
        z = self.E(x)
        return h + self.eps * torch.matmul(h, A) + self.eps * torch.tanh(torch.matmul(h, W) + z)


CELLS = [
    AntisymmetricRNN,
    GatedAntisymmetricRNN,
    CoRNN,
    UnICORNN,
    LEM,
    LiquidTimeConstant,
    ClosedFormContinuous,
    ODERNN,
    LipschitzRNN,
]
