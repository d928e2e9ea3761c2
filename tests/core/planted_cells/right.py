"""The cell in which each mistake is made."""

import torch
from torch import nn

import seqtasks as st

__all__ = ["Planted", "Right"]


class Right(st.Cell):
    """h' = tanh(W [x; h] + b), in which each of the mistakes is made.

    Source: our own.
    """

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)

    def new(self, x, state):
        return torch.tanh(self.linear(torch.cat([x, state], -1)))

    def forward(self, x, state):
        return self.new(x, state)


class Planted(Right):
    """A mistake in the equation of its base class. Source: our own."""

    def __init_subclass__(cls):
        cls.__doc__ = Planted.__doc__
