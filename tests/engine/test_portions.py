"""Without gradients a program goes through a long sequence in portions, with the same results."""

import os
import subprocess
import sys

import pytest
import torch
from grids import one_quick_in
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.contract import chunked
from seqtasks.engine.native.execute import portions
from seqtasks.engine.policy import loop_cost

STEPS = 2 * chunked.LEAST_STEPS + 3
SCRIPT = """
import resource, sys, torch
import seqtasks as st

torch.set_num_threads(1)
width = 4
model = st.Model(
    torch.nn.Embedding(5, width), st.cell("stack-rnn", width, width),
    st.readout("state", width, width, 5),
)
engines = model.use_engine(sys.argv[1])

def mebibytes(steps):
    with torch.no_grad():
        model(torch.randint(0, 5, (32, steps)))
    assert engines.name == sys.argv[1]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

before = mebibytes(80)
print(mebibytes(700) - before)
"""


def whole_and_in_portions(monkeypatch, run):
    """Return what a function returns with all steps at once, and a few at a time."""
    monkeypatch.setattr(chunked, "NUMBERS", {"cpu": 2**40})
    monkeypatch.setattr(portions, "ALONG_NUMBERS", 2**40)
    whole = run()
    monkeypatch.setattr(chunked, "NUMBERS", {"cpu": 1})
    monkeypatch.setattr(portions, "ALONG_NUMBERS", 1)
    return whole, run()


@one_quick_in(2, engine=ENGINES, name=["gru", "lstm", "stack-rnn:cell_size=2"])
def test_outputs_finals_and_histories_are_those_of_all_steps_at_once(engine, name, monkeypatch):
    cell = st.cell(name, 3, 4)
    inputs = torch.randn(5, STEPS, 3)
    lengths = torch.tensor([STEPS, 0, 1, chunked.LEAST_STEPS, chunked.LEAST_STEPS + 1])
    start = cell.initial_state(5, STEPS)
    given = tuple(torch.rand_like(p) for p in start) if isinstance(start, tuple) else start + 0.5

    def run():
        outcomes = []
        with torch.no_grad():
            for state in (None, given):
                for some in (None, lengths):
                    for histories in (False, True):
                        outcomes += st.unroll(cell, inputs, state, some, histories, engine=engine)
        return outcomes

    torch.testing.assert_close(*whole_and_in_portions(monkeypatch, run), rtol=1e-6, atol=1e-6)
    with torch.no_grad():
        plain = st.unroll(cell, inputs, given, lengths, return_states=True)
        found = st.unroll(cell, inputs, given, lengths, return_states=True, engine=engine)
    torch.testing.assert_close(found, plain, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("size", "batch", "time", "rows", "steps"),
    [
        (128, 64, 500, 64, 32),
        (8256, 64, 1000, 16, 4),  # as few rows as fill vectors, as few steps as pay
        (3, 5, 7, 5, 7),  # no more than there are
        (3000, 50, 7, 16, 5),
        (1000, 50, 70, 48, 5),
    ],
)
def test_a_portion_fits_the_caches(size, batch, time, rows, steps):
    assert portions.portion(size, batch, time) == (rows, steps)


@pytest.mark.parametrize("name", ["lstm", "stack-rnn:cell_size=2"])
def test_portions_of_rows_and_steps_have_the_bits_of_the_whole(name, monkeypatch):
    cell, inputs = st.cell(name, 3, 4), torch.randn(37, 19, 3)

    def run():
        with torch.no_grad():
            outputs, state = st.unroll(cell, inputs, engine="native")
        return [outputs, *(state if isinstance(state, tuple) else [state])]

    torch.testing.assert_close(*whole_and_in_portions(monkeypatch, run), rtol=0, atol=0)


def test_an_id_that_is_no_symbol_is_found_in_a_late_portion(monkeypatch):
    monkeypatch.setattr(portions, "ALONG_NUMBERS", 1)
    model = st.Model(torch.nn.Embedding(5, 4), st.cell("gru", 4, 4), st.readout("state", 4, 4, 5))
    model.use_engine("native")
    ids = torch.randint(0, 5, (40, STEPS))
    with torch.no_grad():
        model(ids)
    ids[39, -1] = 5
    with torch.no_grad(), pytest.raises(IndexError, match="not a symbol"):
        model(ids)


@pytest.mark.parametrize("engine", ENGINES)
def test_ids_through_layers(engine, monkeypatch):
    cells = [st.cell("gru", 4, 4), st.cell("stack-rnn", 4, 4)]
    model = st.Model(torch.nn.Embedding(5, 4), cells, st.readout("state", 4, 4, 5))
    engines = model.use_engine(engine)
    ids = torch.randint(0, 5, (3, STEPS))

    def run():
        with torch.no_grad():
            return [model(ids[:, :steps])[0] for steps in (STEPS, STEPS - 1, 1)]

    whole, found = whole_and_in_portions(monkeypatch, run)
    assert engines.name == engine
    torch.testing.assert_close(found, whole, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(found[0], model.plain(ids)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("engine", ["torch", pytest.param("native", marks=pytest.mark.slow)])
def test_a_long_stack_is_not_kept_for_all_steps(engine):
    pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, engine],
        env={**os.environ, "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 280  # the states of all steps are 525 MB, two recordings some 50


def in_portions(made, ids, size):
    """Return a model's predictions, each portion gone on with from the state before it."""
    found, state = [], None
    for first in range(0, ids.shape[1], size):
        predictions, state = made(ids[:, first : first + size], state)
        found.append(predictions)
    return torch.cat(found, 1), state


def model_of_stacks():
    cells = [st.cell("gru", 4, 4), st.cell("stack-rnn:cell_size=2", 4, 4)]
    return st.Model(torch.nn.Embedding(5, 4), cells, st.readout("state", 4, 4, 5)).double()


@one_quick_in(2, engine=ENGINES, gradients=[False, True])
def test_a_stack_goes_on_in_portions_by_the_engine(engine, gradients):
    made, ids = model_of_stacks(), torch.randint(0, 5, (3, 13))
    engines, parameters = made.use_engine(engine), list(made.parameters())
    with torch.set_grad_enabled(gradients):
        found, state = in_portions(made, ids, 5)
        assert engines.name == engine
        whole, final = made.plain(ids)
        torch.testing.assert_close(found, whole, rtol=0, atol=1e-12)
        torch.testing.assert_close(state[1][0], final[1][0], rtol=0, atol=1e-12)
        if gradients:
            pairs = [torch.autograd.grad(p.square().sum(), parameters) for p in (found, whole)]
            torch.testing.assert_close(*pairs, rtol=0, atol=1e-9)


def test_a_stack_grows_by_the_steps_of_each_portion():
    made, ids = model_of_stacks(), torch.randint(0, 5, (2, 60))
    with torch.no_grad():
        found, state = in_portions(made, ids, 2)
        torch.testing.assert_close(found, made.plain(ids)[0], rtol=0, atol=1e-12)
    assert state[1][1].shape[1] == 60


@pytest.mark.parametrize("engine", ENGINES)
def test_states_that_do_not_fit_are_no_reason_against_other_calls(engine):
    made, ids = model_of_stacks(), torch.randint(0, 5, (2, 3))
    engines, state = made.use_engine(engine), in_portions(made, ids, 3)[1]
    wrong = (state[0], (torch.zeros(2, 7).double(), state[1][1]))
    for _ in range(4):
        with pytest.raises(RuntimeError, match="shapes"):
            made(ids, wrong)
        assert "shapes" in engines.reasons[engine]
    made(ids)
    assert engines.name == engine
    made(ids, state)
    assert engines.name == engine


@pytest.mark.parametrize("gradients", [False, True])
def test_small_portions_with_larger_states_are_run_by_the_loop_under_auto(gradients, monkeypatch):
    monkeypatch.setenv("CC", "/nonexistent")
    monkeypatch.setenv("SEQTASKS_CACHE", "")
    made, ids = model_of_stacks(), torch.randint(0, 5, (2, 12))
    engines = made.use_engine("auto")
    with torch.set_grad_enabled(gradients):
        in_portions(made, ids, 9)
        assert engines.name == "plain"
        assert "longer to make" in engines.reasons["native"]
        monkeypatch.setattr(loop_cost, "SMALL", 0)
        in_portions(made, ids, 9)
        assert engines.name == "torch"
