"""Dropout between the layers of a recurrent layer within a step: all engines draw alike."""

import pytest
import torch
from test_counted_draws import LENGTHS, farthest, results
from torch import nn
from truth import ENGINES

import seqtasks as st
from seqtasks.cells import StateReadout


class Layered(st.Cell):
    """A recurrent layer over two parts of a step; the state is that of its first layer."""

    def __init__(self, size, make):
        super().__init__(3, size)
        self.layer = make(2, size)
        self.enter = nn.Linear(3 + size, 4)

    def forward(self, x, h):
        parts = self.enter(torch.cat([x, h], 1)).view(-1, 2, 2)
        made, _ = self.layer(parts if self.layer.batch_first else parts.transpose(0, 1))
        last = made[:, -1] if self.layer.batch_first else made[-1]
        return torch.tanh(0.5 * h + last[:, : h.shape[1]] + last[:, -1:])


LAYERS = {
    "gru": lambda n, m: nn.GRU(n, m, 2, dropout=0.3),
    "lstm of three layers": lambda n, m: nn.LSTM(n, m, 3, dropout=0.5, batch_first=True),
    "projected lstm": lambda n, m: nn.LSTM(n, m + 1, 2, dropout=0.5, proj_size=m),
    "rnn": lambda n, m: nn.RNN(n, m, 2, dropout=0.5, bias=False),
    "rnn of relus, both ways": lambda n, m: nn.RNN(
        n, m, 2, nonlinearity="relu", dropout=0.4, bidirectional=True
    ),
}


@pytest.mark.parametrize("size", [1, 2, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("engine", ENGINES)
def test_all_engines_draw_alike(engine, kind, size):
    cells = [Layered(size, LAYERS[kind])]
    model = st.Model(nn.Linear(2, 3), cells, StateReadout(3, size, 2)).double()
    inputs = torch.randn(6, 9, 2, dtype=torch.float64)
    expected, _ = results(model, "plain", inputs, LENGTHS)
    found, ran = results(model, engine, inputs, LENGTHS)
    assert ran == engine, model.engines.reasons
    assert farthest(found, expected) < 1e-10
    other, _ = results(model, "plain", inputs, LENGTHS, key=6)
    assert farthest(other, expected) > 1e-6
    model.eval()
    without, _ = results(model, engine, inputs, LENGTHS)
    assert farthest(without, results(model, "plain", inputs, LENGTHS)[0]) < 1e-10


@pytest.mark.parametrize("kind", LAYERS)
def test_what_is_kept_is_the_layers_own(kind):
    """Where every number is kept, the layers are those of torch without dropout."""
    cell = Layered(4, LAYERS[kind]).double()
    model = st.Model(nn.Linear(2, 3), [cell], StateReadout(3, 4, 2)).double()
    inputs = torch.randn(6, 9, 2, dtype=torch.float64)
    cell.layer.dropout = 1e-12
    kept, _ = results(model, "plain", inputs)
    cell.layer.dropout = 0.0
    assert farthest(kept, results(model, "plain", inputs)[0]) < 1e-9
