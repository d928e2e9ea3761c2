"""Cells that compute on columns, (features, batch), run by each engine unless columns mix."""

import pytest
import torch
from grids import one_quick_in
from torch import nn
from truth import ENGINES, Subject, check, problem

import seqtasks as st
from seqtasks.engine.unroll import engines_of

CELLS = {
    "a product": lambda c, x, h: torch.tanh(c.w @ h.t()).t() + c.enter(x),
    "a product and a bias": lambda c, x, h: torch.tanh(c.w @ h.t() + c.b[:, None]).t() + c.enter(x),
    "all in columns": lambda c, x, h: torch.tanh(c.w @ h.T + c.v @ x.T + 2 * c.b.unsqueeze(1)).T,
    "addmm": lambda c, x, h: torch.tanh(torch.addmm(c.b[:, None], c.w, h.t())).t() + c.enter(x),
    "permuted": lambda c, x, h: torch.tanh(c.w @ h.permute(1, 0)).permute(1, 0) + c.enter(x),
    "permuted and transposed": lambda c, x, h: h.permute(1, 0).t() * 0.5 + c.enter(x),
    "einsum": lambda c, x, h: torch.einsum("ij,jb->ib", c.w, h.t()).t() + c.enter(x),
    "product with the batch first": lambda c, x, h: (h.t().t() @ c.w).t().t() + c.enter(x),
    "gates in columns": lambda c, x, h: (
        torch.sigmoid(c.w @ h.t()) * h.t() + (1 - torch.sigmoid(c.w @ h.t())) * (c.v @ x.t()).tanh()
    ).t(),
    "where": lambda c, x, h: torch.where(h.t() > 0, h.t() * 0.5, c.v @ x.t()).t(),
    "cat": lambda c, x, h: torch.tanh(c.both @ torch.cat([h.t(), x.t()], 0)).t(),
    "chunks": lambda c, x, h: torch.cat((c.w @ h.t()).chunk(2, 0)[::-1]).t() + c.enter(x),
    "three axes": lambda c, x, h: torch.tanh(
        (h.view(-1, 2, 2).permute(1, 2, 0) * c.w[:2, :2, None]).permute(2, 0, 1).flatten(1)
        + c.enter(x)
    ),
    "equal to None": lambda c, x, h: c.enter(x) if h == None else torch.tanh(h @ c.w) + c.enter(x),  # noqa: E711
    "unequal to None": lambda c, x, h: torch.tanh(h @ c.w) + c.enter(x) if h != None else h,  # noqa: E711
}
MIXING = {
    "a sum over columns": lambda c, x, h: h.t().sum(1) + c.enter(x),
    "a softmax over columns": lambda c, x, h: h.t().softmax(1).t() + c.enter(x),
    "a product over the batch": lambda c, x, h: h @ (h.t() @ h) * 0.01 + c.enter(x),
    "columns by place": lambda c, x, h: (
        (h.t() * torch.arange(len(x), dtype=x.dtype)).t() + c.enter(x)
    ),
}


class Columns(st.Cell):
    """A cell of a function of itself, the input and the state."""

    def __init__(self, function):
        super().__init__(3, 4)
        self.function = function
        self.enter = nn.Linear(3, 4)
        self.w, self.v = nn.Parameter(torch.randn(4, 4) / 2), nn.Parameter(torch.randn(4, 3))
        self.both, self.b = nn.Parameter(torch.randn(4, 7) / 3), nn.Parameter(torch.randn(4))

    def forward(self, x, state):
        return self.function(self, x, state)


@one_quick_in(2, engine=ENGINES, name=CELLS)
def test_a_cell_may_compute_on_columns(engine, name):
    check(problem(Subject(Columns(CELLS[name])), 9, 5), engine)


@pytest.mark.parametrize("name", MIXING)
def test_a_cell_that_mixes_columns_runs_by_the_plain_loop(name):
    cell = Columns(MIXING[name])
    st.unroll(cell, torch.randn(9, 2, 3), engine="torch")
    engines = engines_of(cell, "torch")
    assert engines.name == "plain"
    assert "rows" in engines.reasons["torch"], engines.reasons
