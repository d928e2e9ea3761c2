"""Modules that move at their own pace."""

import functools

import torch
from torch import nn

import seqtasks as st
from corpus.gated import TwoStates


class PhasedLSTM(TwoStates):
    """A gate that opens periodically in time (Neil, Pfeiffer and Liu, 2016, eq. 6 to 11)."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.lstm = nn.LSTMCell(input_size, hidden_size)
        self.period = nn.Parameter(2 + 4 * torch.rand(hidden_size))
        self.shift = nn.Parameter(torch.rand(hidden_size))
        self.ratio, self.leak = 0.3, 0.01

    def initial_state(self, batch_size, steps):
        return *super().initial_state(batch_size, steps), self.zeros(batch_size, 1)

    def forward(self, x, state):
        h, c, time = state
        phase = (time - self.shift) / self.period
        phase = phase - torch.floor(phase)
        rising = 2 * phase / self.ratio
        gate = torch.where(phase < self.ratio, 2 - rising, self.leak * phase)
        gate = torch.where(phase < self.ratio / 2, rising, gate)
        new_h, new_c = self.lstm(x, (h, c))
        return gate * new_h + (1 - gate) * h, gate * new_c + (1 - gate) * c, time + 1


class Clockwork(st.Cell):
    """Block g is updated at steps that its period divides.

    Koutník et al., 2014, eq. 5 and section 3.

    The step is a whole number in the state, and the matrix is block upper triangular.
    """

    def __init__(self, input_size, hidden_size, periods=(1, 2, 4, 8)):
        super().__init__(input_size, hidden_size)
        each = hidden_size // len(periods)
        self.W = nn.Linear(input_size, hidden_size)
        self.R = nn.Parameter(torch.randn(hidden_size, hidden_size) / 3)
        groups = torch.arange(hidden_size) // each
        self.register_buffer("mask", (groups[:, None] <= groups[None]).float())
        self.register_buffer("periods", torch.tensor(periods).repeat_interleave(each))

    def initial_state(self, batch_size, steps):
        step = torch.zeros(batch_size, dtype=torch.int64)
        return self.zeros(batch_size, self.hidden_size), step

    def forward(self, x, state):
        h, step = state
        active = step.unsqueeze(1) % self.periods == 0
        new = torch.tanh(self.W(x) + torch.nn.functional.linear(h, self.R * self.mask))
        return torch.where(active, new, h), step + 1


class IndependentMechanisms(st.Cell):
    """Blocks with weights of their own, by a batch moved to the second axis.

    Goyal et al., 2021, eq. 2.

    Every block is active here: the choice of the active blocks is left out.
    """

    def __init__(self, input_size, hidden_size, blocks=2):
        super().__init__(input_size, hidden_size)
        self.blocks, self.each = blocks, hidden_size // blocks
        self.W = nn.Parameter(torch.randn(blocks, input_size, 3 * self.each) / 2)
        self.R = nn.Parameter(torch.randn(blocks, self.each, 3 * self.each) / 2)
        self.attend = nn.Linear(self.each, self.each)

    def forward(self, x, h):
        batch = h.shape[0]
        blocks = h.reshape(batch, self.blocks, self.each).permute(1, 0, 2)
        inputs = x.unsqueeze(0).repeat(self.blocks, 1, 1)
        gi, gh = torch.bmm(inputs, self.W), torch.bmm(blocks, self.R)
        ir, iz, ic = gi.chunk(3, 2)
        hr, hz, hc = gh.chunk(3, 2)
        r, z = torch.sigmoid(ir + hr), torch.sigmoid(iz + hz)
        new = torch.tanh(ic + r * hc)
        new = new + z * (blocks - new)
        rows = new.permute(1, 0, 2)
        scores = torch.matmul(self.attend(rows), rows.transpose(1, 2))
        return (0.5 * rows + 0.5 * torch.softmax(scores, -1) @ rows).reshape(batch, -1)


class AdaptiveComputation(st.Cell):
    """A fixed number of inner steps, of which a row takes as many as it needs.

    Graves, 2016, eq. 4 to 10.

    Flags of which rows still run are arithmetic; the ponder cost is left out.
    """

    def __init__(self, input_size, hidden_size, most=4):
        super().__init__(input_size, hidden_size)
        self.most = most
        self.cell = nn.GRUCell(input_size + 1, hidden_size)
        self.halt = nn.Linear(hidden_size, 1)

    def forward(self, x, h):
        total = torch.zeros(h.shape[0], 1, dtype=h.dtype)
        mixed = torch.zeros_like(h)
        for n in range(self.most):
            first = torch.full_like(total, float(n == 0))
            h = self.cell(torch.cat([x, first], 1), h)
            p = torch.sigmoid(self.halt(h))
            running = total + p < 0.99
            last = ~running & (total < 0.99)
            share = torch.where(running, p, (1 - total) * last)
            if n == self.most - 1:
                share = 1 - total
            mixed += share * h
            total = total + share
        return mixed


class Delayed(st.Cell):
    """Feedback from a few steps ago, through a ring that is shifted.

    After Lin et al., 1996, eq. 1.

    The activation is a `functools.partial`, and the mixing is a closure made at construction.
    """

    def __init__(self, input_size, hidden_size, delay=3):
        super().__init__(input_size, hidden_size)
        self.delay = delay
        self.W = nn.Linear(input_size, hidden_size)
        self.R = nn.Linear(hidden_size, hidden_size, bias=False)
        self.activation = functools.partial(nn.functional.leaky_relu, negative_slope=0.2)
        decay = 0.5

        def mixed(now, then):
            return decay * now + (1 - decay) * then

        self.mixed = mixed

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.delay, self.hidden_size)

    def forward(self, x, ring):
        new = torch.tanh(self.activation(self.W(x) + self.R(self.mixed(ring[:, 0], ring[:, -1]))))
        ring = torch.roll(ring, 1, dims=1)
        ring[:, 0] = new
        return ring

    def output(self, x, ring):
        return ring[:, 0]


CELLS = [PhasedLSTM, Clockwork, IndependentMechanisms, AdaptiveComputation, Delayed]
