"""The plain loop runs a cell along sequences, each instance for its own number of steps."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch.testing import assert_close

import seqtasks as st

EXACT = {"rtol": 1e-12, "atol": 1e-12}
FEATURES = 3


class Accumulate(st.Cell):
    """h' = h + x, whose states are the running sums of the inputs."""

    def forward(self, x, state):
        return state + x


class Mixed(st.Cell):
    """A state of three tensors: numbers (batch, hidden), counts (batch,), matrices."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = torch.nn.Linear(input_size + hidden_size, hidden_size)

    def initial_state(self, batch_size, steps):
        size = self.hidden_size
        count = torch.zeros(batch_size, dtype=torch.int64)
        return self.zeros(batch_size, size), count, self.zeros(batch_size, size, size)

    def forward(self, x, state):
        hidden, count, products = state
        hidden = torch.tanh(self.linear(torch.cat([x, hidden], -1)))
        return hidden, count + 1, products + hidden[:, :, None] * hidden[:, None, :]


class Places(st.Cell):
    """A memory with a place for every step; it puts out the sum of x and of all places."""

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, steps)

    def forward(self, x, state):
        return torch.cat([x[:, :1], state[:, :-1]], 1)

    def output(self, x, state):
        return torch.cat([x, state.sum(1, keepdim=True)], 1)

    @property
    def output_size(self):
        return self.input_size + 1


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(22)
        yield


def parts(state):
    return state if isinstance(state, tuple) else (state,)


def made(name):
    return (Mixed(FEATURES, 4) if name == "mixed" else st.cell(name, FEATURES, 4)).double()


def numbers(*shape):
    return torch.randn(shape, dtype=torch.float64)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_states_of_an_accumulator_are_running_sums(steps):
    inputs, start = numbers(2, steps, FEATURES), numbers(2, FEATURES)
    outputs, final, states = st.unroll(
        Accumulate(FEATURES, FEATURES), inputs, start, return_states=True
    )
    expected = start[:, None] + inputs.cumsum(1)
    assert_close((outputs, states, final), (expected, expected, expected[:, -1]), **EXACT)


def test_each_instance_stops_at_its_own_length_and_then_puts_out_zeros():
    inputs = torch.arange(1.0, 13.0).reshape(3, 4, 1)
    outputs, final, states = st.unroll(
        Accumulate(1, 1), inputs, None, torch.tensor([4, 0, 2]), return_states=True
    )
    assert outputs[..., 0].tolist() == [[1, 3, 6, 10], [0, 0, 0, 0], [9, 19, 0, 0]]
    assert states[..., 0].tolist() == [[1, 3, 6, 10], [0, 0, 0, 0], [9, 19, 19, 19]]
    assert final.tolist() == [[10], [0], [19]]


@pytest.mark.parametrize("name", ["concat", "gru", "lstm", "mixed"])
def test_shapes(name):
    cell, inputs = made(name), numbers(2, 6, FEATURES)
    outputs, final = st.unroll(cell, inputs)
    again, _, states = st.unroll(cell, inputs, return_states=True)
    assert outputs.shape == (2, 6, 4)
    assert_close(again, outputs, rtol=0, atol=0)
    assert len(parts(states)) == len(parts(final)) == {"lstm": 2, "mixed": 3}.get(name, 1)
    for last, every in zip(parts(final), parts(states), strict=True):
        assert every.shape == (2, 6, *last.shape[1:])
        assert_close(every[:, -1], last, rtol=0, atol=0)


def one_by_one(cell, inputs, state, lengths):
    """Return the scalar's gradients, outputs and final states of instances run alone."""
    outputs, finals = [], []
    for index, length in enumerate(lengths):
        own = tuple(part[index : index + 1] for part in state)
        own = own if len(own) > 1 else own[0]
        if length:
            output, own = st.unroll(cell, inputs[index : index + 1, :length], own)
            outputs.append(output[0])
        else:
            outputs.append(inputs.new_zeros(0, cell.output_size))
        finals.append(parts(own))
    return outputs, [torch.cat(tensors) for tensors in zip(*finals, strict=True)]


def scalar(outputs, finals):
    """Return a sum in which each step of each instance and each state has its own weight."""
    total = sum(final.sin().sum() for final in finals if final.is_floating_point())
    for index, output in enumerate(outputs):
        steps = torch.arange(1.0, len(output) + 1, dtype=torch.float64)[:, None]
        total = total + ((index + 1) * steps * output).sum()
    return total


@pytest.mark.parametrize("name", ["concat", "elman", "gru", "gru-concat", "lstm", "mixed"])
@settings(max_examples=30, deadline=None, derandomize=True)
@given(lengths=some.lists(some.integers(0, 7), min_size=1, max_size=5), padding=some.floats(-9, 9))
def test_instances_of_mixed_lengths_run_as_they_do_alone(name, lengths, padding):
    torch.manual_seed(5)
    cell, steps = made(name), 7
    inputs = numbers(len(lengths), steps, FEATURES).requires_grad_()
    state = tuple(
        torch.randn_like(part).requires_grad_() if part.is_floating_point() else part
        for part in parts(cell.initial_state(len(lengths), steps))
    )
    leaves = [*cell.parameters(), inputs, *(part for part in state if part.requires_grad)]

    past_end = torch.arange(steps) >= torch.tensor(lengths)[:, None]
    filled = inputs.masked_fill(past_end[..., None], padding)
    start = state if len(state) > 1 else state[0]
    outputs, final = st.unroll(cell, filled, start, torch.tensor(lengths))
    assert not outputs[past_end].any()
    trimmed = [output[:length] for output, length in zip(outputs, lengths, strict=True)]
    together = torch.autograd.grad(scalar(trimmed, parts(final)), leaves, materialize_grads=True)

    alone, alone_final = one_by_one(cell, inputs, state, lengths)
    apart = torch.autograd.grad(scalar(alone, alone_final), leaves, materialize_grads=True)
    assert_close(trimmed, alone, **EXACT)
    assert_close(list(parts(final)), alone_final, **EXACT)
    assert_close(together, apart, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("padding", [1e300, math.inf, math.nan])
def test_whatever_stands_in_the_padding_leaves_no_trace(padding):
    lengths = torch.tensor([5, 2])
    clean = numbers(2, 5, FEATURES)
    dirty = clean.clone()
    clean[1, 2:], dirty[1, 2:] = 0, padding
    results = []
    for inputs in (clean, dirty):
        torch.manual_seed(0)
        cell = made("gru")
        outputs, final = st.unroll(cell, inputs, None, lengths)
        (outputs.sum() + final.sum()).backward()
        results.append((outputs, final, [parameter.grad for parameter in cell.parameters()]))
    assert_close(results[1], results[0], rtol=0, atol=0)


def test_full_lengths_change_nothing():
    cell, inputs = made("lstm"), numbers(3, 4, FEATURES)
    full = st.unroll(cell, inputs, None, torch.full((3,), 4), return_states=True)
    assert_close(full, st.unroll(cell, inputs, return_states=True), rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8])
def test_lengths_may_be_of_any_integer_type(dtype):
    cell, inputs, lengths = made("gru"), numbers(3, 4, FEATURES), torch.tensor([4, 0, 2])
    got = st.unroll(cell, inputs, None, lengths.to(dtype))
    assert_close(got, st.unroll(cell, inputs, None, lengths), rtol=0, atol=0)


@pytest.mark.parametrize("name", ["concat", "lstm", "mixed"])
def test_a_final_state_given_back_continues_the_sequence(name):
    cell, inputs = made(name), numbers(2, 7, FEATURES)
    whole, final = st.unroll(cell, inputs)
    first, state = st.unroll(cell, inputs[:, :3])
    second, ended = st.unroll(cell, inputs[:, 3:], state)
    assert_close((torch.cat([first, second], 1), ended), (whole, final), **EXACT)


def test_a_cell_learns_the_number_of_steps_for_its_initial_state_and_may_shape_its_output():
    inputs = numbers(2, 4, FEATURES)
    outputs, final = st.unroll(Places(FEATURES, 1), inputs)
    assert final.shape == (2, 4)
    assert_close(final, inputs[..., 0].flip(1), **EXACT)
    assert outputs.shape == (2, 4, FEATURES + 1)
    assert_close(outputs[..., :FEATURES], inputs, **EXACT)  # the x of the same step
    assert_close(outputs[..., -1], inputs[..., 0].cumsum(1), **EXACT)  # of the new state


def test_an_output_of_ones_own_is_zero_past_the_length_too():
    outputs, _ = st.unroll(Places(1, 1), torch.ones(2, 3, 1), None, torch.tensor([1, 3]))
    assert outputs.tolist() == [[[1, 1], [0, 0], [0, 0]], [[1, 1], [1, 2], [1, 3]]]


def test_a_learned_initial_state_gets_its_gradient_even_from_an_instance_without_steps():
    class Learned(Accumulate):
        def __init__(self, input_size, hidden_size):
            super().__init__(input_size, hidden_size)
            self.first = torch.nn.Parameter(torch.ones(hidden_size))

        def initial_state(self, batch_size, steps):
            return self.first.expand(batch_size, -1)

    cell = Learned(1, 1)
    _, final = st.unroll(cell, torch.zeros(3, 2, 1), None, torch.tensor([2, 0, 1]))
    final.sum().backward()
    assert cell.first.grad.tolist() == [3]


def test_the_initial_state_takes_the_type_of_the_inputs_and_counts_stay_whole_numbers():
    class Strict(Accumulate):
        def forward(self, x, state):
            assert x.dtype == state.dtype
            return super().forward(x, state)

    assert st.unroll(Strict(2, 2), numbers(1, 2, 2))[0].dtype == torch.float64
    (hidden, count, _), *_ = st.unroll(made("mixed"), numbers(2, 5, FEATURES))[1:]
    assert (hidden.dtype, count.dtype) == (torch.float64, torch.int64)
    assert count.tolist() == [5, 5]


def test_a_batch_may_be_empty():
    outputs, final = st.unroll(made("gru"), numbers(0, 3, FEATURES))
    assert (outputs.shape, final.shape) == ((0, 3, 4), (0, 4))


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 4, 3, 1)])
def test_inputs_that_are_not_batch_time_features_are_refused_with_their_shape(shape):
    with pytest.raises(ValueError, match="batch, time, features") as error:
        st.unroll(made("concat"), numbers(*shape))
    assert str(shape) in str(error.value)


def test_inputs_without_a_step_are_refused():
    with pytest.raises(ValueError, match="at least one step"):
        st.unroll(made("concat"), numbers(2, 0, FEATURES))


@pytest.mark.parametrize("lengths", [torch.tensor([3]), torch.tensor([[3, 3]]), [3, 3], 3])
def test_lengths_that_are_not_one_for_each_instance_are_refused(lengths):
    with pytest.raises(ValueError, match=r"lengths must be a tensor of shape \(2,\), got"):
        st.unroll(made("concat"), numbers(2, 4, FEATURES), None, lengths)


@pytest.mark.parametrize("lengths", [[0, 5], [-1, 3]])
def test_lengths_outside_the_batch_are_refused_with_their_values(lengths):
    with pytest.raises(ValueError, match="lengths must lie within 0 and 4") as error:
        st.unroll(made("concat"), numbers(2, 4, FEATURES), None, torch.tensor(lengths))
    assert str(lengths) in str(error.value)


@pytest.mark.parametrize("lengths", [[1.5, 2.0], [True, False]])
def test_lengths_that_are_no_whole_numbers_are_refused(lengths):
    with pytest.raises(ValueError, match="whole numbers"):
        st.unroll(made("concat"), numbers(2, 4, FEATURES), None, torch.tensor(lengths))
