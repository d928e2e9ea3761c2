"""Cells that are unusual, and right."""

import torch
from torch import nn

import seqtasks as st
from planted_cells.right import Planted

__all__ = ["UNUSUAL"]


class CountsInItsState(Planted):
    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), torch.zeros(batch_size, dtype=torch.long)

    def forward(self, x, state):
        hidden, step = state
        return self.new(x, hidden / (1 + step[:, None])), step + 1


class Turns(st.Cell):
    """h' = e^(i w) h + W x, with a complex state. Source: our own."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.angle = nn.Parameter(torch.rand(hidden_size))
        self.linear = nn.Linear(input_size, hidden_size)

    def initial_state(self, batch_size, steps):
        zeros = self.zeros(batch_size, self.hidden_size)
        return torch.complex(zeros, zeros)

    def forward(self, x, state):
        turn = torch.complex(torch.cos(self.angle), torch.sin(self.angle))
        return 0.9 * turn * state + self.linear(x)

    def output(self, x, state):
        return state.real + state.imag


class Reservoir(st.Cell):
    """h' = tanh(W x + U h), and nothing is trained. Source: our own."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.register_buffer("inputs", torch.randn(input_size, hidden_size))
        self.register_buffer("states", torch.randn(hidden_size, hidden_size))

    def forward(self, x, state):
        return torch.tanh(x @ self.inputs + state @ self.states)


class Drops(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.dropout = nn.Dropout(0.3)
        self.seen = None

    def forward(self, x, state):
        self.seen = self.dropout(self.new(x, state))
        return self.seen


class WeightNormalised(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.utils.parametrizations.weight_norm(self.linear)


class OneSize(Planted):
    def __init__(self, input_size, hidden_size):
        if input_size != hidden_size or hidden_size % 8:
            raise st.UsageError("both sizes must be equal, and a multiple of 8")
        super().__init__(input_size, hidden_size)


UNUSUAL = [CountsInItsState, Turns, Reservoir, Drops, WeightNormalised, OneSize]
