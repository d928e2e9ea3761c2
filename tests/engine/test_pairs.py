"""Cells with a number for each pair of units, which the loop back computes again or keeps."""

import pytest
import torch
from torch import nn
from truth import Subject, check, problem

import seqtasks as st

UNITS = 46
"""Pairs of them are more rows than go through a loop beside 256 columns."""


class Pairs(st.Cell):
    """A cell whose units act on each other through matrices of parameters."""

    def __init__(self, input_size=3, hidden_size=UNITS):
        super().__init__(input_size, hidden_size)
        square = hidden_size, hidden_size
        self.enter = nn.Linear(input_size, hidden_size)
        self.centre, self.weight = (nn.Parameter(torch.randn(square) / 3) for _ in range(2))


class Synapses(Pairs):
    """Sums along both axes of sigmoids, as in a liquid time-constant network, twice a step."""

    def forward(self, x, v):
        for _ in range(2):
            open_ = self.weight * torch.sigmoid(3 * (v.unsqueeze(-1) - self.centre))
            v = (v + self.enter(x) + open_.sum(1) / 4) / (2 + open_.square().sum(2) / 20)
        return v


class Attention(Pairs):
    """A softmax over the pairs of each unit, shifted by its greatest number."""

    def forward(self, x, v):
        pairs = torch.tanh(v.unsqueeze(-1) * self.centre) * self.weight + v.unsqueeze(1)
        return torch.tanh(self.enter(x) + (torch.softmax(pairs, -1) * v.unsqueeze(1)).sum(-1))


class Greatest(Pairs):
    """The greatest of the pairs: equal numbers share a gradient, and zeros are equal."""

    def forward(self, x, v):
        pairs = torch.relu(torch.tanh(v.unsqueeze(1) - self.centre) - 0.4) * self.weight.abs()
        return torch.tanh(self.enter(x) + pairs.amax(-1) - 0.5 * v)


class Sparse(Pairs):
    """A matrix for each row from few numbers, as of a controlled equation, read along both axes."""

    def __init__(self, input_size=3, hidden_size=UNITS):
        super().__init__(input_size, hidden_size)
        self.few, self.many = nn.Linear(hidden_size, 5), nn.Linear(5, hidden_size**2)

    def forward(self, x, v):
        for _ in range(2):
            pairs = torch.tanh(self.many(torch.tanh(self.few(v)))).view(-1, UNITS, UNITS)
            v = torch.tanh(
                self.enter(x) + (pairs @ v.unsqueeze(-1)).squeeze(-1) / 4 + pairs.mean(1)
            )
        return v


@pytest.mark.parametrize(
    "cell", [Synapses, Sparse, pytest.param(Attention, marks=pytest.mark.slow), Greatest]
)
def test_pairs_of_units_equal_the_plain_loop(cell):
    subject = Subject(cell())
    check(problem(subject, 37, 4, given=True), "native")


@pytest.mark.slow
@pytest.mark.parametrize("batch", [1, 16, 300])
@pytest.mark.parametrize("cell", [Synapses, Attention, Greatest, Sparse])
def test_pairs_in_batches_of_every_size_equal_the_plain_loop(cell, batch):
    subject = Subject(cell())
    check(problem(subject, batch, 5, mixed=True), "native")
