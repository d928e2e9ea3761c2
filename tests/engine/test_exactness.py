"""Each engine computes what the plain loop does: outputs, states, and every gradient."""

import copy

import pytest
import torch
from cell_specs import BUILT_IN, PUBLISHED
from grids import one_quick_in
from truth import ENGINES, Subject, check, problem

import seqtasks as st
from seqtasks.engine.unroll import engines_of

BOUNDED = [
    *BUILT_IN,
    *PUBLISHED,
    "ind-rnn:nonlinearity=tanh",
    "stack-rnn:cell_size=3,depth=4",
    "tape-rnn:cell_size=2,places=5,write_size=5",
]
GROWING = ["stack-rnn:cell_size=2", "tape-rnn:cell_size=2,write_size=3"]
SHAPES = [(1, 1), (3, 2), (17, 10), (1, 10), (40, 3)]


def made(name, width):
    return Subject(st.cell(name, width, width))


def cases(width):
    """Return shapes (batch, steps) for cells of a width, so that large ones are not slow."""
    return [(1, 1), (3, 2), (17, 10), (512, 2)] + ([(3, 500)] if width <= 10 else [])


# Programs of tensor operations of all these cells are among the quick tests of `test_models`.
@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("engine", ["native", pytest.param("torch", marks=pytest.mark.slow)])
def test_a_cell_from_given_states_and_at_mixed_lengths(engine, name):
    subject = made(name, 3)
    for seed, (batch, steps) in enumerate(SHAPES):
        torch.manual_seed(seed)
        # the normaliser of slstm is no number that one may give
        given = not name.startswith("slstm")
        check(problem(subject, batch, steps, given, mixed=True), engine, [torch.float64])


@one_quick_in(
    2, engine=ENGINES, name=["concat", "gru", "lstm", "slstm", "delta-net", "tape-rnn:places=5"]
)
def test_a_cell_in_float32_from_its_own_state(engine, name):
    subject = made(name, 10)
    for seed, (batch, steps) in enumerate([*SHAPES, (3, 100)]):
        torch.manual_seed(seed)
        check(problem(subject, batch, steps), engine, [torch.float32])


@one_quick_in(2, engine=ENGINES, name=GROWING)
def test_a_cell_whose_memory_grows_with_the_number_of_steps(engine, name):
    subject = made(name, 3)
    for steps in (1, 4):
        check(problem(subject, 3, steps, mixed=True), engine, [torch.float64])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_gradient_that_is_nothing_but_roundings_is_no_difference(engine, caplog):
    subject = made("delta-net", 1)  # its key is 1 or -1, however long it was
    for seed in range(3):
        torch.manual_seed(seed)
        cell = copy.deepcopy(subject.cells[torch.float32])
        given = torch.randn(3, 1, 1)
        st.unroll(cell, torch.randn(3, 2, 1), given, engine=engine)
        assert engines_of(cell, engine).name == engine
    assert not caplog.records


@pytest.mark.slow
@pytest.mark.parametrize("width", [1, 3, 10, 64, 100])
@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("engine", ENGINES)
def test_the_whole_grid(engine, name, width):
    subject = made(name, width)
    # a key of one number is normalised to 1 or -1: its gradient is nothing but roundings
    signs = name == "delta-net" and width == 1
    dtypes = [torch.float64] if signs else [torch.float64, torch.float32]
    for mixed in (False, True):
        for seed, (batch, steps) in enumerate(cases(width)):
            torch.manual_seed(seed)
            given = mixed and not name.startswith("slstm")
            check(problem(subject, batch, steps, given, mixed), engine, dtypes)
