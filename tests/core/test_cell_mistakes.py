"""What a user may get wrong with a cell or a model is named, before anything is trained."""

import logging

import pytest
import torch
from torch import nn

import seqtasks as st
from seqtasks.cells import Concat, ConcatReadout


class Late(st.Cell):
    """Parameters made in forward."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.linear = None

    def forward(self, inputs, state):
        both = torch.cat([inputs, state], -1)
        if self.linear is None:
            self.linear = nn.Linear(both.shape[-1], self.hidden_size)
        return torch.tanh(self.linear(both))


class LateReadout(st.Readout):
    """A readout that makes its parameters when it first runs."""

    def __init__(self, input_size, state_size, output_size):
        super().__init__(input_size, state_size, output_size)
        self.linear = None

    def forward(self, x, output):
        if self.linear is None:
            self.linear = nn.Linear(self.state_size, self.output_size)
        return self.linear(output)


class Mixes(Concat):
    """Rows that mix."""

    def forward(self, inputs, state):
        return super().forward(inputs, state - state.mean(0))


def test_parameters_made_in_forward_are_refused_at_the_start(tmp_path):
    with pytest.raises(st.UsageError, match=r"makes parameters while it runs \(.*linear.weight\)"):
        st.run("parity", cell=Late, steps=2, out=tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(st.UsageError, match=r"^readout latereadout makes parameters while it"):
        st.run("parity", readout=LateReadout, steps=2, out=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_cell_that_only_the_plain_loop_runs_is_said_with_the_reason(caplog):
    with caplog.at_level(logging.WARNING, logger="seqtasks"):
        st.run("parity", cell=Mixes, steps=2, evaluation_lengths=(5,))
        st.run("parity", cell=Mixes, steps=2, evaluation_lengths=(5,), engine="plain")
        st.run("parity", cell="gru", steps=2, evaluation_lengths=(5,))
    said = [r.getMessage() for r in caplog.records if "plain loop" in r.getMessage()]
    assert len(said) == 1
    assert "runs cell mixes: its rows mix" in said[0]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([[0, 1]], "must be a tensor of a batch, .* got list"),
        (torch.zeros(1, 2).numpy(), "got ndarray"),
        (torch.tensor([0, 1]), r"must be \(batch, time\) ids, got shape \(2,\)"),
        (torch.zeros(1, 2), r"must be \(batch, time\) ids, got shape \(1, 2\) of torch.float32"),
        (torch.tensor([[0, 7]]), "hold the id 7; the model knows 0 to 1"),
        (torch.tensor([[0, -1]]), "hold the id -1"),
    ],
)
def test_predict_says_what_is_wrong_with_its_inputs(inputs, message):
    model = st.Model(nn.Embedding(2, 3), Concat(3, 4), ConcatReadout(3, 4, 2))
    with pytest.raises(st.UsageError, match=message):
        model.predict(inputs)


class Positions(nn.Module):
    """A module with a table of 12 positions."""

    def __init__(self):
        super().__init__()
        self.symbols, self.places = nn.Embedding(2, 4), nn.Embedding(12, 4)
        self.last = nn.Linear(4, 2)

    def forward(self, inputs):
        places = self.places(torch.arange(inputs.shape[1]))
        return self.last(self.symbols(inputs) + places)


def test_every_evaluation_length_is_tried_before_training():
    with pytest.raises(st.UsageError, match="Positions fails on inputs of length 20: IndexError"):
        st.run("parity", model=Positions(), steps=2, length="10", evaluation_lengths=(10, 12, 20))


def test_a_run_is_kept_when_it_cannot_be_scored(monkeypatch, caplog, tmp_path):
    monkeypatch.setattr("seqtasks.runs.try_out.SECONDS_OF_TRIALS", -1.0)
    settings = {"steps": 2, "length": "10", "evaluation_lengths": (10, 20), "out": tmp_path}
    result = st.run("parity", model=Positions(), **settings)
    assert result.metrics.keys() == {10}
    assert "cannot be scored at length 20: IndexError" in caplog.text
    assert st.load(result.path, model=Positions()).metrics == result.metrics


class OwnNames(st.Cell):
    """A cell whose sizes have names of their own."""

    def __init__(self, i, h, rate=0.5):
        super().__init__(i, h)
        self.linear, self.rate = torch.nn.Linear(i + h, h), rate

    def forward(self, x, state):
        return self.rate * torch.tanh(self.linear(torch.cat([x, state], -1)))


def test_sizes_are_given_by_place_whatever_the_names_of_the_parameters():
    made = st.cell(OwnNames, 3, 4)
    assert (made.input_size, made.hidden_size, made.rate) == (3, 4, 0.5)
    spec = f"{__name__}:OwnNames:rate=0.25"
    result = st.run("parity", cell=spec, steps=1, evaluation_lengths=(3,), engine="plain")
    assert result.model.cells[0].rate == 0.25


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("hidden_size, input_size", "must take input_size, hidden_size first"),
        ("rate, input_size, hidden_size", "must take input_size, hidden_size first"),
        ("rate: float, name: str", "must take input_size, hidden_size first"),
        ("size", "must take input_size, hidden_size first"),
        ("a, b=3", "must take input_size, hidden_size first"),
    ],
)
def test_sizes_that_cannot_be_told_by_place_are_refused(parameters, said):
    made = {}
    exec(f"def __init__(self, {parameters}): pass", made)
    broken = type("Broken", (st.Cell,), {"__init__": made["__init__"]})
    with pytest.raises(st.UsageError, match=said):
        st.cell(broken, 3, 4)
