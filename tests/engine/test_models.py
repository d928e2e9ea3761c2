"""A model by an engine is the model of the plain loop, whatever it is asked for."""

import itertools

import pytest
import torch
from truth import ENGINES
from whole_models import CELLS, FEW, compare, made


# programs of tensor operations are quickly made; compiled ones of these cells are in test_exactness
@pytest.mark.parametrize(
    "spec", [pytest.param(spec, marks=() if spec in FEW else pytest.mark.slow) for spec in CELLS]
)
def test_every_cell_at_every_shape(spec):
    model = made(spec)
    model.use_engine("torch")
    for batch, steps in itertools.product((1, 3, 17), (1, 2, 7)):
        compare(model, batch, steps)


@pytest.mark.parametrize("spec", CELLS)
def test_mixed_lengths_given_states_and_histories(spec):
    model = made(spec)
    model.use_engine("torch")
    for mixed, given, histories in itertools.product((False, True), repeat=3):
        compare(model, 3, 4, mixed, given, histories)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_large_vocabulary(engine):
    model = made("gru", symbols=100)  # too large to find rows of a symbol by a product
    model.use_engine(engine)
    compare(model, 5, 7)


@pytest.mark.parametrize("engine", ENGINES)
def test_layers_that_share_a_cell_and_matrices_that_share_a_parameter(engine):
    model = made("concat", layers=2)
    model.cells[1] = model.cells[0]
    model.use_engine(engine)
    compare(model, 3, 5)
    tied = made("gru-concat")
    tied.cells[0].update.weight = tied.cells[0].reset.weight
    tied.cells[0].candidate.bias = tied.cells[0].reset.bias
    tied.use_engine(engine)
    compare(tied, 3, 5)


@pytest.mark.parametrize("spec", ["concat", "gru", "lstm"])
@pytest.mark.parametrize("engine", ENGINES)
def test_frozen_matrices_leave_the_biases_their_gradient(engine, spec):
    model = made(spec)
    model.use_engine(engine)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("weight" not in name or "embedding" in name)
    compare(model, 3, 4)
    model(torch.zeros(3, 4, dtype=torch.int64))[0].sum().backward()
    for parameter in model.parameters():
        assert (parameter.grad is None) is not parameter.requires_grad
