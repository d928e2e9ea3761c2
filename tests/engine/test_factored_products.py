"""A product with an outer product is made of products with its factors; results do not change."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.pipeline import make_model_graph
from seqtasks.engine.unroll import engines_of

INPUTS, HEADS, SIDE, STEPS = 3, 2, 5, 4

WRITTEN = {
    "from the right": lambda m, u, w: m @ (u.unsqueeze(-1) @ w.unsqueeze(-2)),
    "from the left": lambda m, u, w: torch.matmul(u[..., None] * w[..., None, :], m),
    "scaled": lambda m, u, w: torch.einsum(
        "bhij,bhjk->bhik", m, 2 * u[..., None] * w[..., None, :]
    ),
    "of both": lambda m, u, w: (w[..., None] * u[..., None, :]) @ (u[..., None] * w[..., None, :]),
    "turned": lambda m, u, w: m @ torch.einsum("bhi,bhj->bhij", u, w).transpose(-1, -2),
    "of three": lambda m, u, w: torch.einsum("bhij,bhj,bhk->bhik", m, u, w),
}
QUICK = ["from the right", "scaled"]


class Outer(st.Cell):
    """m' = tanh(m / 2 + a product with u wᵀ); it puts out m'."""

    def __init__(self, written):
        super().__init__(INPUTS, HEADS * SIDE * SIDE)
        self.written = written
        self.u, self.w = nn.Linear(INPUTS, HEADS * SIDE), nn.Linear(INPUTS, HEADS * SIDE)

    def initial_state(self, batch_size, steps):
        eye = torch.eye(SIDE, dtype=self.u.weight.dtype)
        return (eye / 2).expand(batch_size, HEADS, SIDE, SIDE)

    def forward(self, x, m):
        u, w = (of(x).view(-1, HEADS, SIDE) for of in (self.u, self.w))
        return torch.tanh(m / 2 + self.written(m, u, w))

    def output(self, x, m):
        return m.flatten(1)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in WRITTEN]
)
def test_results_and_gradients_are_those_of_the_plain_loop(name, engine):
    cell = Outer(WRITTEN[name]).double()
    inputs = torch.randn(7, STEPS, INPUTS, dtype=torch.float64, requires_grad=True)
    expected, found = (st.unroll(cell, inputs, engine=by)[0] for by in ("plain", engine))
    assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
    assert_close(found, expected, rtol=1e-9, atol=1e-11)
    weights = torch.linspace(-1, 1, found.numel(), dtype=torch.float64).view_as(found)
    leaves = [inputs, *cell.parameters()]
    gradients = [torch.autograd.grad((v * weights).sum(), leaves) for v in (found, expected)]
    for ours, theirs in zip(*gradients, strict=True):
        assert_close(ours, theirs, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", WRITTEN)
def test_no_value_has_a_number_for_each_three_places(name):
    cell = Outer(WRITTEN[name])
    model = make_model_graph(None, [cell], None, torch.float32, steps=STEPS, input_size=INPUTS)
    assert max(node.size for node in model.graph.nodes) == HEADS * SIDE * SIDE


def test_a_product_of_full_matrices_is_written_out():
    cell = Outer(lambda m, u, w: m @ (m + u.unsqueeze(-1)))
    model = make_model_graph(None, [cell], None, torch.float32, steps=STEPS, input_size=INPUTS)
    assert max(node.size for node in model.graph.nodes) == HEADS * SIDE**3
