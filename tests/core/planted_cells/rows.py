"""Rows that depend on each other, and numbers that are kept beside the state."""

import random

import numpy as np
import torch
from torch import nn

from planted_cells.right import Planted

__all__ = [
    "ROWS",
    "BatchNormalised",
    "Counts",
    "MeanOfBatch",
    "Noisy",
    "NoisyByNumPy",
    "RandomStart",
    "Rolled",
    "SoftmaxOverBatch",
]


class MeanOfBatch(Planted):
    def forward(self, x, state):
        return self.new(x, state - state.mean(0))


class Rolled(Planted):
    def forward(self, x, state):
        return self.new(x, state.roll(1, 0))


class SoftmaxOverBatch(Planted):
    def forward(self, x, state):
        return torch.softmax(self.linear(torch.cat([x, state], -1)), 0)


class BatchNormalised(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.norm = nn.BatchNorm1d(hidden_size)

    def forward(self, x, state):
        return self.norm(self.new(x, state))


class TurnsSquares(Planted):
    def forward(self, x, state):
        if len(state) == self.hidden_size:
            state = state.t()
        return self.new(x, state)


class ByNumberOfRows(Planted):
    def forward(self, x, state):
        return self.new(x, state) / len(x)


class Squeezes(Planted):
    def forward(self, x, state):
        return self.new(x, state).squeeze(0)


class Noisy(Planted):
    def forward(self, x, state):
        return self.new(x, state) + 0.1 * torch.randn_like(state)


class RandomStart(Planted):
    def initial_state(self, batch_size, steps):
        return torch.randn(batch_size, self.hidden_size)


class NoisyByNumPy(Planted):
    def forward(self, x, state):
        return self.new(x, state) + float(np.random.random())


class NoisyByPython(Planted):
    def forward(self, x, state):
        return self.new(x, state) * (1 + 0.1 * random.random())


class KeepsState(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.kept = None

    def forward(self, x, state):
        if self.kept is None or self.kept.shape != state.shape:
            self.kept = state
        self.kept = self.new(x, self.kept)
        return self.kept


class Counts(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.steps = 0

    def forward(self, x, state):
        self.steps += 1
        return self.new(x, state) * (1 + self.steps % 2)


class AveragesFirstRow(Planted):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.register_buffer("average", torch.zeros(hidden_size))

    def forward(self, x, state):
        self.average = 0.9 * self.average + 0.1
        return self.new(x, state - self.average)


class FaintMean(Planted):
    def forward(self, x, state):
        return self.new(x, state - 1e-6 * state.mean())


class DropsByNumPy(Planted):
    def forward(self, x, state):
        new = self.new(x, state)
        return new * float(np.random.random() < 0.9) if self.training else new


class StartsByNumberOfRows(Planted):
    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size) + 1 / batch_size


class CountsOnItsClass(Planted):
    steps = 0

    def forward(self, x, state):
        type(self).steps += 1
        return self.new(x, state) * (1 + self.steps % 2)


ROWS = [
    (FaintMean, "rows-are-independent", "depends on the others of its batch"),
    (DropsByNumPy, "gives-the-same-twice", "it draws random numbers outside torch"),
    (StartsByNumberOfRows, "same-in-any-batch", "between a batch of 1 row and one of 100"),
    (CountsOnItsClass, "keeps-nothing-on-self", "depends on what it was run on before"),
    (MeanOfBatch, "rows-are-independent", "depends on the others of its batch"),
    (Rolled, "rows-are-independent", "depends on the others of its batch"),
    (SoftmaxOverBatch, "rows-are-independent", "softmax over axis 0"),
    (BatchNormalised, "rows-are-independent", "Batch normalisation"),
    (TurnsSquares, "rows-are-independent", "where batch, time and width are all 4"),
    (ByNumberOfRows, "same-in-any-batch", "between a batch of 1 row and one of 100"),
    (Squeezes, "same-in-any-batch", "it fails for 1 row"),
    (Noisy, "gives-the-same-twice", "draw only `if self.training`"),
    (RandomStart, "gives-the-same-twice", "it draws random numbers while it is scored"),
    (NoisyByNumPy, "gives-the-same-twice", "it draws random numbers outside torch"),
    (NoisyByPython, "gives-the-same-twice", "it draws random numbers outside torch"),
    (KeepsState, "keeps-nothing-on-self", "its attribute kept keeps something"),
    (Counts, "keeps-nothing-on-self", "its attribute steps keeps something"),
    (AveragesFirstRow, "keeps-nothing-on-self", "its attribute average keeps something"),
]
