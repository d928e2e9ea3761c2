"""Networks of the brain, filters of signals, and differential equations solved within a step."""

import torch
from torch import nn
from torch.nn import functional

import seqtasks as st


class Surrogate(torch.autograd.Function):
    """A spike above zero; a triangle gives its gradient (Bellec et al., 2018, eq. 4)."""

    @staticmethod
    def forward(ctx, v):
        ctx.save_for_backward(v)
        return (v > 0).to(v.dtype)

    @staticmethod
    def backward(ctx, grad):
        (v,) = ctx.saved_tensors
        return grad * 0.3 * torch.clamp(1 - v.abs(), min=0)


class AdaptiveSpikes(st.Cell):
    """Spiking neurons whose thresholds rise with their spikes (Bellec et al., 2018, eq. 5 to 7)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.w_in = nn.Parameter(torch.randn(input_size, hidden_size))
        self.w_rec = nn.Parameter(torch.randn(hidden_size, hidden_size) / 3)
        self.register_buffer("no_self", 1 - torch.eye(hidden_size))

    def initial_state(self, batch_size, steps):
        return tuple(self.zeros(batch_size, self.hidden_size) for _ in range(3))

    def forward(self, x, state):
        z, v, b = state
        threshold = 0.4 + 1.8 * b
        v = 0.9 * v + x @ self.w_in + z @ (self.w_rec * self.no_self) - z.detach() * threshold
        z = Surrogate.apply((v - threshold) / threshold)
        return z, v, 0.95 * b + 0.05 * z

    def output(self, x, state):
        return state[1]


class AdaptiveCurrent(st.Cell):
    """Neurons with a current of adaptation (Bittar and Garner, 2022, eq. 5 to 7)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W, self.V = nn.Linear(input_size, hidden_size), nn.Linear(hidden_size, hidden_size)
        self.alpha, self.beta, self.a, self.b = (
            nn.Parameter(torch.rand(hidden_size)) for _ in range(4)
        )

    def initial_state(self, batch_size, steps):
        return [self.zeros(batch_size, self.hidden_size) for _ in range(3)]

    def forward(self, x, state):
        u, w, s = state
        alpha, beta = torch.clamp(self.alpha, min=0.8, max=0.96), self.beta.clamp(0.967, 0.992)
        w = beta * w + self.a * u + self.b * s
        u = alpha * (u - s) + (1 - alpha) * (self.W(x) + self.V(s) - w)
        soft = torch.sigmoid(4 * (u - 1))
        s = soft + ((u >= 1).float().to(u.dtype) - soft).detach()
        return [u, w, s]


class SpikingUnit(st.Cell):
    """s' = relu(W x + l s (1 - y)), y' = step(s' + b) (Wozniak et al., 2020, eq. 1 and 2)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W, self.b = nn.Linear(input_size, hidden_size), nn.Parameter(-torch.rand(hidden_size))

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.hidden_size)

    def forward(self, x, state):
        y, s = state
        s = functional.elu(self.W(x) + 0.8 * s * (1 - y))
        return torch.sigmoid(s + self.b), s


class ExcitationInhibition(st.Cell):
    """Two kinds of rates with signs that are kept (Song, Yang and Wang, 2016, eq. 1 to 4)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size, hidden_size)
        self.W = nn.Parameter(torch.rand(hidden_size, hidden_size))
        signs = torch.ones(hidden_size)
        signs[3 * hidden_size // 4 :] = -1
        self.mask = (1 - torch.eye(hidden_size)) * signs

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.hidden_size)

    def forward(self, x, state):
        r, v = state
        W = torch.abs(self.W) * self.mask.to(self.W)
        v = v + 0.2 * (-v + self.enter(x) + functional.linear(r, W))
        return functional.softplus(v), v


class EchoState(st.Cell):
    """A fixed reservoir of a chosen radius, with leak (Jaeger et al., 2007, eq. 2)."""

    def __init__(self, input_size, hidden_size, leak=0.3):
        super().__init__(input_size, hidden_size)
        W = torch.randn(hidden_size, hidden_size)
        self.register_buffer("W", 0.9 * W / torch.linalg.eigvals(W).abs().max())
        self.register_buffer("W_in", torch.rand(hidden_size, input_size) - 0.5)
        self.leak, self.out = leak, nn.Linear(hidden_size, hidden_size)

    def forward(self, x, h):
        new = torch.tanh(functional.linear(x, self.W_in) + functional.linear(h, self.W))
        return (1 - self.leak) * h + self.leak * new

    def output(self, x, state):
        return self.out(state)


class KalmanFilter(st.Cell):
    """A linear filter with a full covariance and its gain (Kalman, 1960), its matrices learned."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        n = hidden_size // 2
        self.A, self.H = (
            nn.Parameter(torch.randn(n, n) / 3),
            nn.Parameter(torch.randn(input_size, n)),
        )
        self.q, self.r = nn.Parameter(torch.rand(n)), nn.Parameter(torch.rand(input_size))
        self.out = nn.Linear(n, hidden_size)

    def initial_state(self, batch_size, steps):
        n = self.hidden_size // 2
        P = torch.eye(n, dtype=self.A.dtype).repeat(batch_size, 1, 1)
        return self.zeros(batch_size, n), P

    def forward(self, x, state):
        m, P = state
        m = m @ self.A.T
        P = self.A @ P @ self.A.T + torch.diag_embed(functional.softplus(self.q))
        S = self.H @ P @ self.H.T + torch.diag(self.r.exp())
        K = P @ self.H.T @ torch.inverse(S)
        m = m + (K @ (x - m @ self.H.T).unsqueeze(-1)).squeeze(-1)
        P = P - K @ self.H @ P
        return m, (P + P.transpose(1, 2)) / 2

    def output(self, x, state):
        return self.out(state[0])


class RecurrentKalman(st.Cell):
    """A factorised filter: means and three diagonals (Becker et al., 2019, eq. 3 to 6)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        n = hidden_size // 2
        self.observe, self.noise = nn.Linear(input_size, n), nn.Linear(input_size, n)
        self.B = nn.Parameter(torch.randn(4, n, n) / 4)

    def initial_state(self, batch_size, steps):
        n = self.hidden_size // 2
        ones = self.zeros(batch_size, n) + 1
        return (
            self.zeros(batch_size, 2 * n),
            (ones, ones, self.zeros(batch_size, n))[0],
            ones,
            0 * ones,
        )

    def forward(self, x, state):
        z, u, w, s = state
        up, low = z.chunk(2, -1)
        up, low = up @ self.B[0] + low @ self.B[1], up @ self.B[2] + low @ self.B[3]
        a, b, c, d = (self.B[k] ** 2 for k in range(4))
        u, w = u @ a + w @ b + 0.1, u @ c + w @ d + 0.1
        s = s @ (self.B[0] * self.B[3])
        noise = functional.softplus(self.noise(x)) + 1e-3
        q_up, q_low = u / (u + noise), s / (u + noise)
        residual = self.observe(x) - up
        up, low = up + q_up * residual, low + q_low * residual
        return torch.cat([up, low], -1), (1 - q_up) * u, w - q_low * s, (1 - q_up) * s


class PredictiveCoding(st.Cell):
    """Errors between two layers settle the state (Rao and Ballard, 1999, eq. 7 and 9)."""

    def __init__(self, input_size, hidden_size, settling=3):
        super().__init__(input_size, hidden_size)
        self.U = nn.Linear(hidden_size, input_size, bias=False)
        self.V, self.settling = nn.Linear(hidden_size, hidden_size, bias=False), settling

    def forward(self, x, h):
        prior = torch.tanh(self.V(h))
        r = prior
        for _ in range(self.settling):
            low = x - self.U(r)
            r = r + 0.1 * (low @ self.U.weight) - 0.1 * (r - prior)
        return r


class ControlledEquation(st.Cell):
    """dh = f(h) dX, a matrix by the path's step, in four stages (Kidger et al., 2020, eq. 4)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.f = nn.Sequential(
            nn.Linear(hidden_size, 6),
            nn.Softplus(),
            nn.Linear(6, hidden_size * input_size),
            nn.Tanh(),
        )

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.input_size)

    def _slope(self, h, dX):
        return (self.f(h).view(*h.shape, -1) @ dX.unsqueeze(-1)).squeeze(-1)

    def forward(self, x, state):
        h, last = state
        dX = x - last
        k1 = self._slope(h, dX)
        k2 = self._slope(h + k1 / 2, dX)
        k3 = self._slope(h + k2 / 2, dX)
        k4 = self._slope(h + k3, dX)
        return h + (k1 + 2 * (k2 + k3) + k4) / 6, x


class Symplectic(st.Cell):
    """q and p by leapfrog steps of an energy (Greydanus et al., 2019, eq. 1; Chen et al., 2020)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.K, self.V = nn.Linear(hidden_size // 2, 8), nn.Linear(hidden_size // 2, 8)
        self.force = nn.Linear(input_size, hidden_size // 2)

    @staticmethod
    def _gradient(layer, q):
        return torch.tanh(layer(q)) @ layer.weight

    def forward(self, x, state):
        q, p = state.tensor_split(2, dim=-1)
        p = p - 0.05 * (self._gradient(self.V, q) - self.force(x))
        q = q + 0.1 * self._gradient(self.K, p)
        p = p - 0.05 * (self._gradient(self.V, q) - self.force(x))
        return torch.cat([q, p], -1)


class Oscillators(st.Cell):
    """Phases pulled by sines of their differences (Kuramoto, 1975, eq. 1), driven by the input."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.K, self.omega = (
            nn.Parameter(torch.randn(hidden_size, hidden_size) / 3),
            nn.Linear(input_size, hidden_size),
        )

    def forward(self, x, theta):
        apart = theta.unsqueeze(1) - theta.unsqueeze(2)
        theta = theta + 0.3 * (self.omega(x) + (self.K * torch.sin(apart)).mean(dim=2))
        return torch.remainder(theta, 2 * torch.pi)

    def output(self, x, state):
        return torch.cos(state)


class FixedPoint(st.Cell):
    """Iterates a cell some times, weights shared (Bai, Kolter and Koltun, 2019, eq. 2)."""

    def __init__(self, input_size, hidden_size, iterations=4):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size, hidden_size)
        self.U = nn.utils.parametrizations.weight_norm(nn.Linear(hidden_size, hidden_size))
        self.V, self.iterations = nn.Linear(hidden_size, hidden_size, bias=False), iterations

    def forward(self, x, h):
        z = torch.zeros_like(h)
        for _ in range(self.iterations):
            z = torch.tanh(self.enter(x) + 0.5 * self.U(z) + self.V(h))
        return z


class MomentumLSTM(st.Cell):
    """The input enters by a velocity (Nguyen et al., 2020, eq. 8 and 11)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W, self.U = (
            nn.Linear(input_size, 4 * hidden_size),
            nn.Linear(hidden_size, 4 * hidden_size),
        )

    def initial_state(self, batch_size, steps):
        n = self.hidden_size
        return self.zeros(batch_size, n), self.zeros(batch_size, n), self.zeros(batch_size, 4 * n)

    def forward(self, x, state):
        h, c, v = state
        v = torch.add(0.6 * v, self.W(x), alpha=0.9)
        i, f, g, o = (v + self.U(h)).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c, v


class ScaledLegendre(st.Cell):
    """HiPPO-LegS: the matrix over the step's number (Gu et al., 2020, eq. 3 and theorem 2)."""

    def __init__(self, input_size, hidden_size, order=4):
        super().__init__(input_size, hidden_size)
        self.enter, self.gru = (
            nn.Linear(hidden_size, 1),
            nn.GRUCell(input_size + order, hidden_size),
        )
        row = torch.arange(order, dtype=torch.float)
        r = (2 * row + 1).sqrt()
        self.register_buffer("A", torch.tril(torch.outer(r, r), -1) + torch.diag(row + 1))
        self.register_buffer("B", r)

    def initial_state(self, batch_size, steps):
        t = torch.ones(batch_size, dtype=torch.long)
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, len(self.B)), t

    def forward(self, x, state):
        h, m, t = state
        m = m - (m @ self.A.T) / t.unsqueeze(-1) / 4 + self.enter(h) * self.B / t[:, None]
        return self.gru(torch.cat([x, m], -1), h), m, t + 1


CELLS = [
    AdaptiveSpikes,
    AdaptiveCurrent,
    SpikingUnit,
    ExcitationInhibition,
    EchoState,
    KalmanFilter,
    RecurrentKalman,
    PredictiveCoding,
    ControlledEquation,
    Symplectic,
    Oscillators,
    FixedPoint,
    MomentumLSTM,
    ScaledLegendre,
]
