"""Initial states that draw: masks and noise that a sequence keeps."""

import pytest
import torch
from test_counted_draws import farthest
from torch import nn
from torch.nn import functional

import seqtasks as st
from seqtasks.cells.state_tree import tensors_of
from seqtasks.engine.unroll import engines_of
from seqtasks.randomness.counted_draws import CountedDraws, DrawKey

LENGTHS = torch.tensor([9, 4, 0, 7, 1])


class Variational(st.Cell):
    """An LSTM under one mask a sequence (Gal and Ghahramani 2016); its memory begins with noise."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.lstm = nn.LSTMCell(input_size, hidden_size)

    def initial_state(self, batch_size, steps):
        h = self.zeros(batch_size, self.hidden_size)
        x = self.zeros(batch_size, self.input_size)
        noise = torch.randn_like(h)
        return {
            "h": h,
            "c": noise / noise.norm(dim=1, keepdim=True),
            "masks": (functional.dropout(x + 1, 0.3, self.training), torch.bernoulli(h + 0.7)),
        }

    def forward(self, x, state):
        of_x, of_h = state["masks"]
        h, c = self.lstm(x * of_x, (state["h"] * of_h, state["c"]))
        return {**state, "h": h, "c": c}


def results(model, engine, inputs, lengths=None, state=None):
    model.use_engine(engine)
    model.zero_grad()
    with CountedDraws(DrawKey(5), torch.float64):
        predictions, states = model(inputs, state, lengths)
    assert model.engines.name == engine, model.engines.reasons
    held = tensors_of(states)
    (predictions.square().sum() + sum(s.sum() for s in held)).backward()
    gradients = [p.grad.clone() for p in model.parameters()]
    return [predictions.detach(), *(s.detach() for s in held), *gradients], states


def test_a_program_draws_the_initial_states_of_the_plain_loop():
    cells = [Variational(4, 6), Variational(6, 6)]
    model = st.Model(nn.Linear(3, 4), cells, st.readout("state", 4, 6, 2)).double()
    inputs = torch.randn(5, 9, 3, dtype=torch.float64)
    for lengths in (None, LENGTHS):
        expected, states = results(model, "plain", inputs, lengths)
        found, _ = results(model, "native", inputs, lengths)
        assert farthest(found, expected) < 1e-10
    given = [{k: v if k == "masks" else v.detach() for k, v in s.items()} for s in states]
    expected, _ = results(model, "plain", inputs, state=given)
    found, _ = results(model, "native", inputs, state=given)
    assert farthest(found, expected) < 1e-10
    model.eval()
    expected, _ = results(model, "plain", inputs)
    assert farthest(results(model, "native", inputs)[0], expected) < 1e-10


def test_a_run_trains_with_masks_of_its_own_at_each_step():
    small = {"steps": 12, "batch_size": 8, "hidden_size": 8, "evaluation_lengths": (6,)}
    found = [
        st.run("parity", cell=Variational, length="6", engine=engine, **small)
        for engine in ("native", "plain")
    ]
    for one, other in zip(*(r.model.parameters() for r in found), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=2e-4)


class Weighted(st.Cell):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.scale = nn.Parameter(torch.ones(hidden_size))

    def initial_state(self, batch_size, steps):
        return torch.rand(batch_size, self.hidden_size) * self.scale

    def forward(self, x, h):
        return torch.tanh(h + x)


class Shared(Weighted):
    def initial_state(self, batch_size, steps):
        return torch.rand(self.hidden_size).expand(batch_size, -1)


@pytest.mark.parametrize(("kind", "word"), [(Weighted, "on a parameter"), (Shared, "first axis")])
def test_other_drawn_starts_are_refused_by_name(kind, word):
    cell = kind(4, 4)
    with CountedDraws(DrawKey(5), torch.float32):
        st.unroll(cell, torch.zeros(3, 2, 4), engine="native")
    engines = engines_of(cell, "native")
    assert engines.name == "plain"
    assert word in str(engines.reasons)
