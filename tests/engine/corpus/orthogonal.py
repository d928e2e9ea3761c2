"""Transitions that keep a norm, made of parameters by functions of parameters alone."""

import torch
from torch import nn
from torch.nn import functional

import seqtasks as st


def modrelu(z, bias):
    """Return sign(z) relu(|z| + b) (Arjovsky et al., 2016, eq. 8), for real numbers."""
    return torch.sign(z) * functional.relu(torch.abs(z) + bias)


class ExpRNN(st.Cell):
    """h' = modrelu(exp(A - Aᵀ) h + V x) (Lezcano-Casado and Martínez-Rubio, 2019, eq. 2 and 3)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.A = nn.Parameter(torch.randn(hidden_size, hidden_size) / 3)
        self.V = nn.Linear(input_size, hidden_size, bias=False)
        self.bias = nn.Parameter(torch.rand(hidden_size) / 10)

    def forward(self, x, h):
        upper = self.A.triu(diagonal=1)
        rotation = torch.matrix_exp(upper - upper.t())
        return modrelu(h @ rotation + self.V(x), self.bias)


class ScaledCayley(st.Cell):
    """h' = modrelu((I + A)⁻¹ (I - A) D h + V x) (Helfrich, Willmott and Ye, 2018, eq. 3)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.A = nn.Parameter(torch.randn(hidden_size, hidden_size) / 3)
        self.register_buffer("D", torch.diag(torch.sign(torch.randn(hidden_size))))
        self.V = nn.Linear(input_size, hidden_size, bias=False)
        self.bias = nn.Parameter(torch.rand(hidden_size) / 10)

    def forward(self, x, h):
        skew = self.A.tril(-1) - self.A.tril(-1).T
        eye = torch.eye(self.hidden_size, dtype=h.dtype, device=h.device)
        W = torch.linalg.solve(eye + skew, eye - skew) @ self.D
        return modrelu(h @ W.T + self.V(x), self.bias)


class OrthogonalByTorch(st.Cell):
    """h' = tanh(Q h + V x) with Q by torch's own parametrization (Lezcano-Casado, 2019)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        linear = nn.Linear(hidden_size, hidden_size, bias=False)
        self.Q = nn.utils.parametrizations.orthogonal(linear)
        self.V = nn.Linear(input_size, hidden_size)

    def forward(self, x, h):
        return torch.tanh(self.Q(h) + self.V(x))


class NonNormalRNN(st.Cell):
    """h' = modrelu(P (Λ + T) Pᵀ h + V x) (Kerg et al., 2019, "Non-normal RNN", eq. 2 and 4)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.S = nn.Parameter(torch.randn(hidden_size, hidden_size) / 3)
        self.gamma = nn.Parameter(torch.rand(hidden_size))
        self.T = nn.Parameter(torch.randn(hidden_size, hidden_size) / 5)
        self.V = nn.Linear(input_size, hidden_size, bias=False)
        self.bias = nn.Parameter(torch.rand(hidden_size) / 10)

    def forward(self, x, h):
        P = torch.linalg.matrix_exp(self.S - self.S.T)
        theta = torch.diag_embed(self.gamma) + torch.tril(self.T, -1)
        W = torch.linalg.multi_dot([P, theta, P.T])
        return modrelu(functional.linear(h, W) + self.V(x), self.bias)


class SpectralRNN(st.Cell):
    """W = U diag(σ) Vᵀ, U and V by QR, σ near 1.

    After Zhang, Lei and Dhillon, 2018, eq. 4 and 5.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.u = nn.Parameter(torch.randn(hidden_size, hidden_size))
        self.v = nn.Parameter(torch.randn(hidden_size, hidden_size))
        self.p = nn.Parameter(torch.randn(hidden_size))
        self.enter = nn.Linear(input_size, hidden_size)

    def initial_state(self, batch_size, steps):
        return torch.linalg.inv(self.u)[0].expand(batch_size, -1) / 4

    def forward(self, x, h):
        sigma = 2 * 0.1 * (torch.sigmoid(self.p) - 0.5) + 1
        U, V = torch.linalg.qr(self.u)[0], torch.linalg.qr(self.v).Q
        return functional.leaky_relu(((h @ V) * sigma) @ U.T + self.enter(x))


class GORU(st.Cell):
    """A GRU whose candidate is relu(W x + r ∘ (U h) + b), U orthogonal.

    Jing et al., 2019, eq. 1 to 4.

    U is a product of layers of plane rotations (EUNN), each by angles that are parameters.
    """

    def __init__(self, input_size, hidden_size, layers=3):
        super().__init__(input_size, hidden_size)
        self.theta = nn.Parameter(torch.randn(layers, hidden_size // 2))
        self.gates = nn.Linear(input_size + hidden_size, 2 * hidden_size)
        self.W = nn.Linear(input_size, hidden_size, bias=False)
        self.bias = nn.Parameter(torch.rand(hidden_size) / 10)

    def _rotated(self, h):
        for k, theta in enumerate(self.theta):
            pairs = torch.roll(h, k % 2, dims=-1).unflatten(-1, (-1, 2))
            c, s = theta.cos(), theta.sin()
            first, second = pairs[..., 0], pairs[..., 1]
            pairs = torch.stack([c * first - s * second, s * first + c * second], -1)
            h = torch.roll(pairs.flatten(-2), -(k % 2), dims=-1)
        return h

    def forward(self, x, h):
        z, r = torch.sigmoid(self.gates(torch.cat([x, h], -1))).chunk(2, -1)
        candidate = modrelu(self.W(x) + r * self._rotated(h), self.bias)
        return z * h + (1 - z) * candidate


class UnitaryEvolution(st.Cell):
    """A complex rotation, a Fourier transform and a reflection (Arjovsky et al., 2016, eq. 6).

    Complex numbers are pairs; the transform is a matrix of constants made by torch.fft.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        n = hidden_size // 2
        self.angles = nn.Parameter(3 * torch.rand(2, n))
        self.reflection = nn.Parameter(torch.randn(2 * n))
        self.V = nn.Linear(input_size, 2 * n, bias=False)
        self.bias = nn.Parameter(torch.rand(2 * n) / 10)
        F = torch.fft.fft(torch.eye(n)) / n**0.5
        both = torch.cat([torch.cat([F.real, -F.imag], 1), torch.cat([F.imag, F.real], 1)], 0)
        self.register_buffer("F", both)

    @staticmethod
    def _turned(h, angle):
        re, im = h.chunk(2, -1)
        c, s = torch.cos(angle), torch.sin(angle)
        return torch.cat([c * re - s * im, s * re + c * im], -1)

    def forward(self, x, h):
        h = self._turned(h, self.angles[0]) @ self.F.T
        v = self.reflection / torch.linalg.vector_norm(self.reflection)
        h = h - 2 * torch.outer(h @ v, v)
        h = self._turned(h, self.angles[1]) @ self.F
        return modrelu(h + self.V(x), self.bias)


CELLS = [
    ExpRNN,
    ScaledCayley,
    OrthogonalByTorch,
    NonNormalRNN,
    SpectralRNN,
    GORU,
    UnitaryEvolution,
]
