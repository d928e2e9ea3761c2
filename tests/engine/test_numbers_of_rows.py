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
