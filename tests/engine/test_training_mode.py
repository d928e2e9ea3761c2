"""One program serves training and evaluation mode, unless some code may read the mode."""

import ast
import inspect
import pkgutil

import pytest
import torch
from torch import nn
from torch.testing import assert_close

import seqtasks as st
import seqtasks.cells
from seqtasks.engine.policy import choice
from seqtasks.engine.record.training_mode import INDIFFERENT


class Scaled(st.Cell):
    """A cell to derive from, whose step calls `scale`."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x, state):
        return torch.tanh(self.linear(torch.cat([x, state], -1))) * self.scale()

    def scale(self):
        return 0.5


class ByMode(Scaled):
    def scale(self):
        return 0.5 if self.training else 0.25


class ByName(Scaled):
    def scale(self):
        return 0.5 if getattr(self, "train" + "ing") else 0.25


class ByPart(Scaled):
    """The mode of a part counts, of a class of torch that is not known to ignore it."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.dropout = nn.Dropout(0.5)

    def scale(self):
        return 0.5 * self.dropout(torch.ones(1)) if False else 0.5


class Noticed(Scaled):
    """A cell that changes an attribute with its mode."""

    factor = 0.5

    def train(self, mode=True):
        self.factor = 0.5 if mode else 0.25
        return super().train(mode)

    def scale(self):
        return self.factor


@pytest.fixture
def recorded(monkeypatch):
    made = []
    make = choice.make_model_graph

    def counting(*arguments, **named):
        made.append(1)
        return make(*arguments, **named)

    monkeypatch.setattr(choice, "make_model_graph", counting)
    return made


@pytest.mark.parametrize(
    ("kind", "programs"), [(Scaled, 1), (ByMode, 2), (ByName, 2), (ByPart, 2), (Noticed, 2)]
)
def test_programs_of_both_modes(kind, programs, recorded):
    torch.manual_seed(1)
    cell, inputs = kind(3, 4).double(), torch.randn(2, 5, 3, dtype=torch.float64)
    for training in (True, False, True, False):
        cell.train(training)
        found = st.unroll(cell, inputs, engine="torch")[0]
        assert_close(found, st.unroll(cell, inputs)[0], rtol=1e-9, atol=1e-9)
    assert len(recorded) == programs


def test_a_run_records_its_model_once(recorded):
    st.run("bitflip", cell="gru", steps=2, engine="native", evaluation_lengths=(5,))
    assert len(recorded) == 1


def names_of(kind):
    """Return the names of attributes that a class's own methods read."""
    functions = [held for held in vars(kind).values() if inspect.isfunction(held)]
    return {name for one in functions for name in one.__code__.co_names}


def test_the_classes_that_ignore_the_mode_do_not_read_it():
    for kind in INDIFFERENT - {nn.Module}:
        for base in kind.__mro__[: kind.__mro__.index(nn.Module)]:
            assert "training" not in names_of(base), base


def test_no_cell_or_readout_of_the_core_reads_the_mode():
    for found in pkgutil.walk_packages(seqtasks.cells.__path__, "seqtasks.cells."):
        if found.name == "seqtasks.cells.spectral_norms":  # of parametrizations, for all engines
            continue
        source = inspect.getsource(pkgutil.resolve_name(found.name))
        read = {one.attr for one in ast.walk(ast.parse(source)) if isinstance(one, ast.Attribute)}
        assert "training" not in read, found.name
