"""A new program is tried: what differs from the plain loop is found, what rounding does is not."""

import copy
import time

import pytest
import torch
from torch import nn

import seqtasks as st
from seqtasks.cells import StateReadout
from seqtasks.engine import backends
from seqtasks.engine import engines as execution
from seqtasks.engine.record import whole_model

HIDDEN, SYMBOLS = 5, 3


class Faint(st.Cell):
    """A cell of which some parameters hardly matter, and have gradients as small."""

    def __init__(self, input_size, hidden_size, share=1e-6):
        super().__init__(input_size, hidden_size)
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)
        self.faint = nn.Parameter(torch.randn(hidden_size))
        self.share = share

    def forward(self, x, state):
        loud = torch.tanh(self.linear(torch.cat([x, state], -1)))
        return loud + self.share * torch.sin(self.faint * state)


def model_of(cell, symbols=SYMBOLS, readout=None):
    torch.manual_seed(0)
    cell = cell(4, HIDDEN) if callable(cell) else cell
    readout = readout or StateReadout(4, cell.output_size, 2)
    return st.Model(nn.Embedding(symbols, 4) if symbols else nn.Linear(2, 4), cell, readout)


class Faulty:
    """A program that is wrong in some way, as one that a mistake of ours would have made."""

    def __init__(self, program, forward=None, backward=None, reading=True):
        self._program, self._reading = program, reading
        self._forward, self._backward = forward, backward
        self.model_graph = program.model_graph

    def __getattr__(self, name):
        return getattr(self._program, name)

    def reading(self, tensors):
        if not self._reading:
            return self
        return Faulty(self._program.reading(tensors), self._forward, self._backward)

    def forward(self, *args):
        results = self._program.forward(*args)
        if self._forward is not None:
            self._forward(*results)
        return results

    def backward(self, *args):
        gradients, inputs, given = self._program.backward(*args)
        if self._backward is not None:
            names = [self.model_graph.parameters[leaf] for leaf in self.model_graph.leaves]
            self._backward(dict(zip(map(id, names), gradients, strict=True)))
        return gradients, inputs, given


@pytest.fixture
def made_faulty(monkeypatch):
    """Return a function by which the torch engine's programs are made faulty."""

    def make(**faults):
        right = backends.compile_torch
        monkeypatch.setattr(
            backends, "compile_torch", lambda *model: Faulty(right(*model), **faults)
        )

    return make


def outcome(model, steps=12, rows=24, inputs=None, lengths=None):
    """Return which engine ran a batch, of those that `auto` or the torch engine comes to."""
    torch.manual_seed(1)
    if inputs is None:
        inputs = torch.randint(SYMBOLS, (rows, steps))
    engines = model.use_engine("torch")
    model(inputs, lengths=lengths)
    return engines.name


def test_a_right_program_is_taken():
    assert outcome(model_of(Faint)) == "torch"


@pytest.mark.parametrize("factor", [1.001, -1.0, 0.0, float("nan"), float("inf")])
@pytest.mark.parametrize("share", [1e-3, 1e-6])
def test_a_wrong_gradient_is_found_however_small_beside_the_others(
    share, factor, made_faulty, caplog
):
    model = model_of(lambda i, h: Faint(i, h, share))
    made_faulty(backward=lambda found: found[id(model.cells[0].faint)].mul_(factor))
    assert outcome(model) == "plain"
    assert "its gradient of cells.0.faint differs from the plain loop's" in caplog.text


@pytest.mark.parametrize("step", [16, 25, 39])
def test_what_goes_wrong_after_many_steps_is_found(step, made_faulty):
    def late(predictions, finals, past):
        if predictions.shape[1] > step:
            predictions[:, step:] += 0.01

    made_faulty(forward=late)
    assert outcome(model_of(Faint), steps=step) == "torch"
    assert outcome(model_of(Faint), steps=40) == "plain"


def test_a_wrong_final_state_is_found(made_faulty, caplog):
    made_faulty(forward=lambda predictions, finals, past: finals[0].add_(0.01))
    assert outcome(model_of(Faint)) == "plain"
    assert "its final state 0 differs" in caplog.text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_one_number_that_is_not_finite_is_found(value, made_faulty):
    def spoilt(predictions, finals, past):
        predictions[0, 3, 1] = value

    made_faulty(forward=spoilt)
    assert outcome(model_of(Faint)) == "plain"


class Infinite(Faint):
    """It puts out infinities and NaN beside its state."""

    @property
    def output_size(self):
        return self.hidden_size + 9

    def output(self, x, state):
        small = state[:, :3] * 0
        return torch.cat([state, small.log(), -small.log(), small.log() * small], -1)


class All(st.Readout):
    def forward(self, x, output):
        return output


@pytest.mark.parametrize("change", [lambda p: p.nan_to_num_(), lambda p: p.neg_(), torch.zero_])
def test_numbers_that_are_not_finite_are_compared_as_such(change, made_faulty):
    readout = All(4, HIDDEN + 9, HIDDEN + 9)
    infinite = model_of(Infinite, readout=readout)
    predictions, _ = infinite(torch.zeros(1, 2, dtype=torch.int64))
    assert predictions.isinf().any()
    assert predictions.isnan().any()
    assert outcome(infinite) == "torch"
    made_faulty(forward=lambda predictions, finals, past: change(predictions[..., HIDDEN:]))
    assert outcome(infinite) == "plain"


def test_a_program_that_does_not_follow_its_parameters_is_found(made_faulty, caplog):
    made_faulty(reading=False)
    assert outcome(model_of(Faint)) == "plain"
    assert "once its parameters are changed" in caplog.text


class Scaled(nn.Embedding):
    """A table times a learned scale."""

    def __init__(self, symbols, features):
        super().__init__(symbols, features)
        self.scale = nn.Parameter(torch.ones(features))

    def forward(self, ids):
        return super().forward(ids) * self.scale


def test_parameters_that_the_program_does_not_know_are_compared_too(monkeypatch, caplog):
    monkeypatch.setattr(whole_model, "_is_table", lambda module: isinstance(module, nn.Embedding))
    model = model_of(Faint)
    model.embedding = Scaled(SYMBOLS, 4)
    assert outcome(model) == "plain"
    assert "its gradient of embedding.scale differs" in caplog.text


@pytest.mark.parametrize("fault", ["lengths", "no lengths"])
def test_instances_of_different_lengths_are_tried(fault, made_faulty):
    def forgetful(predictions, finals, past):
        predictions[predictions == 0] = 1.0  # past an instance's end they are zero

    model, lengths = model_of(Faint), torch.full((24,), 12)
    assert outcome(model, lengths=lengths) == "torch"
    if fault == "lengths":
        made_faulty(forward=forgetful)
        assert outcome(model_of(Faint), lengths=lengths) == "plain"


def test_a_trial_changes_nothing_and_draws_nothing():
    model = model_of("gru" and (lambda i, h: st.cell("gru", i, h)))
    model(torch.randint(SYMBOLS, (2, 3)))[0].sum().backward()
    before = copy.deepcopy(model.state_dict())
    gradients = [p.grad.clone() for p in model.parameters()]
    torch.manual_seed(5)
    state = torch.get_rng_state()
    engines = model.use_engine("torch")
    model(torch.zeros(4, 20, dtype=torch.int64))
    assert engines.name == "torch"
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert all(torch.equal(g, p.grad) for g, p in zip(gradients, model.parameters(), strict=True))


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
@pytest.mark.parametrize("symbols", [SYMBOLS, 0])
def test_a_program_is_tried_where_no_gradients_are_kept(mode, symbols):
    model = model_of(Faint, symbols)
    with mode():
        inputs = torch.zeros(4, 20, dtype=torch.int64) if symbols else torch.randn(4, 20, 2)
        assert outcome(model, inputs=inputs) == "torch"


def test_a_trial_takes_a_fraction_of_a_second(monkeypatch):
    taken = []
    real = execution.disagreement

    def timed(*args):
        began = time.process_time()
        result = real(*args)
        taken.append(time.process_time() - began)
        return result

    monkeypatch.setattr(execution, "disagreement", timed)
    model = model_of(lambda i, h: st.cell("gru", i, h))
    assert outcome(model, steps=60) == "torch"
    assert 0 < taken[0] < 1.0
