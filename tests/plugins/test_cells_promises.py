"""Every cell of the plugin keeps what a cell promises: shapes, gradients, rows, lengths, purity."""

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.testing import assert_close

import seqtasks as st
from seqtasks.cells import ConcatReadout
from seqtasks_cells.gated import MGU, UGRNN, MinGRU, MinLSTM
from seqtasks_cells.linear import LRU, DeltaNet
from seqtasks_cells.memory import StackRNN, TapeRNN
from seqtasks_cells.rectified import IRNN, IndRNN
from seqtasks_cells.xlstm import SLSTM

INPUT, HIDDEN = 2, 3
CELLS = {
    "stack-rnn": (StackRNN, {"cell_size": 2, "depth": 4}),
    "tape-rnn": (TapeRNN, {"cell_size": 2, "places": 7, "jump": 3, "write_size": 3}),
    "mgu": (MGU, {}),
    "ugrnn": (UGRNN, {}),
    "min-gru": (MinGRU, {}),
    "min-lstm": (MinLSTM, {}),
    "slstm": (SLSTM, {}),
    "slstm exp": (SLSTM, {"forget_gate": "exp"}),
    "irnn": (IRNN, {}),
    "ind-rnn": (IndRNN, {}),
    "lru": (LRU, {}),
    "delta-net": (DeltaNet, {"key_size": 4}),
    "delta-net negative": (DeltaNet, {"negative_eigenvalues": True}),
}


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        yield


@pytest.fixture(params=CELLS)
def cell(request):
    cell_class, options = CELLS[request.param]
    return cell_class(INPUT, HIDDEN, **options).double()


def parts(state):
    """Return a state's tensors, whether it is one tensor or a tuple."""
    return state if isinstance(state, tuple) else (state,)


def whole(tensors):
    """Return a state of some tensors, the reverse of `parts`."""
    return tuple(tensors) if len(tensors) > 1 else tensors[0]


def random_start(cell, batch):
    """Return the tensors of a random state that is nowhere negative."""
    return [torch.rand_like(part) for part in parts(cell.initial_state(batch, 3))]


def random_inputs(batch, steps):
    return torch.randn(batch, steps, INPUT, dtype=torch.float64)


class Unrolled(nn.Module):
    """A cell run along a sequence, as a module, so that its parameters can be put in."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, x, state):
        return st.unroll(self.cell, x, state)


def test_gradients_through_three_steps_agree_with_finite_differences(cell):
    start = [part.requires_grad_() for part in random_start(cell, 2)]
    inputs = random_inputs(2, 3).requires_grad_()
    names = [f"cell.{name}" for name, _ in cell.named_parameters()]

    def run(x, *rest):
        weights = dict(zip(names, rest[len(start) :], strict=True))
        outputs, final = functional_call(Unrolled(cell), weights, (x, whole(rest[: len(start)])))
        return (outputs, *parts(final))

    assert torch.autograd.gradcheck(run, (inputs, *start, *cell.parameters()))


def test_each_row_of_a_batch_goes_its_own_way(cell):
    inputs, start = random_inputs(4, 5), random_start(cell, 4)
    outputs, final = st.unroll(cell, inputs, whole(start))
    for row in range(4):
        alone = [part[row : row + 1] for part in start]
        its_outputs, its_final = st.unroll(cell, inputs[row : row + 1], whole(alone))
        assert_close(outputs[row], its_outputs[0], rtol=0, atol=1e-13)
        for part, its_part in zip(parts(final), parts(its_final), strict=True):
            assert_close(part[row], its_part[0], rtol=0, atol=1e-13)


def test_mixed_lengths_in_a_batch_are_what_each_instance_gives_alone(cell):
    inputs, lengths = random_inputs(4, 6), [6, 1, 4, 0]
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
    outputs, _ = st.unroll(cell, random_inputs(2, 5), lengths=torch.tensor([5, 1]))
    outputs.sum().backward()
    for name, parameter in cell.named_parameters():
        assert parameter.grad.isfinite().all(), name


def test_a_run_in_two_halves_is_the_run_in_one(cell):
    inputs, start = random_inputs(2, 6), whole(random_start(cell, 2))
    outputs, final = st.unroll(cell, inputs, start)
    first, between = st.unroll(cell, inputs[:, :2], start)
    second, after = st.unroll(cell, inputs[:, 2:], between)
    assert_close(outputs, torch.cat([first, second], 1), rtol=0, atol=1e-13)
    assert_close(final, after, rtol=0, atol=1e-13)


def test_a_step_changes_nothing_it_is_given(cell):
    x, start = random_inputs(2, 1)[:, 0], random_start(cell, 2)
    following = cell(x, whole(start))
    first = cell.output(x, following)
    second = cell.output(x, following)
    assert torch.equal(first, second)
    given = [x, *start, *parts(following), *cell.parameters()]
    versions = [tensor._version for tensor in given]
    cell.output(x, cell(x, whole(start)))
    assert [tensor._version for tensor in given] == versions


def test_a_step_asks_for_no_number_so_it_can_be_traced(cell):
    cell = cell.to("meta")
    x = torch.empty(5, INPUT, dtype=torch.float64, device="meta")
    state = cell.initial_state(5, 6)
    following = cell(x, state)  # a tensor on the device meta has no numbers to decide by
    assert [p.shape for p in parts(following)] == [p.shape for p in parts(state)]
    assert cell.output(x, following).shape == (5, cell.output_size)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_everything_has_the_type_of_the_parameters(cell, dtype):
    cell = cell.to(dtype)
    outputs, final = st.unroll(cell, random_inputs(2, 3).to(dtype))
    for tensor in (outputs, *parts(final), *parts(cell.initial_state(2, 3))):
        assert tensor.dtype == dtype


@pytest.mark.parametrize("sizes", [(2, 7), (7, 2), (1, 1)])
@pytest.mark.parametrize("name", CELLS)
def test_a_cell_has_the_sizes_it_is_given_and_the_output_size_it_says(name, sizes):
    cell_class, options = CELLS[name]
    cell = cell_class(*sizes, **options)
    assert (cell.input_size, cell.hidden_size) == sizes
    assert cell.output_size == (sizes[0] if cell_class is LRU else sizes[1])
    model = st.Model(
        nn.Embedding(2, sizes[0]),
        [cell, cell_class(cell.output_size, sizes[1], **options)],
        ConcatReadout(sizes[0], cell.output_size, 3),
    )
    logits, states = model(torch.tensor([[0, 1, 1], [1, 0, 0]]))
    assert logits.shape == (2, 3, 3)
    assert all(part.shape[0] == 2 for state in states for part in parts(state))


def test_a_stack_as_deep_as_the_sequence_is_long_loses_nothing():
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


def test_a_stack_without_a_depth_gives_an_instance_the_same_outputs_in_any_batch():
    cell, inputs = StackRNN(INPUT, HIDDEN).double(), random_inputs(2, 6)
    outputs, _ = st.unroll(cell, inputs, lengths=torch.tensor([6, 2]))
    alone, _ = st.unroll(cell, inputs[1:, :2])
    assert_close(outputs[1, :2], alone[0], rtol=0, atol=1e-13)


def test_a_tape_without_sizes_has_room_on_either_side_and_jumps_the_whole_length():
    cell = TapeRNN(INPUT, HIDDEN).double()
    _, tape = cell.initial_state(2, 6)
    assert tape.shape == (2, 13, 8)
    told = TapeRNN(INPUT, HIDDEN, places=13, jump=6).double()
    told.load_state_dict(cell.state_dict())
    inputs = random_inputs(2, 6)
    assert_close(st.unroll(cell, inputs), st.unroll(told, inputs), rtol=0, atol=0)
