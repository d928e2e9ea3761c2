"""Memories of several parts: stacks, queues, slots, modules, and attention between them."""

import torch
from torch import nn
from torch.nn import functional

import seqtasks as st


class NeuralStack(st.Cell):
    """Values with strengths, popped and pushed in parts (Grefenstette et al., 2015, eq. 1 to 3)."""

    def __init__(self, input_size, hidden_size, depth=4, size=3):
        super().__init__(input_size, hidden_size)
        self.depth, self.size = depth, size
        self.control = nn.RNNCell(input_size + size, hidden_size)
        self.pop, self.push = nn.Linear(hidden_size, 1), nn.Linear(hidden_size, 1)
        self.value = nn.Linear(hidden_size, size)

    def initial_state(self, batch_size, steps):
        return (
            self.zeros(batch_size, self.hidden_size),
            self.zeros(batch_size, self.size),
            self.zeros(batch_size, self.depth, self.size),
            self.zeros(batch_size, self.depth),
        )

    def forward(self, x, state):
        h, read, V, s = state
        h = self.control(torch.cat([x, read], 1), h)
        u, d = torch.sigmoid(self.pop(h)), torch.sigmoid(self.push(h))
        strengths, used = [], torch.zeros_like(u)
        for i in reversed(range(self.depth)):
            left = torch.relu(u - used)
            strengths.insert(0, torch.relu(s[:, i : i + 1] - left))
            used = used + s[:, i : i + 1]
        s = torch.cat([*strengths[1:], d], dim=1)
        V = torch.cat([V[:, 1:], torch.tanh(self.value(h)).unsqueeze(1)], dim=1)
        above = torch.flip(torch.cumsum(torch.flip(s, [1]), 1), [1]) - s
        weight = torch.minimum(s, torch.relu(1 - above))
        return h, torch.sum(weight.unsqueeze(-1) * V, 1), V, s

    def output(self, x, state):
        return state[0]


class ManyStacks(st.Cell):
    """Several stacks, each pushed, popped or left as it is (Joulin and Mikolov, 2015, eq. 3, 4)."""

    def __init__(self, input_size, hidden_size, stacks=2, depth=5):
        super().__init__(input_size, hidden_size)
        self.U, self.R = nn.Linear(input_size, hidden_size), nn.Linear(hidden_size, hidden_size)
        self.P = nn.Linear(stacks, hidden_size, bias=False)
        self.A, self.D = nn.Linear(hidden_size, 3 * stacks), nn.Linear(hidden_size, stacks)
        self.stacks, self.depth = stacks, depth

    def initial_state(self, batch_size, steps):
        stacks = self.zeros(batch_size, self.stacks, self.depth) - 1
        return self.zeros(batch_size, self.hidden_size), stacks

    def forward(self, x, state):
        h, stack = state
        h = torch.sigmoid(self.U(x) + self.R(h) + self.P(stack[:, :, 0]))
        action = functional.softmax(self.A(h).view(-1, self.stacks, 3), dim=2)
        push, pop, stay = (action[:, :, k : k + 1] for k in range(3))
        new = torch.empty_like(stack)
        new[:, :, 0] = (
            push[..., 0] * torch.sigmoid(self.D(h))
            + pop[..., 0] * stack[:, :, 1]
            + stay[..., 0] * stack[:, :, 0]
        )
        new[:, :, 1:-1] = push * stack[:, :, :-2] + pop * stack[:, :, 2:] + stay * stack[:, :, 1:-1]
        new[:, :, -1] = (
            push[..., 0] * stack[:, :, -2] - pop[..., 0] + stay[..., 0] * stack[:, :, -1]
        )
        return h, new


class SlotAttention(st.Cell):
    """Slots compete for the inputs of a window, and a GRU moves each.

    Locatello et al., 2020, algorithm 1.
    """

    def __init__(self, input_size, hidden_size, slots=2):
        super().__init__(input_size, hidden_size)
        d = hidden_size // slots
        self.slots, self.d = slots, d
        self.places = nn.Linear(input_size, 3 * d)
        self.q, self.k, self.v = (nn.Linear(d, d, bias=False) for _ in range(3))
        self.norm_in, self.norm_slots, self.norm_mlp = (nn.LayerNorm(d) for _ in range(3))
        self.gru = nn.GRUCell(d, d)
        self.mlp = nn.Sequential(nn.Linear(d, 2 * d), nn.ReLU(), nn.Linear(2 * d, d))
        self.start = nn.Parameter(torch.randn(1, slots, d))

    def initial_state(self, batch_size, steps):
        return self.start.repeat(batch_size, 1, 1)

    def forward(self, x, slots):
        b, _, d = slots.shape
        inputs = self.norm_in(self.places(x).view(b, 3, d))
        k, v = self.k(inputs), self.v(inputs)
        q = self.q(self.norm_slots(slots)) * d**-0.5
        attn = torch.einsum("bid,bjd->bij", q, k).softmax(dim=1) + 1e-8
        attn = attn / attn.sum(dim=-1, keepdim=True)
        updates = torch.einsum("bjd,bij->bid", v, attn)
        slots = self.gru(updates.reshape(-1, d), slots.reshape(-1, d))
        slots = slots.reshape(b, -1, d)
        return slots + self.mlp(self.norm_mlp(slots))

    def output(self, x, state):
        return state.flatten(1)


class FoldedHeads(st.Cell):
    """A memory read by attention with its heads folded into the batch.

    After Vaswani et al., 2017, eq. 1, as torch's own layer folds them.
    """

    def __init__(self, input_size, hidden_size, heads=2, slots=3):
        super().__init__(input_size, hidden_size)
        self.heads, self.slots = heads, slots
        self.enter = nn.Linear(input_size, hidden_size)
        self.qkv = nn.Linear(hidden_size, 3 * hidden_size)

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.slots, self.hidden_size)

    def forward(self, x, memory):
        b, s, n = memory.size()
        memory = torch.cat([memory[:, 1:], self.enter(x)[:, None]], 1)
        d = n // self.heads
        q, k, v = self.qkv(memory).chunk(3, -1)
        q, k, v = (
            t.view(b, s, self.heads, d).transpose(1, 2).reshape(b * self.heads, s, d)
            for t in (q, k, v)
        )
        weights = functional.softmax(torch.bmm(q, k.transpose(1, 2)) / d**0.5, dim=-1)
        read = torch.bmm(weights, v).view(b, self.heads, s, d)
        return memory + read.transpose(1, 2).contiguous().view(b, s, n)

    def output(self, x, state):
        return state[:, -1]


class TokenMemory(st.Cell):
    """Memory tokens and the input attend to each other by torch's layer (Bulatov et al., 2022)."""

    def __init__(self, input_size, hidden_size, tokens=2):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size, hidden_size)
        self.layer = nn.TransformerEncoderLayer(
            hidden_size, 2, 2 * hidden_size, dropout=0.0, batch_first=True, norm_first=True
        )
        self.first = nn.Parameter(torch.randn(tokens, hidden_size) / 2)

    def initial_state(self, batch_size, steps):
        return self.first.unsqueeze(0).expand(batch_size, -1, -1)

    def forward(self, x, memory):
        together = torch.cat([memory, self.enter(x).unsqueeze(1)], dim=1)
        return self.layer(together)[:, : memory.size(1)]

    def output(self, x, state):
        return state.mean(dim=1)


class DifferentiableComputer(st.Cell):
    """Content, allocation by sorted usage, and links in time (Graves et al., 2016, methods)."""

    def __init__(self, input_size, hidden_size, slots=3, width=3):
        super().__init__(input_size, hidden_size)
        self.N, self.W = slots, width
        self.lstm = nn.LSTMCell(input_size + width, hidden_size)
        self.interface = nn.Linear(hidden_size, 4 * width + 8)
        self.out = nn.Linear(hidden_size + width, hidden_size)

    def initial_state(self, batch_size, steps):
        n, N, W = self.hidden_size, self.N, self.W
        sizes = [(n,), (n,), (n,), (N, W), (N,), (N,), (N, N), (N,), (N,), (W,)]
        return tuple(self.zeros(batch_size, *size) for size in sizes)

    def _content(self, M, key, strength):
        score = functional.cosine_similarity(M + 1e-6, key.unsqueeze(1), dim=-1)
        return torch.softmax(score * functional.softplus(strength), -1)

    def forward(self, x, state):
        _, h, c, M, u, p, L, wr, ww, read = state
        h, c = self.lstm(torch.cat([x, read], 1), (h, c))
        W = self.W
        kr, kw, e, v, rest = self.interface(h).split([W, W, W, W, 8], -1)
        free, ga, gw, bw, br = (rest[:, k : k + 1] for k in range(5))
        modes = rest[:, 5:].softmax(-1)
        u = (u + ww - u * ww) * (1 - free.sigmoid() * wr)
        order, phi = torch.topk(u, self.N, dim=1, largest=False)
        product = torch.cumprod(torch.cat([torch.ones_like(order[:, :1]), order], 1), 1)[:, :-1]
        a = torch.gather((1 - order) * product, 1, torch.argsort(phi, dim=1))
        ga, gw = ga.sigmoid(), gw.sigmoid()
        ww = gw * (ga * a + (1 - ga) * self._content(M, kw, bw))
        M = M * (1 - ww[:, :, None] * e.sigmoid()[:, None]) + ww[:, :, None] * v[:, None]
        L = (1 - ww[:, :, None] - ww[:, None]) * L + ww[:, :, None] * p[:, None]
        L = L * (1 - torch.eye(self.N, dtype=L.dtype))
        p = (1 - ww.sum(1, keepdim=True)) * p + ww
        ahead, back = torch.bmm(L, wr[..., None])[..., 0], torch.bmm(L.mT, wr[..., None])[..., 0]
        found = self._content(M, kr, br)
        wr = modes[:, 0:1] * back + modes[:, 1:2] * found + modes[:, 2:3] * ahead
        read = (wr.unsqueeze(1) @ M).squeeze(1)
        return self.out(torch.cat([h, read], 1)), h, c, M, u, p, L, wr, ww, read


class EntityNetwork(st.Cell):
    """Gated blocks with keys, kept at length one (Henaff et al., 2017, eq. 2 to 5)."""

    def __init__(self, input_size, hidden_size, blocks=2):
        super().__init__(input_size, hidden_size)
        d = hidden_size // blocks
        self.keys = nn.Parameter(torch.randn(blocks, d))
        self.enter, self.act = nn.Linear(input_size, d), nn.PReLU()
        self.U, self.V, self.W = (nn.Linear(d, d, bias=False) for _ in range(3))

    def initial_state(self, batch_size, steps):
        return self.keys.unsqueeze(0).expand(batch_size, *self.keys.shape)

    def forward(self, x, h):
        s = self.enter(x)[:, None]
        g = torch.sigmoid((s * h).sum(-1) + (s * self.keys).sum(-1))
        new = self.act(self.U(h) + self.V(self.keys) + self.W(s))
        h = h + g[..., None] * new
        return h / (h.norm(p=2, dim=-1, keepdim=True) + 1e-8)

    def output(self, x, state):
        return state.reshape(len(x), -1)


class SchemaModules(st.Cell):
    """Modules that compete by attention; the best ones move (Goyal et al., 2021, sec. 4)."""

    def __init__(self, input_size, hidden_size, modules=4, active=2):
        super().__init__(input_size, hidden_size)
        d = hidden_size // modules
        self.active = active
        self.key, self.value = nn.Linear(input_size, d), nn.Linear(input_size, d)
        self.query = nn.Parameter(torch.randn(modules, d, d) / 2)
        self.cells = nn.ModuleList([nn.GRUCell(d, d) for _ in range(modules)])

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, len(self.cells), self.hidden_size // len(self.cells))

    def forward(self, x, h):
        q = torch.einsum("bmd,mde->bme", h + 0.1, self.query)
        score = (q * self.key(x)[:, None]).sum(-1) / q.shape[-1] ** 0.5
        _, best = torch.topk(score, self.active, dim=-1)
        mask = torch.zeros_like(score).scatter(1, best, 1.0).unsqueeze(-1)
        share = torch.sigmoid(score).unsqueeze(-1)
        entered = share * self.value(x).unsqueeze(1)
        new = torch.stack([f(entered[:, k], h[:, k]) for k, f in enumerate(self.cells)], dim=1)
        return mask * new + (1 - mask) * h

    def output(self, x, state):
        return state.flatten(start_dim=1)


class TensorProductMemory(st.Cell):
    """Entities and relations are bound, moved and unbound (Schlag and Schmidhuber, 2018, eq. 5)."""

    def __init__(self, input_size, hidden_size, entity=3, role=2):
        super().__init__(input_size, hidden_size)
        self.e1, self.e2 = nn.Linear(input_size, entity), nn.Linear(input_size, entity)
        self.r1, self.r2 = nn.Linear(input_size, role), nn.Linear(input_size, role)
        self.out, self.shape = nn.Linear(entity, hidden_size), (entity, role, entity)

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, *self.shape)

    def forward(self, x, state):
        F = state[1]
        e1, e2, r1, r2 = (torch.tanh(f(x)) for f in (self.e1, self.e2, self.r1, self.r2))
        w_hat = torch.einsum("be,br,berf->bf", e1, r1, F)
        m_hat = torch.einsum("be,br,berf->bf", e1, r2, F)
        write = torch.einsum("be,br,bf->berf", e1, r1, e2 - w_hat)
        move = torch.einsum("be,br,bf->berf", e1, r2, w_hat - m_hat)
        F = F + write + move
        read = torch.einsum("be,br,berf->bf", e2, r1, F)
        return self.out(read), F


class CapsuleRouting(st.Cell):
    """Parts agree on a whole in two rounds (Sabour, Frosst and Hinton, 2017, procedure 1)."""

    def __init__(self, input_size, hidden_size, parts=3, wholes=2):
        super().__init__(input_size, hidden_size)
        d = hidden_size // wholes
        self.enter = nn.Linear(input_size + hidden_size, parts * 2)
        self.W = nn.Parameter(torch.randn(parts, wholes, d, 2) / 2)

    @staticmethod
    def _squash(s):
        square = (s**2).sum(-1, keepdim=True)
        return square / (1 + square) * s / torch.sqrt(square + 1e-9)

    def forward(self, x, h):
        u = self.enter(torch.cat([x, h], -1)).view(len(x), -1, 2)
        votes = torch.einsum("pwdi,bpi->bpwd", self.W, u)
        b = torch.zeros(len(x), *votes.shape[1:3], dtype=x.dtype)
        for _ in range(2):
            c = functional.softmax(b, dim=2)
            v = self._squash((c[..., None] * votes).sum(1))
            b = b + (votes * v[:, None]).sum(-1)
        return v.flatten(1)


class HopfieldRetrieval(st.Cell):
    """ξ' = X softmax(β Xᵀ ξ), stored patterns as weights (Ramsauer et al., 2021, eq. 3)."""

    def __init__(self, input_size, hidden_size, patterns=5, beta=2.0):
        super().__init__(input_size, hidden_size)
        self.X = nn.Parameter(torch.randn(patterns, hidden_size))
        self.enter, self.beta = nn.Linear(input_size, hidden_size), beta

    def forward(self, x, xi):
        xi = functional.layer_norm(0.5 * xi + self.enter(x), [self.hidden_size])
        for _ in range(2):
            xi = torch.softmax(self.beta * xi @ self.X.T, dim=-1) @ self.X
        return xi


CELLS = [
    NeuralStack,
    ManyStacks,
    SlotAttention,
    FoldedHeads,
    TokenMemory,
    DifferentiableComputer,
    EntityNetwork,
    SchemaModules,
    TensorProductMemory,
    CapsuleRouting,
    HopfieldRetrieval,
]
