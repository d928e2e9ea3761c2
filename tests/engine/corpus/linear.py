"""Linear attention, and fast weights that a rule of learning writes."""

import math

import torch
from torch import nn
from torch.nn import functional

import seqtasks as st


class WithMatrix(st.Cell):
    """A cell whose state is its output and a matrix for each head."""

    heads = 2

    def initial_state(self, batch_size, steps):
        n = self.hidden_size // self.heads
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.heads, n, n)

    def in_heads(self, x):
        return x.view(x.shape[0], self.heads, -1)


class LinearAttention(st.Cell):
    """S' = S + φ(k) vᵀ, z' = z + φ(k), φ = elu + 1 (Katharopoulos et al., 2020, eq. 16 to 20)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.query, self.key, self.value = (nn.Linear(input_size, hidden_size) for _ in range(3))

    def initial_state(self, batch_size, steps):
        n = self.hidden_size
        return [self.zeros(batch_size, n), self.zeros(batch_size, n, n), self.zeros(batch_size, n)]

    def forward(self, x, state):
        _, S, z = state
        Q = functional.elu(self.query(x)) + 1
        K = functional.elu(self.key(x)) + 1
        S = S + torch.einsum("nd,nm->ndm", K, self.value(x))
        z = z + K
        V = torch.einsum("nd,ndm,n->nm", Q, S, 1 / (torch.einsum("nd,nd->n", Q, z) + 1e-6))
        return [V, S, z]


class RandomFeatures(st.Cell):
    """Attention by random features, with a gate (Peng et al., 2021, eq. 8 and 10)."""

    def __init__(self, input_size, hidden_size, features=4):
        super().__init__(input_size, hidden_size)
        self.qk = nn.Linear(input_size, 2 * hidden_size)
        self.v, self.gate = nn.Linear(input_size, hidden_size), nn.Linear(input_size, 1)
        self.register_buffer("w", torch.randn(features, hidden_size))

    def initial_state(self, batch_size, steps):
        d = 2 * len(self.w)
        S = self.zeros(batch_size, d, self.hidden_size)
        return self.zeros(batch_size, self.hidden_size), S, self.zeros(batch_size, d)

    def _phi(self, x):
        x = functional.normalize(x, p=2, dim=-1) @ self.w.t()
        return torch.cat([torch.sin(x), torch.cos(x)], -1) / math.sqrt(len(self.w))

    def forward(self, x, state):
        _, S, z = state
        q, k = map(self._phi, self.qk(x).chunk(2, -1))
        g = torch.sigmoid(self.gate(x))
        S = g.unsqueeze(-1) * S + (1 - g).unsqueeze(-1) * torch.bmm(
            k[:, :, None], self.v(x)[:, None]
        )
        z = g * z + (1 - g) * k
        return (q.unsqueeze(1) @ S).squeeze(1) / (q * z).sum(-1, keepdim=True).clamp(min=0.1), S, z


class Retention(WithMatrix):
    """S' = γ S + kᵀ v, a decay for each head, group norm (Sun et al., 2023, eq. 6 and 8)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.qkv = nn.Linear(input_size, 3 * hidden_size, bias=False)
        self.g, self.o = nn.Linear(input_size, hidden_size), nn.Linear(hidden_size, hidden_size)
        self.norm = nn.GroupNorm(self.heads, hidden_size)
        decay = 1 - 2.0 ** (-5 - torch.arange(self.heads, dtype=torch.float))
        self.register_buffer("decay", decay)

    def forward(self, x, state):
        q, k, v = (self.in_heads(part) for part in self.qkv(x).chunk(3, -1))
        k = k * q.size(-1) ** -0.5
        S = self.decay[None, :, None, None] * state[1] + k.unsqueeze(-1) * v.unsqueeze(-2)
        y = torch.sum(q.unsqueeze(-1) * S, dim=-2).flatten(1)
        return self.o(functional.silu(self.g(x)) * self.norm(y)), S


class GatedLinearAttention(WithMatrix):
    """S' = diag(α) S + kᵀ v, α by a low rank (Yang et al., 2023, eq. 3 and sec. 4.4)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.q, self.k, self.v = (nn.Linear(input_size, hidden_size, bias=False) for _ in range(3))
        self.low = nn.Sequential(nn.Linear(input_size, 2, bias=False), nn.Linear(2, hidden_size))
        self.norm = nn.RMSNorm(hidden_size // self.heads)

    def forward(self, x, state):
        alpha = (functional.logsigmoid(self.low(x)) / 16).exp()
        q, k, v, alpha = map(self.in_heads, (self.q(x), self.k(x), self.v(x), alpha))
        S = state[1] * alpha.unsqueeze(-1) + torch.einsum("bhk,bhv->bhkv", k, v)
        return self.norm(torch.einsum("bhk,bhkv->bhv", q, S)).flatten(1), S


class HGRN2(WithMatrix):
    """S' = diag(f) S + (1 - f)ᵀ i, f above a bound (Qin et al., 2024, eq. 7)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.f, self.i, self.o = (nn.Linear(input_size, hidden_size) for _ in range(3))
        self.bound = nn.Parameter(torch.zeros(2, hidden_size))

    def forward(self, x, state):
        low = self.bound.softmax(0).cumsum(0)[0]
        f = low + (1 - low) * self.f(x).sigmoid()
        f, i, o = self.in_heads(f), self.in_heads(self.i(x)), self.in_heads(self.o(x))
        S = f[..., None] * state[1] + (1 - f)[..., None] @ i[..., None, :]
        return (o.unsqueeze(-2) @ S).squeeze(-2).reshape(len(x), -1), S


class StateSpaceDual(st.Cell):
    """Mamba-2: one decay for each head, a window before (Dao and Gu, 2024, sec. 5 and 7)."""

    def __init__(self, input_size, hidden_size, heads=2, order=3, window=3):
        super().__init__(input_size, hidden_size)
        self.heads, self.order = heads, order
        self.enter = nn.Linear(input_size, 2 * hidden_size + 2 * order + heads, bias=False)
        width = hidden_size + 2 * order
        self.conv = nn.Conv1d(width, width, window, groups=width, padding=window - 1)
        self.dt_bias, self.A_log = nn.Parameter(torch.rand(heads)), nn.Parameter(torch.rand(heads))
        self.D = nn.Parameter(torch.ones(heads))
        self.norm = nn.RMSNorm(hidden_size)

    def initial_state(self, batch_size, steps):
        width, window = self.conv.weight.shape[0], self.conv.kernel_size[0]
        each = self.hidden_size // self.heads
        return (
            self.zeros(batch_size, self.hidden_size),
            self.zeros(batch_size, width, window),
            self.zeros(batch_size, self.heads, each, self.order),
        )

    def forward(self, x, state):
        _, window, S = state
        n = self.hidden_size
        z, xBC, dt = torch.split(self.enter(x), [n, n + 2 * self.order, self.heads], dim=-1)
        window = torch.roll(window, shifts=-1, dims=-1)
        window[:, :, -1] = xBC
        xBC = torch.sum(window * self.conv.weight.squeeze(1), dim=-1) + self.conv.bias
        u, B, C = torch.split(functional.silu(xBC), [n, self.order, self.order], dim=-1)
        dt = functional.softplus(dt + self.dt_bias)
        dA = torch.exp(dt * -torch.exp(self.A_log))
        u = u.view(len(u), self.heads, -1)
        dBx = torch.einsum("bh,bn,bhp->bhpn", dt, B, u)
        S = S * dA[:, :, None, None] + dBx
        y = torch.einsum("bhpn,bn->bhp", S, C) + self.D[:, None] * u
        return self.norm(y.flatten(1) * functional.silu(z)), window, S


class RWKV7(WithMatrix):
    """S' = S diag(w) - S k̂ (a k̂)ᵀ + v kᵀ, with a shift of tokens (Peng et al., 2025, eq. 1)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.mix = nn.ParameterDict(
            {name: nn.Parameter(torch.rand(input_size)) for name in "rwkva"}
        )
        self.maps = nn.ModuleDict({name: nn.Linear(input_size, hidden_size) for name in "rwkva"})

    def initial_state(self, batch_size, steps):
        return (*super().initial_state(batch_size, steps), self.zeros(batch_size, self.input_size))

    def forward(self, x, state):
        _, S, last = state
        part = {name: self.maps[name](x + (last - x) * self.mix[name]) for name in "rwkva"}
        w = torch.exp(-0.606531 * torch.sigmoid(part["w"]))
        r, w, k, v, a = (self.in_heads(p) for p in (part["r"], w, part["k"], part["v"], part["a"]))
        kk = functional.normalize(k, dim=-1, p=2.0)
        ab = (-kk).unsqueeze(-1) @ (kk * a.sigmoid()).unsqueeze(-2)
        S = S * w.unsqueeze(-2) + S @ ab + v.unsqueeze(-1) @ k.unsqueeze(-2)
        return (S @ r.unsqueeze(-1)).flatten(1), S, x


class TestTimeTraining(WithMatrix):
    """W' = W - η ∇ |W k - v|², the gradient written out (Sun et al., 2024, eq. 4 and 5)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.theta = nn.Parameter(torch.randn(3, input_size, hidden_size) / 2)
        self.W0 = nn.Parameter(torch.randn(self.heads, hidden_size // 2, hidden_size // 2) / 4)
        self.rate, self.norm = nn.Linear(input_size, self.heads), nn.LayerNorm(hidden_size // 2)

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.W0.expand(batch_size, -1, -1, -1)

    def forward(self, x, state):
        W = state[1]
        k, v, q = (self.in_heads(x @ theta) for theta in self.theta)
        error = torch.matmul(W, k.unsqueeze(-1)).squeeze(-1) - v
        eta = torch.sigmoid(self.rate(x)).view(-1, self.heads, 1, 1)
        W = W - eta * error.unsqueeze(-1) * k.unsqueeze(-2)
        return (q + self.norm((W @ q.unsqueeze(-1)).squeeze(-1))).flatten(1), W


class NeuralMemory(WithMatrix):
    """Surprise with momentum and forgetting (Behrouz et al., 2024, eq. 13 and 14)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.k, self.v, self.q = (nn.Linear(input_size, hidden_size, bias=False) for _ in range(3))
        self.rates = nn.Linear(input_size, 3)

    def initial_state(self, batch_size, steps):
        y, M = super().initial_state(batch_size, steps)
        return y, M, M.clone()

    def forward(self, x, state):
        _, M, S = state
        k, v, q = (self.in_heads(f(x)) for f in (self.k, self.v, self.q))
        eta, theta, alpha = (g[:, None, None, None] for g in self.rates(x).sigmoid().unbind(-1))
        gradient = 2 * ((M @ k[..., None]) - v[..., None]) @ k[..., None, :]
        S = eta * S - theta * gradient
        M = (1 - alpha) * M + S
        return (M @ q[..., None]).squeeze(-1).reshape(x.size(0), -1), M, S


class FastWeightMemory(st.Cell):
    """An LSTM that writes a memory of third order (Schlag et al., 2021, FWM, eq. 5)."""

    def __init__(self, input_size, hidden_size, size=3):
        super().__init__(input_size, hidden_size)
        self.lstm, self.size = nn.LSTMCell(input_size, hidden_size), size
        self.write, self.read = (
            nn.Linear(hidden_size, 3 * size + 1),
            nn.Linear(hidden_size, 3 * size),
        )
        self.out = nn.Linear(size, hidden_size)
        self.norm = nn.LayerNorm(size, elementwise_affine=False)

    def initial_state(self, batch_size, steps):
        n, s = self.hidden_size, self.size
        F = self.zeros(batch_size, s, s, s)
        return self.zeros(batch_size, n), self.zeros(batch_size, n), self.zeros(batch_size, n), F

    def forward(self, x, state):
        _, h, c, F = state
        h, c = self.lstm(x, (h, c))
        write = self.write(h)
        s, r, t = torch.tanh(write[:, :-1]).chunk(3, dim=1)
        b = torch.sigmoid(write[:, -1:] + 1)
        sr = torch.einsum("bs,br->bsr", s, r)
        old = torch.einsum("bsr,bsrv->bv", sr, F)
        F = F + torch.einsum("bsr,bv->bsrv", sr, b * (t - old))
        F = F / torch.clamp(F.flatten(1).norm(dim=1), min=1.0)[:, None, None, None]
        n, *rs = torch.tanh(self.read(h)).chunk(3, dim=1)
        for r in rs:
            n = self.norm(torch.einsum("bs,br,bsrv->bv", n, r, F))
        return h + self.out(n), h, c, F


CELLS = [
    LinearAttention,
    RandomFeatures,
    Retention,
    GatedLinearAttention,
    HGRN2,
    StateSpaceDual,
    RWKV7,
    TestTimeTraining,
    NeuralMemory,
    FastWeightMemory,
]
