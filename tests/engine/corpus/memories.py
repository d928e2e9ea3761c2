"""Stacks, tapes and slots, moved by soft actions or read by attention."""

import torch
from torch import nn
from torch.nn import functional

import seqtasks as st


class SoftStack(st.Cell):
    """s'[0] = a_push σ(D h) + a_pop s[1] + a_noop s[0], and so on down.

    Joulin and Mikolov, 2015, eq. 4.

    The next stack is made as zeros and then filled.
    """

    def __init__(self, input_size, hidden_size, depth=6):
        super().__init__(input_size, hidden_size)
        self.depth = depth
        self.U = nn.Linear(input_size, hidden_size)
        self.R = nn.Linear(hidden_size, hidden_size, bias=False)
        self.P = nn.Linear(1, hidden_size, bias=False)
        self.A, self.D = nn.Linear(hidden_size, 3), nn.Linear(hidden_size, 1)

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.depth)

    def forward(self, x, state):
        h, stack = state
        h = torch.sigmoid(self.U(x) + self.R(h) + self.P(stack[:, :1]))
        push, pop, noop = functional.softmax(self.A(h), dim=-1).split(1, dim=1)
        new = torch.zeros_like(stack)
        new[:, :1] = push * torch.sigmoid(self.D(h))
        new[:, 1:] = push * stack[:, :-1]
        new[:, :-1] += pop * stack[:, 1:]
        new += noop * stack
        return h, new


class NeuralTuringMachine(st.Cell):
    """Content, interpolation, shift and sharpening (Graves et al., 2014, eq. 2 to 9)."""

    def __init__(self, input_size, hidden_size, slots=5, width=4):
        super().__init__(input_size, hidden_size)
        self.slots, self.width = slots, width
        self.controller = nn.LSTMCell(input_size + width, hidden_size)
        self.head = nn.Linear(hidden_size, 3 * width + 6)
        self.bias = nn.Parameter(torch.randn(slots, width) / 4)

    def initial_state(self, batch_size, steps):
        zeros = [self.zeros(batch_size, n) for n in (self.hidden_size, self.hidden_size)]
        memory = self.bias.repeat(batch_size, 1, 1)
        return (
            *zeros,
            memory,
            self.zeros(batch_size, self.slots),
            self.zeros(batch_size, self.width),
        )

    def forward(self, x, state):
        h, c, memory, w, read = state
        h, c = self.controller(torch.cat([x, read], dim=1), (h, c))
        sizes = [self.width, self.width, self.width, 1, 1, 3, 1]
        k, e, a, beta, g, s, gamma = torch.split(self.head(h), sizes, dim=1)
        beta, g = functional.softplus(beta), torch.sigmoid(g)
        s, gamma = functional.softmax(s, dim=1), 1 + functional.softplus(gamma)
        likeness = functional.cosine_similarity(memory + 1e-16, k.unsqueeze(1) + 1e-16, dim=-1)
        content = functional.softmax(beta * likeness, dim=1)
        gated = g * content + (1 - g) * w
        around = torch.cat([gated[:, -1:], gated, gated[:, :1]], dim=1)
        shifted = sum(s[:, j : j + 1] * around[:, j : j + self.slots] for j in range(3))
        w = (shifted + 1e-12) ** gamma
        w = torch.div(w, torch.sum(w, dim=1, keepdim=True) + 1e-16)
        erase = torch.matmul(w.unsqueeze(-1), torch.sigmoid(e).unsqueeze(1))
        memory = memory * (1 - erase) + torch.matmul(w.unsqueeze(-1), a.unsqueeze(1))
        return h, c, memory, w, torch.matmul(w.unsqueeze(1), memory).squeeze(1)


class RelationalMemory(st.Cell):
    """Slots attend to each other and to the input (Santoro et al., 2018, eq. 1 to 6)."""

    def __init__(self, input_size, hidden_size, slots=3, heads=2):
        super().__init__(input_size, hidden_size)
        self.slots, self.heads, self.each = slots, heads, hidden_size // heads
        self.enter = nn.Linear(input_size, hidden_size)
        self.qkv = nn.Linear(hidden_size, 3 * hidden_size)
        self.qkv_norm = nn.LayerNorm([slots + 1, 3 * hidden_size])
        self.mlp = nn.Linear(hidden_size, hidden_size)
        self.norm = nn.LayerNorm([slots, hidden_size])
        self.gates = nn.Linear(hidden_size, 2 * hidden_size)

    def initial_state(self, batch_size, steps):
        eye = torch.eye(self.slots, self.hidden_size, dtype=self.enter.weight.dtype)
        return torch.stack([eye] * batch_size)

    def forward(self, x, memory):
        x = self.enter(x).unsqueeze(1)
        both = torch.cat([memory, x], dim=1)
        qkv = self.qkv_norm(self.qkv(both))
        qkv = qkv.view(both.shape[0], self.slots + 1, self.heads, 3 * self.each).permute(0, 2, 1, 3)
        q, k, v = (qkv[..., j * self.each : (j + 1) * self.each] for j in range(3))
        q *= self.each**-0.5
        weights = torch.softmax(torch.matmul(q, k.permute(0, 1, 3, 2)), dim=-1)
        attended = torch.matmul(weights, v).permute(0, 2, 1, 3).contiguous()
        new = attended.view(both.shape[0], self.slots + 1, -1)[:, : self.slots]
        new = self.norm(new + memory)
        new = new + torch.relu(self.mlp(new))
        i, f = torch.split(self.gates(x + torch.tanh(memory)), self.hidden_size, dim=-1)
        return torch.sigmoid(i) * torch.tanh(new) + torch.sigmoid(f + 1.0) * memory

    def output(self, x, memory):
        return memory.view(memory.shape[0], -1)

    @property
    def output_size(self):
        return self.slots * self.hidden_size


class AttentionWindow(st.Cell):
    """Attention over the last steps, which a counter fills in turn.

    After Cheng et al., 2016, eq. 3, 4.

    The counter is a whole number in the state, and the window's masked places are filled with -∞.
    """

    def __init__(self, input_size, hidden_size, window=4):
        super().__init__(input_size, hidden_size)
        self.window = window
        self.q, self.k, self.v = (nn.Linear(input_size, hidden_size) for _ in range(3))

    def initial_state(self, batch_size, steps):
        held = [self.zeros(batch_size, self.window, self.hidden_size) for _ in range(2)]
        return *held, torch.zeros(batch_size, 1, dtype=torch.long)

    def forward(self, x, state):
        keys, values, count = state
        place = torch.arange(self.window)
        now = (place == count % self.window).unsqueeze(-1)
        keys = torch.where(now, self.k(x).unsqueeze(1), keys)
        values = torch.where(now, self.v(x).unsqueeze(1), values)
        return keys, values, count + 1

    def output(self, x, state):
        keys, values, count = state
        scores = torch.einsum("bd,bwd->bw", self.q(x), keys) / self.hidden_size**0.5
        scores = scores.masked_fill_(torch.arange(self.window) >= count, float("-inf"))
        return torch.einsum("bw,bwd->bd", torch.softmax(scores, -1), values)


CELLS = [SoftStack, NeuralTuringMachine, RelationalMemory, AttentionWindow]
