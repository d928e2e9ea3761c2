"""Steps that take a gradient of their own, as those that learn at test time or follow an energy."""

import pytest
import torch
from torch import nn
from torch.func import grad, vmap
from torch.nn import functional
from torch.testing import assert_close
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.unroll import engines_of

SIZE = 4


def energy(w, k, v):
    """Return a number of each row: of each function whose gradient torch computes by itself."""
    z = (k.unsqueeze(-2) @ w).squeeze(-2)
    parts = [torch.tanh(z), torch.sigmoid(z) * z, functional.silu(z), functional.gelu(z)]
    parts += [functional.gelu(z, approximate="tanh"), functional.softplus(z), torch.relu(z) * z]
    parts += [functional.leaky_relu(z, 0.2) * z, functional.logsigmoid(z), z.softmax(-1) * z]
    parts += [z.log_softmax(-1), (z - v) ** 2, functional.mse_loss(z, v, reduction="none")]
    parts += [z.square().clamp(max=0.5) * v, (z * z + 1).sqrt(), z.exp() / (1 + v * v)]
    return sum((n + 1) * 0.1 * (part * v).sum(-1) for n, part in enumerate(parts))


def by_rows(w, k, v):
    return vmap(grad(energy))(w, k, v)


def of_a_sum(w, k, v):
    return grad(lambda w: energy(w, k, v).sum())(w)


def with_a_graph(w, k, v):
    with torch.enable_grad():
        w = w if w.requires_grad else w.detach().requires_grad_()
        loss = 0.5 * energy(w, k, v).sum() + energy(w, k, v).sum() / 2
        return torch.autograd.grad(loss, w, create_graph=True)[0]


def without_a_graph(w, k, v):
    with torch.enable_grad():
        held = w.detach().requires_grad_()
        return torch.autograd.grad(energy(held, k, v).sum(), held)[0]


class Learning(st.Cell):
    """w' = w - eta dE/dW, for an energy of w, a key and a value."""

    def __init__(self, slope):
        super().__init__(3, SIZE)
        self.slope = slope
        self.k, self.v = nn.Linear(3, SIZE), nn.Linear(3, SIZE)
        self.rate = nn.Linear(3, 1)
        self.start = nn.Parameter(torch.randn(SIZE, SIZE) / 2)

    def initial_state(self, batch_size, steps):
        return self.start.expand(batch_size, -1, -1)

    def forward(self, x, w):
        slope = self.slope(w, self.k(x), self.v(x))
        return 0.9 * w - 0.1 * torch.sigmoid(self.rate(x))[..., None] * slope

    def output(self, x, w):
        return w.flatten(1)

    @property
    def output_size(self):
        return SIZE * SIZE


SLOPES = [by_rows, of_a_sum, with_a_graph, without_a_graph]


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("engine", ["native", pytest.param("torch", marks=pytest.mark.slow)])
def test_a_gradient_within_a_step_has_its_own_gradient(engine, slope):
    cell = Learning(slope).double()
    x = torch.randn(3, 6, 3, dtype=torch.float64, requires_grad=True)
    found, expected = (st.unroll(cell, x, engine=one)[0] for one in (engine, "plain"))
    assert engines_of(cell, engine).name == engine, engines_of(cell, engine).reasons
    assert_close(found, expected)
    tensors = [x, *cell.parameters()]
    slopes = [
        torch.autograd.grad(o.square().sum(), tensors, allow_unused=True) for o in (found, expected)
    ]
    for one, other in zip(*slopes, strict=True):
        assert (one is None) == (other is None)
        assert one is None or torch.allclose(one, other, rtol=1e-8, atol=1e-10)


def of_the_mean(w, k, v):
    return grad(lambda w: energy(w, k, v).mean())(w)


def total_in_use(w, k, v):
    return w * energy(w, k, v).sum()


def decided(w, k, v):
    return w if energy(w, k, v).sum() > 0 else -w


def detached(w, k, v):
    return vmap(grad(lambda w, k, v: energy(w, k, v) * energy(w.detach(), k, v)))(w, k, v)


@pytest.mark.parametrize("slope", [of_the_mean, total_in_use, decided, detached])
def test_what_depends_on_other_rows_or_stops_within_is_not_run_by_a_program(slope):
    cell = Learning(slope).double()
    x = torch.randn(3, 6, 3, dtype=torch.float64)
    found, _ = st.unroll(cell, x, engine=ENGINES[0])
    assert engines_of(cell, ENGINES[0]).name == "plain"
    assert_close(found, st.unroll(cell, x)[0], equal_nan=True)


def test_the_gradient_of_weights_within_a_step_is_refused():
    class Shared(Learning):
        def forward(self, x, w):
            slope = torch.autograd.grad((self.k(x) ** 2).sum(), self.k.weight, create_graph=True)
            return w + slope[0].sum()

    cell = Shared(by_rows)
    st.unroll(cell, torch.randn(3, 6, 3), engine=ENGINES[0])
    engines = engines_of(cell, ENGINES[0])
    assert engines.name == "plain"
    assert "its rows mix" in str(engines.reasons), engines.reasons
