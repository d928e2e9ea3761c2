"""A buffer that is annealed has the value of its step, in every engine alike."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from training_runs import LENGTHS, assert_close_runs, model, trainer
from truth import ENGINES

import seqtasks as st

SIZE, STEPS = 3, 30
NAMED_ENGINES_ARE_HELD_TO_THEIR_NAMES = True


class Annealed(st.Cell):
    """A temperature that its step reads, a price that its penalty reads, and one nobody reads."""

    def __init__(self, input_size=SIZE, hidden_size=SIZE):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size + hidden_size, hidden_size)
        for name in ("temperature", "price", "unread"):
            self.register_buffer(name, torch.tensor(1.0))

    def anneal(self, step, steps):
        return {"temperature": 3.0 - 2 * step / steps, "price": step / 10, "unread": float(step)}

    def forward(self, x, state):
        return torch.tanh(self.enter(torch.cat([x, state], -1)) / self.temperature)

    def penalty(self, x, state):
        return self.price * state.square().mean(-1)


def stacked(*cells):
    torch.manual_seed(3)
    made = model("symbols")
    made.cells = nn.ModuleList([cell().double() for cell in cells])
    return made


def test_the_plain_trainer_does_what_a_loop_by_hand_does():
    start = stacked(Annealed)
    made, by_hand = trainer(start, "symbols", "plain", steps=STEPS), copy.deepcopy(start)
    optimizer, cell = torch.optim.Adam(by_hand.parameters(), 0.01), by_hand.cells[0]
    for step in range(4):
        for name, value in cell.anneal(step, STEPS).items():
            getattr(cell, name).fill_(value)
        batch = made._source.batch(step)
        optimizer.zero_grad()
        by_hand.loss(batch.inputs, batch.targets).backward()
        optimizer.step()
    made.advance(4)
    assert_close(made.model.state_dict(), by_hand.state_dict())
    assert made.model.cells[0].unread == 3


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("options", [{}, {"threads": 3}])
def test_training_is_the_plain_loops(engine, options):
    start = stacked(Annealed, Annealed)
    options = {**options, "lengths": LENGTHS[:2], "steps": STEPS}
    made = trainer(start, "symbols", engine, **options)
    assert_close_runs(made, trainer(start, "symbols", "plain", **options), 14)
    assert (made.compiled_steps is not None) == (engine == "native")
    values = [float(getattr(made.model.cells[1], name)) for name in ("price", "unread")]
    assert values == [1.3, 13.0]


@pytest.mark.parametrize("engine", ["plain", *ENGINES])
def test_a_restored_trainer_goes_on_bit_for_bit(engine):
    start = stacked(Annealed)
    made = trainer(start, "symbols", engine, steps=STEPS)
    made.advance(5)
    state = made.state()
    made.advance(6)
    other = trainer(start, "symbols", engine, steps=STEPS)
    other.restore(state, 5)
    assert other.model.cells[0].unread == 4
    other.advance(6)
    for name, value in made.state().items():
        assert torch.equal(value, other.state()[name]), name


WRONG = [
    (lambda step: None, "must return a dict"),
    (lambda step: {"temperature": float("nan")}, "finite"),
    (lambda step: {"weight": 1.0}, "register_buffer"),
    (lambda step: {"enter.weight": 1.0}, "no buffer"),
    (lambda step: {"temperature": 1.0 / (1 - step)}, "anneal of Wrong fails"),
    (lambda step: {("temperature", "price")[step > 0]: 1.0}, "same names"),
]


@pytest.mark.parametrize(("made", "said"), WRONG)
def test_a_wrong_anneal_is_refused(made, said):
    class Wrong(Annealed):
        def anneal(self, step, steps):
            return made(step)

    with pytest.raises(st.UsageError, match=said):
        trainer(stacked(Wrong), "symbols", "plain", steps=STEPS).advance(2)


def test_a_trainer_must_know_how_many_steps_there_are():
    with pytest.raises(st.UsageError, match="number of steps of the whole training"):
        trainer(stacked(Annealed), "symbols", "plain")


def test_a_buffer_that_is_not_saved_is_refused():
    class Unsaved(Annealed):
        def __init__(self):
            super().__init__()
            self.register_buffer("temperature", torch.tensor(1.0), persistent=False)

    with pytest.raises(st.UsageError, match="persistent"):
        trainer(stacked(Unsaved), "symbols", "plain", steps=STEPS)
