"""Constraints on parameters hold from the first step on, in every engine alike."""

import copy

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from training_runs import LENGTHS, assert_close_runs, model, trainer
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.graph.describe import described
from seqtasks.engine.native.execute.c_program import Program
from seqtasks.engine.pipeline import make_model_graph

SIZE = 3
NAMED_ENGINES_ARE_HELD_TO_THEIR_NAMES = True


class Base(st.Cell):
    def __init__(self, input_size=SIZE, hidden_size=SIZE):
        super().__init__(input_size, hidden_size)
        self.enter = nn.Linear(input_size, hidden_size)
        self.recur = nn.Parameter(torch.randn(hidden_size, hidden_size) / 2)
        self.register_buffer("sign", torch.tensor([1.0, -1.0, 1.0])[:hidden_size])
        self.register_buffer("mask", torch.rand(hidden_size, hidden_size) > 0.2)

    def forward(self, x, state):
        return torch.tanh(self.enter(x) + state @ self.recur.t())


class Clipped(Base):
    def constrain(self):
        self.recur.clamp_(-0.4, 0.4)
        self.enter.bias.clamp_(min=0)


class Dale(Base):
    """Each column has one sign, kept in a buffer that no step reads; no unit feeds itself."""

    def constrain(self):
        self.recur.copy_(torch.relu(self.recur * self.sign) * self.sign)
        self.recur.mul_(1 - torch.eye(SIZE, dtype=self.recur.dtype))


class Masked(Base):
    def constrain(self):
        self.recur.mul_(self.mask)


class ByData(Base):
    def constrain(self):
        self.recur.data.clamp_(max=0.3)
        self.enter.weight.data[:, 0] = self.enter.weight.data[:, 1].abs()


class UnitRows(Base):
    """A norm, which rounds."""

    def constrain(self):
        self.recur /= self.recur.norm(dim=1, keepdim=True).clamp(min=1e-3)


class Shrinking(Base):
    """It differs from itself done twice."""

    def constrain(self):
        self.recur *= 0.9
        self.enter.weight -= 0.01 * self.recur.sum()


class ByLoop(Base):
    """It decides by a value, so no program holds it."""

    def constrain(self):
        if self.recur.norm() > 1:
            self.recur /= self.recur.norm()


class ByValues(Base):
    """It has no rule in any engine."""

    def constrain(self):
        self.recur.copy_(torch.linalg.qr(self.recur)[0])
        self.enter.bias.clamp_(min=0)


NATIVE = [Clipped, Dale, Masked, ByData, UnitRows, Shrinking]
BY_HAND = [ByLoop, ByValues]


def stacked(*cells, kind="symbols"):
    torch.manual_seed(3)
    made = model(kind)
    made.cells = nn.ModuleList([cell().double() for cell in cells])
    return made


@pytest.mark.parametrize("cell", [*NATIVE, *BY_HAND])
def test_the_plain_trainer_does_what_a_loop_by_hand_does(cell):
    start = stacked(cell)
    made, by_hand = trainer(start, "symbols", "plain"), copy.deepcopy(start)
    optimizer = torch.optim.Adam(by_hand.parameters(), 0.01)
    with torch.no_grad():
        by_hand.cells[0].constrain()
    for step in range(4):
        batch = made._source.batch(step)
        optimizer.zero_grad()
        by_hand.loss(batch.inputs, batch.targets).backward()
        optimizer.step()
        with torch.no_grad():
            by_hand.cells[0].constrain()
    made.advance(4)
    assert_close(made.model.state_dict(), by_hand.state_dict())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("cell", [*NATIVE, *BY_HAND])
def test_training_is_the_plain_loops(engine, cell):
    start = stacked(cell, Base)
    options = {"clip": 0.5, "lengths": LENGTHS[:2]}
    made = trainer(start, "symbols", engine, **options)
    assert_close_runs(made, trainer(start, "symbols", "plain", **options), 14)
    by_program = made.compiled_steps is not None
    assert by_program == (engine == "native" and cell in NATIVE)
    if cell is Clipped:
        assert made.model.cells[0].recur.abs().max() <= 0.4


def test_threads_wait_for_the_constraints():
    start = stacked(Dale)
    made = trainer(start, "symbols", "native", threads=3)
    assert_close_runs(made, trainer(start, "symbols", "plain"), 12)


def test_constraints_hold_before_the_first_step():
    made = trainer(stacked(Dale), "symbols", "plain")
    cell = made.model.cells[0]
    assert (cell.recur * cell.sign >= 0).all()
    assert not cell.recur.diagonal().any()


@pytest.mark.parametrize("engine", ["plain", *ENGINES])
def test_a_restored_trainer_goes_on_bit_for_bit(engine):
    start = stacked(Shrinking)
    made = trainer(start, "symbols", engine)
    made.advance(5)
    state = made.state()
    made.advance(4)
    other = trainer(start, "symbols", engine)
    other.restore(state, 5)
    other.advance(4)
    for name, value in made.state().items():
        assert torch.equal(value, other.state()[name]), name


def test_a_part_that_is_no_cell_may_have_constraints_too():
    class Positive(st.Readout):
        def __init__(self):
            super().__init__(SIZE, SIZE, 4)
            self.linear = nn.Linear(SIZE, 4)

        def forward(self, x, output):
            return self.linear(output)

        def constrain(self):
            self.linear.weight.abs_()

    start = stacked(Base)
    start.readout = Positive().double()
    made = trainer(start, "symbols", "native")
    assert made.compiled_steps is not None
    assert_close_runs(made, trainer(start, "symbols", "plain"), 6)
    assert (made.model.readout.linear.weight >= 0).all()


def test_a_program_that_constrains_wrongly_is_not_trusted(monkeypatch, caplog):
    monkeypatch.setattr(Program, "constrain", lambda self: None)
    start = stacked(Shrinking)
    made = trainer(start, "symbols", "native")
    assert "constrains the parameters wrongly" in caplog.text
    assert_close_runs(made, trainer(start, "symbols", "plain"), 6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda cell: setattr(cell, "recur", nn.Parameter(torch.ones(SIZE, SIZE))), "replaces"),
        (lambda cell: setattr(cell.recur, "data", torch.ones(SIZE, 1)), "shape"),
        (lambda cell: cell.sign.zero_(), "no parameter of the part"),
        (lambda cell: cell.nothing, "constrain of Wrong fails"),
    ],
)
def test_wrong_constraints_are_refused(change, said):
    class Wrong(Base):
        def constrain(self):
            change(self)

    with pytest.raises(st.UsageError, match=said):
        trainer(stacked(Wrong), "symbols", "plain")


@pytest.mark.parametrize(
    ("cell", "said"), [(Dale, "constrain"), (ByLoop, "one by one"), (Base, "")]
)
def test_the_description_of_a_cell_says_who_constrains(cell, said):
    made = stacked(cell)
    parts = made.embedding, list(made.cells), made.readout
    rows = dict(described(make_model_graph(*parts, torch.float64, steps=3)))
    assert said in rows.get("after a training step", "")
    assert ("after a training step" in rows) == bool(said)
