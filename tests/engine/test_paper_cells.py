"""Cells unknown to the engine run by it, as their papers print them."""

import pytest
import torch
from grids import one_quick_in
from paper_cells import PAPER_CELLS, LayerNormLSTM, MinimalGatedUnit
from torch.testing import assert_close
from truth import ENGINES, Subject, check, problem

import seqtasks as st

SHAPES = [(1, 1), (3, 2), (17, 10)]


@one_quick_in(2, engine=ENGINES, kind=PAPER_CELLS)
def test_it_runs_and_agrees(engine, kind):
    subject = Subject(kind(3, 4))
    for batch, steps in SHAPES:
        check(problem(subject, batch, steps, given=True, mixed=True), engine, [torch.float64])


@pytest.mark.slow
@pytest.mark.parametrize("width", [1, 3, 10, 64, 100])
@pytest.mark.parametrize("kind", PAPER_CELLS)
@pytest.mark.parametrize("engine", ENGINES)
def test_it_agrees_at_every_size(engine, kind, width):
    subject = Subject(kind(width, width))
    for batch, steps in [*SHAPES, (512, 2), *([(3, 500)] if width <= 10 else [])]:
        check(problem(subject, batch, steps), engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_two_layers_of_two_kinds_in_a_model_of_real_vectors(engine):
    cells = [MinimalGatedUnit(5, 4), LayerNormLSTM(4, 3)]
    readout = st.readout("concat", 5, 3, 2)
    model = st.Model(torch.nn.Linear(2, 5), cells, readout).double()
    inputs = torch.randn(3, 7, 2, dtype=torch.float64, requires_grad=True)
    lengths = torch.tensor([7, 0, 4])
    results = {}
    for name in ("plain", engine):
        known = model.use_engine(name)
        predictions, (first, (hidden, memory)) = model(inputs, lengths=lengths)
        total = predictions.square().sum() + first.sum() + (hidden * memory).sum()
        gradients = torch.autograd.grad(total, [inputs, *model.parameters()])
        results[name] = predictions, first, hidden, memory, *gradients
    assert known.name == engine, known.reasons
    assert_close(results[engine], results["plain"], rtol=1e-10, atol=1e-12)
