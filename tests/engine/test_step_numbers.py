"""Modules with numbers of Python in their states, or that take one instance: run by programs."""

import pytest
import torch
from small_cell import compare, numbers
from torch import nn

import seqtasks as st
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import make_model_graph


class Counted(nn.Module):
    """A module whose state is {"h": (batch, 4), "n": 0}; `follow` makes (h, n)."""

    def __init__(self, i, h):
        super().__init__()
        self.c, self.tables = nn.GRUCell(i, h), nn.Parameter(torch.randn(9, h, h) / 3)
        self.parts = nn.ModuleList(nn.Linear(h, h) for _ in range(2))

    def init_hidden(self, batch_size):
        return {"h": self.tables.new_zeros(batch_size, 4), "n": 0}

    def forward(self, x, state):
        h, n = self.follow(self.c(x, state["h"]), state["n"])
        return h + 1, {"h": h, "n": n}


class Arithmetic(Counted):
    def follow(self, h, n):
        n = n + 1
        return h / (1 - 0.9**n) * (2 - n) / n + (3 * n) // 2 % 5 * -n, n


class Table(Counted):
    def follow(self, h, n):
        last = len(self.tables) - 1
        weights = self.tables[n] if n < last else self.tables[-1]
        h = h / (8 - n) if n < 8 else h
        return nn.functional.linear(h, weights) + h * self.tables[n % 3, 0], n + 1


class Branches(Counted):
    def follow(self, h, n):
        if n == 0:
            return self.parts[0](h), n + 2
        if n % 3 and not n > 7:
            h = h * 2
        new, kept = self.parts[1](h), h.clone()
        for k, period in enumerate((2, 3)):
            if n % period == 0:
                kept[:, k] = new[:, k]
        return kept.tanh(), n + 1 if n < 6 else 0


class Numbered(nn.Module):
    def __init__(self, i, h):
        super().__init__()
        self.w, self.table = nn.Linear(i, h), nn.Embedding(20, h)

    def forward(self, x, h, t):
        return torch.tanh(self.w(x) + h * (1 + t) ** -0.5) + (self.table.weight[t] if t else 0)


class OneInstance(nn.Module):
    def __init__(self, i, h):
        super().__init__()
        self.w, self.u = nn.Parameter(torch.randn(h, i)), nn.Parameter(torch.randn(h, h) / 3)

    def forward(self, x, h):
        pushed = torch.zeros_like(h)
        for k in range(2):
            pushed[k] = torch.dot(self.u[k], h)
        return torch.tanh(self.w @ x + self.u @ h + torch.outer(pushed, h).sum(0) / (1 + h.norm()))


@pytest.mark.parametrize("kind", [Arithmetic, Table, Branches, Numbered, OneInstance])
def test_a_program_follows_the_number_of_each_instance(kind):
    torch.manual_seed(0)
    cell = st.cell(kind, 3, 4).double()
    inputs, lengths = numbers(4, 11, 3).requires_grad_(), torch.tensor([11, 1, 4, 9])

    def run(engine):
        outputs, state = st.unroll(cell, inputs, None, lengths, engine=engine)
        return (
            outputs,
            state,
            torch.autograd.grad(
                outputs.sin().sum(), [inputs, *cell.parameters()], allow_unused=True
            ),
        )

    for engine in ("native", "torch"):
        compare(run, cell, engine)


class OfList(Counted):
    def follow(self, h, n):
        return list(self.parts)[n % 2](h), n + 1


class ByFraction(Counted):
    def follow(self, h, n):
        return h * min(n / 7, 1.0), n + 1


class ByBits(Counted):
    def follow(self, h, n):
        return h + sum(k for k in range(7) if n % (2 + k) == 0), n + 1


class ByValue(Counted):
    def follow(self, h, n):
        return (h if h.sum() > 0 else -h), n + 1


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (OfList, "for Python's own use, such as a place of a list"),
        (ByFraction, "no whole number: a program may round it"),
        (ByBits, "among more than 64 ways"),
        (ByValue, "treats the rows of a batch differently"),
    ],
)
def test_other_uses_of_a_number_are_refused(kind, said):
    cell = st.cell(kind, 3, 4)
    with pytest.raises(UnsupportedError, match=said):
        make_model_graph(None, [cell], None, torch.float32, steps=3, input_size=3)
