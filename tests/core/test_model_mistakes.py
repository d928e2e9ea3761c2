"""A long table of models: what breaks a promise, or is never trained, is named before the run."""

import logging

import numpy as np
import pytest
import torch
from grids import one_quick_in
from planted_cells.learnt import Detached, NewEachStep, ThroughNumPy, Unused
from planted_cells.right import Right
from planted_cells.rows import (
    BatchNormalised,
    Counts,
    MeanOfBatch,
    Noisy,
    RandomStart,
    Rolled,
    SoftmaxOverBatch,
)
from torch import nn

import seqtasks as st
from seqtasks.authoring.model_mistakes import check_steps, model_mistakes
from seqtasks.models.build import build_model
from seqtasks.registry.discovery import current_registry


class KeepsState(Right):
    kept = None

    def forward(self, x, state):
        if self.kept is None or self.kept.shape != state.shape:
            self.kept = state
        self.kept = self.new(x, self.kept)
        return self.kept


class Averages(Right):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.register_buffer("average", torch.zeros(hidden_size))

    def forward(self, x, state):
        self.average = 0.9 * self.average + 0.1 * state.detach()[0]
        return self.new(x, state - self.average)


class InAList(Right):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.maps = [nn.Linear(input_size + hidden_size, hidden_size)]

    def forward(self, x, state):
        return torch.tanh(self.maps[0](torch.cat([x, state], -1)))


class NoParameter(Right):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.weight = torch.randn(hidden_size, hidden_size)

    def forward(self, x, state):
        return self.new(x, state @ self.weight)


class Late(st.Cell):
    linear = None

    def forward(self, x, state):
        both = torch.cat([x, state], -1)
        if self.linear is None:
            del type(self).linear
            self.linear = nn.Linear(both.shape[-1], self.hidden_size)
            type(self).linear = None
        return torch.tanh(self._modules["linear"](both))


class NoisyOutside(Right):
    def forward(self, x, state):
        return self.new(x, state) + float(np.random.random())


MIX = "its rows mix"


MISTAKES = {
    MeanOfBatch: MIX,
    SoftmaxOverBatch: MIX,
    Rolled: MIX,
    BatchNormalised: MIX,
    KeepsState: "its attribute kept keeps something from one sequence to the next",
    Counts: "its attribute steps keeps something from one sequence to the next",
    Averages: "its attribute average keeps something from one sequence to the next",
    InAList: "its attribute maps holds tensors that are neither parameters nor buffers",
    NoParameter: "its attribute weight holds tensors that are neither parameters nor buffers",
    NewEachStep: "are no parameters of it, and never trained",
    Late: "it makes parameters linear.weight, linear.bias while it runs",
    Detached: "no gradient goes back to that state",
    ThroughNumPy: "no gradient reaches its parameters linear.weight, linear.bias",
    Unused: "no gradient reaches its parameters unused.weight, unused.bias in its first 6 steps",
    Noisy: "it draws random numbers while it is scored",
    RandomStart: "it draws random numbers while it is scored",
    NoisyOutside: "it draws random numbers outside torch",
}


def found_in(cell, task="parity", layers=1, readout="concat"):
    made = st.task(task)
    model = build_model(made, cell, readout, 5, layers=layers)
    inputs = torch.from_numpy(made.batch(np.random.default_rng(0), 8, 9).inputs)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    states = torch.get_rng_state(), repr(np.random.get_state())
    found = [*check_steps(model, "it"), *model_mistakes(model, inputs)]
    after = model.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert torch.equal(torch.get_rng_state(), states[0])
    assert repr(np.random.get_state()) == states[1]
    return found


@pytest.mark.parametrize(("cell", "message"), MISTAKES.items())
def test_a_broken_promise_is_named_and_the_model_left_as_it_is(cell, message):
    found = found_in(cell, layers=1 + (cell is not Rolled))
    assert any(message in line for line in found), found
    assert (MIX in " ".join(found)) == (message is MIX or cell is Averages), found


def test_every_cell_and_readout_of_ours_keeps_its_promises():
    registry = current_registry()
    for cell in registry.names("cell"):
        assert found_in(cell) == [], cell
    assert found_in("lstm", "adding", layers=2) == []
    for readout in registry.names("readout"):
        assert found_in("gru", readout=readout) == [], readout


class Dropout(Right):
    """Draws in training alone, keeps the last state to look at, and a cache: all of it allowed."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.cache = {}
        self.seen = None
        self.dropout = nn.Dropout(0.3)

    def forward(self, x, state):
        one = self.cache.setdefault(len(x), len(x) / len(x))
        self.seen = self.dropout(self.new(x, state)) * one
        return self.seen


def test_what_does_no_harm_is_not_named():
    assert found_in(Right) == []
    assert found_in(Dropout) == []


class Double(Right):
    def initial_state(self, batch_size, steps):
        return torch.zeros(batch_size, self.hidden_size, dtype=torch.float64)


class DoublesInOutput(Right):
    def output(self, x, state):
        return state.mul_(2)


def test_a_change_of_the_state_in_the_output_is_refused():
    with pytest.raises(st.UsageError, match="changes the state in place in its output, which the"):
        st.run("bitflip", cell=DoublesInOutput, steps=1, engine="plain")


def said(caplog, **options):
    caplog.clear()
    with caplog.at_level(logging.WARNING, logger="seqtasks"):
        st.run("bitflip", steps=2, length="5", evaluation_lengths=(5,), **options)
    return [record.getMessage() for record in caplog.records]


@one_quick_in(2, cell=[Counts, InAList, Unused, Double], engine=["plain", "auto"])
def test_a_run_says_in_a_line_what_may_be_wrong(caplog, cell, engine):
    lines = said(caplog, cell=cell, engine=engine)
    words = {Double: "initial_state returns torch.float64", **MISTAKES}[cell]
    assert len(lines) <= 1 + (cell is Counts), lines  # its scores are doubted too
    assert f"cell {cell.__name__.lower()}" in lines[0]
    assert words in lines[0]


def test_a_run_of_what_is_right_says_nothing(caplog):
    assert said(caplog, cell=Right, engine="plain") == []
    assert said(caplog, cell=Right, engine="auto") == []


class Module(nn.Module):
    """A model of one's own, whose predictions are multiplied by a factor."""

    def __init__(self, factor=1.0, detached=False):
        super().__init__()
        self.symbols, self.last = nn.Embedding(2, 4), nn.Linear(4, 2)
        self.factor, self.detached = factor, detached

    def forward(self, inputs):
        made = self.factor * self.last(self.symbols(inputs))
        return made.detach() if self.detached else made


def test_a_run_that_trains_nothing_says_so_before_and_after(caplog):
    before, after = said(caplog, model=Module(factor=0.0))
    assert "the model Module may be wrong: nothing is trained: no gradient" in before
    assert "2 steps of training changed no parameter" in after
    (slow,) = said(caplog, model=Module(), learning_rate=1e-12)
    assert "or the learning rate 1e-12 is too small" in slow
    assert said(caplog, model=Module()) == []


class KeepsHidden(nn.Module):
    """A module of one's own that goes on where the sequence before it ended, gradient and all."""

    def __init__(self, detached=False):
        super().__init__()
        self.gru, self.readout = nn.GRU(1, 4, batch_first=True), nn.Linear(4, 2)
        self.hidden, self.detached = None, detached

    def forward(self, ids):
        known = self.hidden is not None and self.hidden.shape[1] == len(ids)
        out, hidden = self.gru(ids[:, :, None].float(), self.hidden if known else None)
        self.hidden = hidden.detach() if self.detached else hidden
        return self.readout(out)


def test_what_can_be_trained_once_alone_is_refused():
    with pytest.raises(st.UsageError, match="cell keepsstate: its second training step fails") as e:
        st.run("bitflip", cell=KeepsState, steps=2)
    assert "attribute kept keeps something" in str(e.value)
    with pytest.raises(st.UsageError, match="model KeepsHidden: its second training step fails"):
        st.run("bitflip", model=KeepsHidden(), steps=2)
    assert st.run("bitflip", model=KeepsHidden(detached=True), steps=2).step == 2
