"""Sparse tensors that a step multiplies with, among buffers and in lists, count as dense ones."""

import pytest
import torch
from torch import nn
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.unroll import engines_of


class OverEdges(st.Cell):
    """Sends messages along two sparse graphs of five nodes, a buffer and one in a list."""

    def __init__(self):
        super().__init__(5, 5)
        dense = (torch.rand(5, 5) * (torch.rand(5, 5) < 0.4) + 0.1 * torch.eye(5)).double()
        places, self.weights = dense.nonzero().t(), [dense[dense != 0], dense[dense != 0] / 2]
        self.register_buffer(
            "graph", torch.sparse_coo_tensor(places, self.weights[0], (5, 5), check_invariants=True)
        )
        self.others = [
            torch.sparse_coo_tensor(places.flip(0), self.weights[1], (5, 5), check_invariants=True)
        ]
        self.enter = nn.Linear(5, 5, dtype=torch.float64)

    def forward(self, x, h):
        columns = (self.enter(x) + h).t()
        along = torch.sparse.mm(self.graph, columns) + torch.mm(self.others[0], h.t())
        both = self.graph @ (self.others[0] @ columns)
        return torch.tanh(along + both + self.graph.to_dense() @ columns).t()


@pytest.mark.parametrize("engine", ENGINES)
def test_products_with_sparse_tensors_are_those_of_dense_ones(engine):
    torch.manual_seed(0)
    cell = OverEdges()
    x = torch.randn(3, 6, 5, dtype=torch.float64, requires_grad=True)
    for changed in (*vars(cell).pop("weights"), None):  # the cell knows nothing of them
        found = []
        for by in ("plain", engine):
            outputs, _ = st.unroll(cell, x, engine=by)
            gradients = torch.autograd.grad(outputs.sin().sum(), [x, *cell.parameters()])
            found.append((outputs, gradients))
        assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
        torch.testing.assert_close(*found)
        if changed is not None:  # a program may hold no number of it
            changed.mul_(-0.5)


def test_a_sparse_parameter_that_is_trained_is_refused():
    cell = OverEdges()
    cell.register_parameter("trained", nn.Parameter(torch.eye(5).double().to_sparse()))
    st.unroll(cell, torch.randn(2, 3, 5, dtype=torch.float64), engine="auto")
    reason = engines_of(cell, "auto").reasons["native"]
    assert reason == "its parameter cells.0.trained is sparse: keep cells.0.trained.to_dense()"
