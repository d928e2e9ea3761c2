"""What no program can stand in for is recognised, says why, and runs by the plain loop."""

import copy
import random

import pytest
import torch
from refused_cells import (
    BY_SIZE_OF_BATCH,
    FOUND_BY_TRIAL,
    REFUSED,
    Counter,
    Dropout,
    Linear,
    Whole,
)
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.native.execute.c_program import Program
from seqtasks.engine.tensors.execute.torch_program import TensorProgram
from seqtasks.engine.unroll import engines_of


class Tanh(Linear):
    def forward(self, x, h):
        return torch.tanh(self.mixed(x, h))


def run(cell, engine):
    """Return outputs, the final state and gradients; everything is drawn anew each time."""
    torch.manual_seed(3)
    random.seed(3)
    inputs = torch.randn(6, 5, 3, requires_grad=True)
    outputs, final = st.unroll(cell, inputs, engine=engine)
    return outputs, final, *torch.autograd.grad(outputs.sum(), [inputs, *cell.parameters()])


def same(found, expected):
    return all(
        torch.equal(f, e)
        for one, other in zip(found, expected, strict=True)
        for f, e in zip(flat(one), flat(other), strict=True)
    )


def flat(value):
    return value if isinstance(value, tuple) else (value,)


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("engine", ENGINES)
def test_the_analysis_refuses_it_and_the_plain_loop_runs_it(engine, kind):
    cell = kind()
    twin = copy.deepcopy(cell) if kind.__name__ != "OwnGenerator" else kind()
    twin.load_state_dict(cell.state_dict())
    random.seed(1)
    found = run(cell, engine)
    random.seed(1)
    assert same(found, run(twin, "plain"))
    engines = engines_of(cell, engine)
    assert engines.name == "plain"
    assert REFUSED[kind] in engines.unsupported
    assert REFUSED[kind] in engines.reasons[engine]
    if kind is Counter:
        assert cell.steps == twin.steps


@pytest.mark.parametrize("kind", FOUND_BY_TRIAL)
@pytest.mark.parametrize("engine", ENGINES)
def test_the_trial_catches_what_the_analysis_cannot_see(engine, kind, caplog):
    cell = kind()
    found = run(cell, engine)
    assert engines_of(cell, engine).name == "plain"
    assert f"computes {kind.__name__} wrongly" in caplog.text
    assert same(found, run(cell, "plain"))


@pytest.mark.parametrize("rows", [1, 5, 7, 11, 60])  # of which some are those of the recording
@pytest.mark.parametrize("kind", BY_SIZE_OF_BATCH)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_cell_that_looks_at_the_number_of_rows_is_found_out_with_any(engine, kind, rows):
    cell = kind()
    st.unroll(cell, torch.randn(rows, 3, 3), engine=engine)
    assert engines_of(cell, engine).name == "plain"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_cell_that_can_be_run_again_is_run_by_its_engine_again(engine):
    cell = Tanh()
    handle = cell.linear.register_forward_hook(lambda *_: None)
    run(cell, engine)
    assert engines_of(cell, engine).name == "plain"
    handle.remove()
    run(cell, engine)
    assert engines_of(cell, engine).name == engine


@pytest.mark.parametrize("engine", ENGINES)
def test_no_program_is_made_for_each_of_many_changes(engine):
    cell = Tanh()
    cell.scale = 1.0
    for step in range(20):
        cell.scale = step / 10
        assert same(run(cell, engine)[:1], run(cell, "plain")[:1]) or step < 16
    assert engines_of(cell, engine).name == "plain"
    assert "again and again" in engines_of(cell, engine).reasons[engine]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_wrong_derivative_of_ours_is_caught_before_it_is_used(engine, caplog, monkeypatch):
    from seqtasks.engine.graph.operations import POINTWISE, Pointwise

    right = POINTWISE["tanh"]
    wrong = Pointwise(right.c, right.torch, lambda graph, node, g: [g], right.cheap)
    monkeypatch.setitem(POINTWISE, "tanh", wrong)
    cell = Tanh()
    found = run(cell, engine)
    assert "computes Tanh wrongly; the plain loop runs" in caplog.text
    assert same(found, run(cell, "plain"))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_program_that_fails_at_its_trial_is_not_used(engine, caplog, monkeypatch):
    def failing(self, *args):
        raise RuntimeError("no room on the device")

    for program in (Program, TensorProgram):
        monkeypatch.setattr(program, "backward", failing)
    cell = Tanh()
    found = run(cell, engine)
    assert "computes Tanh wrongly; the plain loop runs" in caplog.text
    reason = "it failed: RuntimeError: no room on the device"
    assert reason in caplog.text
    assert engines_of(cell, engine).reasons[engine] == reason
    assert same(found, run(cell, "plain"))


def forward_hook(cell):
    cell.register_forward_hook(lambda module, args, result: result / 2)


def hook_on_a_part(cell):
    cell.linear.register_forward_pre_hook(lambda module, args: (args[0] / 2,))


def backward_hook(cell):
    cell.register_full_backward_hook(lambda module, before, after: (before[0] / 2, before[1]))


def hook_on_a_parameter(cell):
    cell.linear.weight.register_hook(lambda g: g / 2)


@pytest.mark.parametrize(
    "add_hook", [forward_hook, hook_on_a_part, backward_hook, hook_on_a_parameter]
)
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("engine", ENGINES)
def test_hooks_run_whenever_they_are_added(engine, late, add_hook):
    cell = Tanh()
    twin = copy.deepcopy(cell)
    if late:
        run(cell, engine)
        assert engines_of(cell, engine).name == engine
    for one in (cell, twin):
        add_hook(one)
    assert same(run(cell, engine), run(twin, "plain"))
    assert engines_of(cell, engine).name == "plain"
    assert "hook" in engines_of(cell, engine).unsupported


@pytest.mark.parametrize("engine", ENGINES)
def test_dropout_is_nothing_in_evaluation_and_random_in_training(engine):
    cell = Dropout().eval()
    twin = copy.deepcopy(cell)
    for found, expected in zip(run(cell, engine), run(twin, "plain"), strict=True):
        torch.testing.assert_close(found, expected)
    assert engines_of(cell, engine).name == engine
    cell.train()
    assert same(run(cell, engine), run(twin.train(), "plain"))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_layer_that_runs_whole_sequences_does_so_in_a_model(engine):
    model = st.Model(torch.nn.Embedding(5, 3), Whole(), st.readout("state", 3, 4, 2))
    ids = torch.randint(0, 5, (2, 7))
    plain, _ = model(ids)
    engines = model.use_engine(engine)
    assert torch.equal(model(ids)[0], plain)
    assert engines.name == "plain"
    assert "scan" in engines.reasons[engine]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_analysis_leaves_the_callers_random_state_alone(engine):
    cell = Tanh()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    st.unroll(cell, torch.zeros(2, 3, 3), engine=engine)
    assert torch.equal(torch.rand(3), expected)
