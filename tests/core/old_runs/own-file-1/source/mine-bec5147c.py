"""A task, a cell and a readout of one's own."""

from dataclasses import dataclass

import torch
from torch import nn

from seqtasks import Cell, Readout, Task, Tokens


@dataclass(frozen=True)
class Flip(Task):
    """Say the other symbol, or the same."""

    same: bool = False
    inputs = targets = Tokens("01")

    def generate(self, rng, batch_size, length):
        return rng.integers(0, 2, (batch_size, length))

    def encode(self, inputs):
        return inputs if self.same else 1 - inputs


class Leaky(Cell):
    """h' = a h + (1 - a) tanh(W x + b)"""

    def __init__(self, input_size, hidden_size, rate=0.5):
        super().__init__(input_size, hidden_size)
        self.rate = rate
        self.linear = nn.Linear(input_size, hidden_size)

    def forward(self, x, h):
        return self.rate * h + (1 - self.rate) * torch.tanh(self.linear(x))


class Plain(Readout):
    """y = W h"""

    def __init__(self, input_size, state_size, output_size):
        super().__init__(input_size, state_size, output_size)
        self.linear = nn.Linear(state_size, output_size)

    def forward(self, x, state):
        return self.linear(state)
