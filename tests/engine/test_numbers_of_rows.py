"""A step may ask how many rows there are, but must make the same of a row whatever it hears."""

import pytest
import torch
from torch import nn
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.unroll import engines_of


class Asking(st.Cell):
    """A simple cell that asks in one of several ways how many rows there are."""

    def __init__(self, asks):
        super().__init__(3, 6)
        self.linear, self.asks = nn.Linear(9, 6), asks

    def forward(self, x, h):
        return self.asks(torch.tanh(self.linear(torch.cat([x, h], 1))))


BRANCHES = {
    "length": lambda y: y / 2 if len(y) == 32 else y,
    "shape": lambda y: y / 2 if y.shape[0] == 32 else y,
    "size of an axis": lambda y: y / 2 if y.size(0) == 32 else y,
    "sizes": lambda y: y * (1 + 0.01 * (y.size()[0] == 32)),
    "numbers in all": lambda y: y / 2 if y.numel() == 32 * 6 else y,
}
HARMLESS = {
    "view": lambda y: y.view(len(y), 2, 3).flatten(1),
    "ones": lambda y: y * torch.ones(y.shape[0], 6),
    "last axis": lambda y: y / y.shape[-1],
}


@pytest.mark.parametrize("asks", BRANCHES)
def test_a_step_that_looks_for_a_number_of_rows_met_later_runs_by_the_plain_loop(asks):
    cell = Asking(BRANCHES[asks])
    st.unroll(cell, torch.randn(20, 5, 3), engine="auto")
    assert engines_of(cell, "auto").name != "plain"
    inputs = torch.randn(32, 5, 3)
    found, _ = st.unroll(cell, inputs, engine="auto")
    torch.testing.assert_close(found, st.unroll(cell, inputs)[0])
    assert "how many there are" in engines_of(cell, "auto").unsupported


@pytest.mark.parametrize("asks", HARMLESS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_step_that_asks_for_the_number_of_rows_runs_by_an_engine(engine, asks):
    cell = Asking(HARMLESS[asks])
    for rows in (20, 32, 1, 33):
        inputs = torch.randn(rows, 5, 3)
        found, _ = st.unroll(cell, inputs, lengths=torch.arange(rows) % 6, engine=engine)
        expected, _ = st.unroll(cell, inputs, lengths=torch.arange(rows) % 6)
        torch.testing.assert_close(found, expected)
    assert engines_of(cell, engine).name == engine


class Repeating(st.Cell):
    """A simple cell with a weight that its code repeats in one of several ways."""

    def __init__(self, repeat):
        super().__init__(3, 6)
        self.linear, self.repeat = nn.Linear(9, 6), repeat
        self.weight = nn.Parameter(torch.randn(1, 6))

    def forward(self, x, h):
        return torch.tanh(self.linear(torch.cat([x, h], 1)) + self.repeat(self.weight, h))


# programs are recorded with 5, 7, 11 and 13 rows
REPEATS = {
    "expand": lambda w, h: w.expand(5, -1).mean(0),
    "expand, in a product": lambda w, h: (h @ w.expand(5, -1).T) @ w.expand(5, -1),
    "repeat": lambda w, h: w.repeat(5, 1).mean(0),
    "other numbers of rows": lambda w, h: w.expand(7, -1).sum(0) + w.expand(11, -1).sum(0),
    "differing": lambda w, h: (w.expand(5, -1) * torch.arange(5.0, dtype=w.dtype)[:, None]).sum(0),
    "as the batch": lambda w, h: w.expand(len(h), -1),
}


@pytest.mark.parametrize("repeat", REPEATS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_weight_repeated_as_often_as_a_recording_has_rows_is_no_batch(engine, repeat):
    cell = Repeating(REPEATS[repeat]).double()
    inputs = torch.randn(4, 5, 3, dtype=torch.float64)
    found, _ = st.unroll(cell, inputs, engine=engine)
    expected, _ = st.unroll(cell, inputs)
    assert engines_of(cell, engine).name == engine
    torch.testing.assert_close(found, expected)
    gradients = [torch.autograd.grad(y.sum(), cell.weight)[0] for y in (found, expected)]
    torch.testing.assert_close(*gradients)
