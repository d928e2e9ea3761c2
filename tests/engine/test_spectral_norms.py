"""In training a spectral norm makes its power iterations once a forward pass, on every engine."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize
from torch.testing import assert_close
from training_runs import WIDTH, assert_close_runs, model, trainer
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.unroll import engines_of


class Normed(st.Cell):
    """h' = tanh(V x + 2 R h + Q sin h): R has norm 1; Q is another function of parameters too."""

    def __init__(self, size, input_size=3):
        super().__init__(input_size, size)
        self.enter = nn.Linear(input_size, size)
        self.R = parametrizations.spectral_norm(nn.Linear(size, size))
        inner = parametrizations.orthogonal(nn.Linear(size, size))
        self.Q = parametrizations.spectral_norm(inner, n_power_iterations=2)

    def forward(self, x, h):
        return torch.tanh(self.enter(x) + 2 * self.R(h) + self.Q(torch.sin(h)))


def by_torch(cell, x):
    """Run a cell as torch's documentation says: each weight is computed once for the loop."""
    h, outputs = x.new_zeros(len(x), cell.hidden_size), []
    with parametrize.cached():
        for step in x.unbind(1):
            h = cell(step, h)
            outputs.append(h)
    return torch.stack(outputs, 1)


def trained(cell, batches, call):
    """Return outputs, gradients and buffers of some training steps."""
    found = []
    for x in batches:
        cell.zero_grad()
        outputs = call(cell, x)
        outputs.square().mean().backward()
        found += [outputs.detach(), *(p.grad.clone() for p in cell.parameters())]
        found += [buffer.clone() for buffer in cell.buffers()]
        with torch.no_grad():
            for parameter in cell.parameters():
                parameter -= 0.1 * parameter.grad
    return found


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize("engine", ["plain", *ENGINES])
def test_steps_of_a_loop_share_the_weight_and_calls_do_not(engine, size, training):
    start = Normed(size).double().train(training)
    batches = torch.randn(3, 4, 6, 3, dtype=torch.float64)
    expected = trained(copy.deepcopy(start), batches, by_torch)
    cell = copy.deepcopy(start)
    found = trained(cell, batches, lambda cell, x: st.unroll(cell, x, engine=engine)[0])
    assert_close(found, expected)
    assert engine == "plain" or engines_of(cell, engine).name == engine
    assert all(module.training == training for module in cell.modules())


@pytest.mark.parametrize("training", [True, False])
def test_a_model_iterates_once_a_call_in_training_alone(training):
    made = model("symbols", Normed(WIDTH, WIDTH)).train(training)
    norm = made.cells[0].R.parametrizations.weight[0]
    expected = copy.deepcopy(norm)
    expected(made.cells[0].R.parametrizations.weight.original)
    made.use_engine("auto")
    made(torch.zeros(2, 5, dtype=torch.int64))
    assert_close(norm._u, expected._u, rtol=0, atol=0)


@pytest.mark.parametrize("engine", ENGINES)
def test_it_is_trained_as_by_the_plain_loop(engine):
    start = model("symbols", Normed(WIDTH, WIDTH))
    plain = trainer(start, "symbols", "plain")
    assert_close_runs(trainer(start, "symbols", engine), plain, 9)


def test_training_goes_on_from_a_checkpoint_to_the_bit():
    start = model("symbols", Normed(WIDTH, WIDTH))
    whole, first, second = (trainer(start, "symbols", "native") for _ in range(3))
    losses = whole.advance(6)
    first.advance(3)
    second.restore(first.state(), 3)
    assert losses[3:] == second.advance(3)
    assert_close(second.state(), whole.state(), rtol=0, atol=0)
