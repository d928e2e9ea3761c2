"""States that are matrices: associative memories and fast weights."""

import torch
from torch import nn
from torch.nn import functional

import seqtasks as st


class StabilisedMLSTM(st.Cell):
    """C' = f C + i v kᵀ, n' = f n + i k, with a running maximum m.

    Beck et al., 2024, eq. 19 to 27.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.qkv = nn.Linear(input_size, 3 * hidden_size)
        self.gates = nn.Linear(input_size, 2)
        self.o = nn.Linear(input_size, hidden_size)

    def initial_state(self, batch_size, steps):
        n = self.hidden_size
        return (
            self.zeros(batch_size, n),
            self.zeros(batch_size, n, n),
            self.zeros(batch_size, n),
            self.zeros(batch_size, 1),
        )

    def forward(self, x, state):
        _, C, n, m = state
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        k = k / self.hidden_size**0.5
        i, f = self.gates(x).split(1, dim=-1)
        f = functional.logsigmoid(f)
        m_new = torch.max(f + m, i)
        i, f = torch.exp(i - m_new), torch.exp(f + m - m_new)
        C = f[..., None] * C + i[..., None] * (v.unsqueeze(2) @ k.unsqueeze(1))
        n = f * n + i * k
        bottom = torch.abs((n * q).sum(-1, keepdim=True))
        top = (C @ q.unsqueeze(-1)).squeeze(-1)
        h = torch.sigmoid(self.o(x)) * top / torch.maximum(bottom, torch.exp(-m_new))
        return h, C, n, m_new


class StabilisedSLSTM(st.Cell):
    """c' = f c + i z, n' = f n + i, with a running maximum m (Beck et al., 2024, eq. 8 to 17).

    The states are stacked in one tensor. Whether a row has begun is a flag of its own.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.W = nn.Linear(input_size, 4 * hidden_size)
        self.R = nn.Parameter(torch.randn(2, hidden_size // 2, 2 * hidden_size) / 3)

    def initial_state(self, batch_size, steps):
        begun = torch.zeros(batch_size, 1, dtype=torch.bool)
        return self.zeros(batch_size, 4, self.hidden_size), begun

    def forward(self, x, state):
        states, begun = state
        y, c, n, m = states.unbind(1)
        heads = y.view(y.size(0), 2, -1).permute(1, 0, 2)
        mixed = torch.bmm(heads, self.R).permute(1, 0, 2).reshape(y.size(0), 2, 4, -1)
        raw = self.W(x) + mixed.transpose(1, 2).reshape(y.size(0), -1)
        i, f, z, o = raw.view(raw.size(0), 4, -1).unbind(1)
        logfplusm = m + functional.logsigmoid(f)
        mnew = torch.where(begun, torch.max(i, logfplusm), i)
        igate = torch.minimum(torch.exp(i - mnew), torch.ones_like(i))
        fgate = torch.minimum(torch.exp(logfplusm - mnew), torch.ones_like(i))
        c = fgate * c + igate * torch.tanh(z)
        n = fgate * n + igate
        return torch.stack((torch.sigmoid(o) * c / n, c, n, mnew), dim=1), begun | True

    def output(self, x, state):
        return state[0][:, 0]


class DeltaNet(st.Cell):
    """S' = S + β (v - S k) kᵀ (Schlag, Irie and Schmidhuber, 2021, eq. 24)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.qkv = nn.Linear(input_size, 3 * hidden_size, bias=False)
        self.beta = nn.Linear(input_size, 1)

    def initial_state(self, batch_size, steps):
        n = self.hidden_size
        return self.zeros(batch_size, n), self.zeros(batch_size, n, n)

    def forward(self, x, state):
        _, S = state
        q, k, v = self.qkv(x).chunk(3, -1)
        q, k = functional.softmax(q, -1), functional.softmax(k, -1)
        old = torch.bmm(S, k.unsqueeze(2)).squeeze(2)
        S = torch.baddbmm(S, (self.beta(x).sigmoid() * (v - old)).unsqueeze(2), k.unsqueeze(1))
        return torch.einsum("bij,bj->bi", S, q), S


class GatedDeltaNet(st.Cell):
    """S' = α S (I - β k kᵀ) + β v kᵀ by heads (Yang et al., 2024, eq. 10)."""

    def __init__(self, input_size, hidden_size, heads=2):
        super().__init__(input_size, hidden_size)
        self.heads, self.each = heads, hidden_size // heads
        self.q, self.k, self.v = (nn.Linear(input_size, hidden_size, bias=False) for _ in range(3))
        self.alpha, self.beta = nn.Linear(input_size, heads), nn.Linear(input_size, heads)
        self.norm = nn.LayerNorm(hidden_size)

    def initial_state(self, batch_size, steps):
        matrices = self.zeros(batch_size, self.heads, self.each, self.each)
        return self.zeros(batch_size, self.hidden_size), matrices

    def forward(self, x, state):
        S = state[1]
        heads = (x.size(0), self.heads, self.each)
        q, k, v = (of(x).reshape(heads) for of in (self.q, self.k, self.v))
        q, k = functional.normalize(q, dim=-1), functional.normalize(k, p=2, dim=-1)
        S = S * torch.exp(functional.logsigmoid(self.alpha(x)))[..., None, None]
        kept = v - (S * k[..., None]).sum(-2)
        S = S + k.unsqueeze(-1) * (kept * self.beta(x).sigmoid()[..., None]).unsqueeze(-2)
        return self.norm(torch.einsum("bhd,bhdm->bhm", q, S).flatten(1)), S


class FastWeights(st.Cell):
    """A' = λ A + η h hᵀ; the inner loop settles h by A (Ba et al., 2016, eq. 1 and 2)."""

    def __init__(self, input_size, hidden_size, inner=2):
        super().__init__(input_size, hidden_size)
        self.inner = inner
        self.C = nn.Linear(input_size, hidden_size)
        self.W = nn.Linear(hidden_size, hidden_size, bias=False)
        self.norm = nn.LayerNorm(hidden_size)

    def initial_state(self, batch_size, steps):
        n = self.hidden_size
        return self.zeros(batch_size, n), self.zeros(batch_size, n, n)

    def forward(self, x, state):
        h, A = state
        A = 0.95 * A + 0.5 * torch.einsum("bi,bj->bij", h, h)
        boundary = self.W(h) + self.C(x)
        h = torch.relu(boundary)
        for _ in range(self.inner):
            h = torch.relu(self.norm(boundary + torch.matmul(A, h.unsqueeze(-1)).squeeze(-1)))
        return h, A


class HebbianTrace(st.Cell):
    """h' = tanh(W x + h (w + α ∘ Hebb)); Hebb' = (1-η) Hebb + η h h'.

    Miconi et al., 2018, eq. 1, 2.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size, hidden_size)
        self.w = nn.Parameter(torch.randn(hidden_size, hidden_size) / 3)
        self.alpha = nn.Parameter(torch.randn(hidden_size, hidden_size) / 3)
        self.eta = nn.Parameter(torch.tensor([0.1]))

    def initial_state(self, batch_size, steps):
        n = self.hidden_size
        return self.zeros(batch_size, n), self.zeros(batch_size, n, n)

    def forward(self, x, state):
        h, hebb = state
        plastic = h.unsqueeze(1).bmm(self.w + torch.mul(self.alpha, hebb)).squeeze(1)
        new = torch.tanh(self.enter(x) + plastic)
        hebb = (1 - self.eta) * hebb + self.eta * torch.bmm(h.unsqueeze(2), new.unsqueeze(1))
        return new, hebb


CELLS = [StabilisedMLSTM, StabilisedSLSTM, DeltaNet, GatedDeltaNet, FastWeights, HebbianTrace]
