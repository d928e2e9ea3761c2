"""Functions that draw, each as a cell: a step of the cell applies the function to its sums."""

import torch
from torch import nn
from torch.nn import functional

import seqtasks as st


class Drawing(st.Cell):
    """h' = tanh(f(W [x, h], h))."""

    def __init__(self, input_size, hidden_size, *functions):
        super().__init__(input_size, hidden_size)
        self.weights = nn.Linear(input_size + hidden_size, hidden_size)
        self.functions = functions

    def forward(self, x, h):
        sums = self.weights(torch.cat([x, h], 1))
        for function in self.functions:
            sums = function(sums, h)
        return torch.tanh(sums)


def sampled(a):
    return torch.multinomial(torch.softmax(a, 1), 1)[:, 0]


DRAWS = {
    "rand": lambda a, h: a * torch.rand(len(a), a.shape[1], dtype=a.dtype),
    "rand of a shape": lambda a, h: a * torch.rand(a.shape, dtype=a.dtype),
    "randn": lambda a, h: a + 0.3 * torch.randn(size=a.shape, dtype=a.dtype),
    "rand_like": lambda a, h: a + torch.rand_like(h),
    "randn_like": lambda a, h: a + 0.3 * torch.randn_like(a),
    "shared by rows": lambda a, h: a + 0.3 * torch.randn(a.shape[1], dtype=a.dtype),
    "shared weights": lambda a, h: functional.linear(
        a, torch.rand(a.shape[1], a.shape[1], dtype=a.dtype)
    ),
    "randint": lambda a, h: a + 0.1 * torch.randint(0, 5, a.shape).to(a.dtype),
    "randint from low": lambda a, h: a + 0.1 * torch.randint(-3, 3, (len(a), 1)).to(a.dtype),
    "randint_like": lambda a, h: a + 0.1 * torch.randint_like(a, 7),
    "bernoulli": lambda a, h: a * torch.bernoulli(torch.sigmoid(a)),
    "bernoulli of a number": lambda a, h: a * torch.bernoulli(a, 0.6),
    "normal": lambda a, h: a + torch.normal(a, 0.1),
    "normal of tensors": lambda a, h: a + torch.normal(a, torch.exp(h)),
    "normal of a size": lambda a, h: a + torch.normal(0.1, 0.2, a.shape, dtype=a.dtype),
    "normal_": lambda a, h: a + torch.empty_like(a).normal_(0, 0.2),
    "uniform_": lambda a, h: a + torch.empty_like(a).uniform_(-1, 0.2),
    "bernoulli_": lambda a, h: a * torch.empty_like(a).bernoulli_(0.4),
    "bernoulli_ of a tensor": lambda a, h: a * torch.empty_like(a).bernoulli_(torch.sigmoid(h)),
    "exponential_": lambda a, h: a * torch.zeros_like(a).exponential_(2.0),
    "cauchy_": lambda a, h: a + 0.01 * torch.zeros_like(a).cauchy_(0.0, 0.1),
    "log_normal_": lambda a, h: a + 0.1 * torch.zeros_like(a).log_normal_(0.0, 0.3),
    "geometric_": lambda a, h: a + 0.1 * torch.zeros_like(a).geometric_(0.4),
    "dropout": lambda a, h: functional.dropout(a, 0.3),
    "dropout of the state": lambda a, h: a + functional.dropout(h, 0.3),
    "dropout in place": lambda a, h: functional.dropout(a * 1, 0.3, inplace=True),
    "torch.dropout": lambda a, h: torch.dropout(a, 0.2, True),
    "dropout1d": lambda a, h: functional.dropout1d(a.view(len(a), -1, 2), 0.3).flatten(1),
    "alpha_dropout": lambda a, h: functional.alpha_dropout(a, 0.2, True),
    "rrelu": lambda a, h: functional.rrelu(a, training=True),
    "gumbel_softmax": lambda a, h: a * functional.gumbel_softmax(a, 0.7),
    "hard gumbel_softmax": lambda a, h: a + functional.gumbel_softmax(a, 0.7, hard=True),
    "multinomial": lambda a, h: a * functional.one_hot(sampled(a), a.shape[1]),
    "two of multinomial": lambda a, h: (
        a + a.gather(1, torch.multinomial(torch.exp(h), 2)).sum(1, keepdim=True)
    ),
    "multinomial with replacement": lambda a, h: (
        a + a.gather(1, torch.multinomial(torch.exp(h), 3, True)).sum(1, keepdim=True)
    ),
    "zoneout": lambda a, h: torch.where(torch.rand_like(h) < 0.2, h, a),
}
"""What is recorded, by what it shows: from sums (batch, 6) and a state to new sums."""
