"""Every registered cell and readout keeps its promises: the checks that an author can run too."""

from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

import seqtasks as st
from seqtasks.registry.discovery import current_registry
from seqtasks.testing import parametrize_with_checks
from seqtasks_cells.memory import StackRNN, TapeRNN

EXAMPLE = Path(__file__).parents[1] / "example_plugin" / "seqtasks_example" / "mgu.py"
VARIANTS = [
    "elman:nonlinearity=relu",
    "stack-rnn:cell_size=2,depth=4",
    "tape-rnn:cell_size=2,places=7,jump=3,write_size=3",
    "tape-rnn:jump=1/2",
    "slstm:forget_gate=exp",
    "delta-net:negative_eigenvalues=true,key_size=4",
]
CELLS = [*current_registry().names("cell"), *VARIANTS, f"{EXAMPLE}:MGU"]
READOUTS = [*current_registry().names("readout"), "concat:activation=tanh", "state:before=relu"]
INPUT, HIDDEN = 2, 3


@parametrize_with_checks(CELLS, kind="cell", costly=pytest.mark.slow)
def test_a_cell_keeps_its_promises(check):
    check()


@parametrize_with_checks(READOUTS, kind="readout")
def test_a_readout_keeps_its_promises(check):
    check()


@pytest.fixture
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        yield


BY_LENGTH = ("stack-rnn", "tape-rnn", "tape-rnn:jump=1/2")
"""Cells whose state has a size by the length of the whole batch."""


@pytest.fixture(params=[name for name in CELLS if name not in BY_LENGTH])
def cell(request, seeded):
    same = request.param.startswith("sum")
    return st.cell(request.param, HIDDEN if same else INPUT, HIDDEN).double()


def parts(state):
    """Return a state's tensors, whether it is one tensor or a tuple."""
    return state if isinstance(state, tuple) else (state,)


def random_inputs(batch, steps, features=INPUT):
    return torch.randn(batch, steps, features, dtype=torch.float64)


def test_mixed_lengths_in_a_batch_are_what_each_instance_gives_alone(cell):
    inputs, lengths = random_inputs(4, 6, cell.input_size), [6, 1, 4, 0]
    padded = inputs.clone()
    for row, length in enumerate(lengths):
        padded[row, length:] = torch.nan  # whatever stands there makes no difference
    outputs, final = st.unroll(cell, padded, lengths=torch.tensor(lengths))
    for row, length in enumerate(lengths):
        assert not outputs[row, length:].any()
        its_final = cell.initial_state(1, 6)
        if length:
            its_outputs, its_final = st.unroll(cell, inputs[row : row + 1, :length])
            assert_close(outputs[row, :length], its_outputs[0], rtol=0, atol=1e-13)
        for part, its_part in zip(parts(final), parts(its_final), strict=True):
            assert_close(part[row], its_part[0], rtol=0, atol=1e-13)


def test_padding_leaves_gradients_finite(cell):
    outputs, _ = st.unroll(cell, random_inputs(2, 5, cell.input_size), lengths=torch.tensor([5, 1]))
    outputs.sum().backward()
    for name, parameter in cell.named_parameters():
        assert parameter.grad.isfinite().all(), name


def test_a_step_asks_for_no_number_so_it_can_be_traced(cell):
    cell = cell.to("meta")
    x = torch.empty(5, cell.input_size, dtype=torch.float64, device="meta")
    state = cell.initial_state(5, 6)
    following = cell(x, state)  # a tensor on the device meta has no numbers to decide by
    assert [p.shape for p in parts(following)] == [p.shape for p in parts(state)]
    assert cell.output(x, following).shape == (5, cell.output_size)


def test_a_stack_as_deep_as_the_sequence_is_long_loses_nothing(seeded):
    cell = StackRNN(INPUT, HIDDEN, depth=5).double()
    inputs = random_inputs(3, 5)
    outputs, (_, stack) = st.unroll(cell, inputs)
    gradients = torch.autograd.grad(outputs.sum(), list(cell.parameters()))
    for depth in (9, None):
        cell.depth = depth
        deeper_outputs, (_, deeper) = st.unroll(cell, inputs)
        its_gradients = torch.autograd.grad(deeper_outputs.sum(), list(cell.parameters()))
        assert_close(deeper_outputs, outputs, rtol=0, atol=1e-13)
        assert_close(its_gradients, gradients, rtol=0, atol=1e-12)
        assert_close(deeper[:, :5], stack, rtol=0, atol=1e-13)
        assert not deeper[:, 5:].any()


def test_a_stack_without_a_depth_is_as_deep_as_the_sequence_is_long_or_a_little_deeper():
    cell = StackRNN(INPUT, HIDDEN)
    depths = [cell.initial_state(1, steps)[1].shape[1] for steps in range(1, 17)]
    assert depths == [1, 2, 3, 4, 6, 6, 8, 8, 12, 12, 12, 12, 16, 16, 16, 16]
    for steps in range(1, 2000, 7):
        assert steps <= cell.places(steps) < max(steps + 1, 1.5 * steps)


def test_a_stack_without_a_depth_gives_an_instance_the_same_outputs_in_any_batch(seeded):
    cell, inputs = StackRNN(INPUT, HIDDEN).double(), random_inputs(2, 6)
    outputs, _ = st.unroll(cell, inputs, lengths=torch.tensor([6, 2]))
    alone, _ = st.unroll(cell, inputs[1:, :2])
    assert_close(outputs[1, :2], alone[0], rtol=0, atol=1e-13)


def test_a_tape_without_sizes_has_room_on_either_side_and_jumps_the_whole_length(seeded):
    cell = TapeRNN(INPUT, HIDDEN).double()
    _, tape = cell.initial_state(2, 6)
    assert tape.shape == (2, 13, 8)
    told = TapeRNN(INPUT, HIDDEN, places=13, jump=6).double()
    told.load_state_dict(cell.state_dict())
    inputs = random_inputs(2, 6)
    assert_close(st.unroll(cell, inputs), st.unroll(told, inputs), rtol=0, atol=0)
