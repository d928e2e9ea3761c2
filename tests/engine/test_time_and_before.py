"""A step may know its number, and an output the state before the step, in every engine alike."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from training_runs import assert_close_runs, model, trainer
from truth import ENGINES
from whole_models import computed, drawn

import seqtasks as st
from seqtasks.engine.contract import chunked

SIZE = 3
NAMED_ENGINES_ARE_HELD_TO_THEIR_NAMES = True


class Timed(st.Cell):
    """A clock opens each unit at its own times, and the output compares two states."""

    def __init__(self, input_size=SIZE, hidden_size=SIZE):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size + hidden_size, hidden_size)
        self.rate = nn.Parameter(torch.linspace(0.3, 1.0, hidden_size))

    def initial_state(self, batch_size, steps):
        return self.zeros(batch_size, self.hidden_size), self.zeros(batch_size, self.hidden_size)

    def forward(self, x, state, time):
        h, mean = state
        new = torch.tanh(self.enter(torch.cat([x, h], -1))) * torch.cos(self.rate * time)
        return torch.where(time % 2 == 0, new, h + x), mean + (new - mean) / (1 + time)

    def output(self, x, state, before, time):
        return state[0] * before[0] + before[1].tanh() * (1 + time).log() + state[1]


class Difference(st.Cell):
    """It names `before` alone, and has one tensor for a state."""

    def __init__(self, input_size=SIZE, hidden_size=SIZE):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x, state):
        return torch.tanh(self.enter(torch.cat([x, state], -1)))

    def output(self, x, state, before):
        return state - 2 * before


def stacked(*cells):
    made = model("symbols")
    made.cells = nn.ModuleList([cell().double() for cell in cells])
    return made


def by_hand(cell, inputs):
    """Return the outputs of a sequence by a loop of this test's own."""
    state = cell.initial_state(len(inputs), inputs.shape[1])
    outputs = []
    for step, x in enumerate(inputs.unbind(1)):
        time = torch.full((len(inputs), 1), float(step), dtype=inputs.dtype)
        before, state = state, cell(x, state, time)
        outputs.append(cell.output(x, state, before, time))
    return torch.stack(outputs, 1), state


def test_the_plain_loop_counts_from_0_and_gives_the_state_before_the_step():
    cell, inputs = Timed().double(), torch.randn(2, 5, SIZE, dtype=torch.float64)
    found, expected = st.unroll(cell, inputs), by_hand(cell, inputs)
    assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize("engine", ["plain", *ENGINES])
def test_each_instance_counts_its_own_steps(engine):
    cell, lengths = Timed().double(), torch.tensor([5, 0, 2, 1])
    inputs = torch.randn(4, 5, SIZE, dtype=torch.float64)
    outputs, states = st.unroll(cell, inputs, None, lengths, engine=engine)
    for row, length in enumerate(lengths.tolist()):
        if length:
            alone, state = by_hand(cell, inputs[row : row + 1, :length])
            assert_close(outputs[row, :length], alone[0])
            assert_close(states[0][row], state[0][0])
        assert not outputs[row, length:].any()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("histories", [False, True])
@pytest.mark.parametrize("mixed", [False, True])
def test_predictions_states_and_gradients_are_the_plain_loops(engine, histories, mixed):
    made = stacked(Timed, Difference, Timed)
    made.use_engine(engine)
    problem = drawn(made, 7, 9, mixed)
    found = computed(made, made, *problem, histories)
    assert made.engines.name == engine
    assert_close(found, computed(made.plain, made, *problem, histories), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("engine", ["plain", *ENGINES])
def test_a_sequence_in_portions_goes_on_counting(engine):
    made = stacked(Timed, Timed)
    made.use_engine(engine)
    ids = torch.randint(4, (5, 9))
    whole, final = made(ids)
    first, state = made(ids[:, :4])
    rest, end = made(ids[:, 4:], state, time=torch.full((5,), 4))
    assert_close(torch.cat([first, rest], 1), whole)
    assert_close(end, final)
    again, _ = made(ids[:, 4:], state, time=4)
    assert_close(again, rest)
    with pytest.raises(ValueError, match="say which step comes next"):
        made(ids[:, 4:], state)
    later, _ = made(ids, time=3)
    assert_close(later, made.plain(ids, start=torch.full((5,), 3))[0])
    assert not torch.allclose(later, whole)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("mixed", [False, True])
def test_a_program_that_takes_chunks_of_steps_counts_on(engine, mixed, monkeypatch):
    monkeypatch.setitem(chunked.NUMBERS, "cpu", 3)
    monkeypatch.setattr(chunked, "LEAST_STEPS", 4)
    made = stacked(Timed, Difference)
    made.use_engine(engine)
    ids, _, lengths = drawn(made, 6, 19, mixed)
    with torch.no_grad():
        assert_close(made(ids, lengths=lengths), made.plain(ids, lengths=lengths))


@pytest.mark.parametrize("engine", ENGINES)
def test_training_is_the_plain_loops(engine):
    start = stacked(Timed, Difference)
    made = trainer(start, "symbols", engine, clip=0.5)
    assert_close_runs(made, trainer(start, "symbols", "plain", clip=0.5), 12)


@pytest.mark.parametrize(
    ("time", "said"),
    [(0.5, "whole numbers"), (-1, "at least 0"), (torch.zeros(3, dtype=torch.int64), "shape")],
)
def test_a_number_of_a_step_that_cannot_be_is_refused(time, said):
    made = copy.deepcopy(stacked(Timed))
    with pytest.raises(ValueError, match=said):
        made(torch.randint(4, (5, 2)), time=time)
    with pytest.raises(ValueError, match=said):
        st.unroll(Timed(), torch.randn(5, 2, SIZE), time=time)
