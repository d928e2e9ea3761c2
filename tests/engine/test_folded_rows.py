"""Slots and heads that a step folds into the batch: recorded place by place, or refused."""

import pytest
import torch
from torch import nn

import seqtasks as st
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import make_model_graph


class Folded(st.Cell):
    """Folds two halves of its state into the batch, calls a function, and unfolds them."""

    def __init__(self, function):
        super().__init__(3, 8)
        self.function, self.enter = function, nn.Linear(3, 8)
        self.lstm = nn.LSTMCell(4, 4)

    def forward(self, x, h):
        folded = (h + self.enter(x)).reshape(-1, 4)
        return torch.tanh(self.function(self, folded).reshape(len(h), 8))


TAKEN = {
    "along features": lambda cell, v: v.softmax(-1) + v.cumsum(1) + v.sum(1, keepdim=True),
    "a cell": lambda cell, v: sum(cell.lstm(v, (v, 2 * v))),
    "folded once more": lambda cell, v: v.view(-1, 2).tanh().view(-1, 4),
    "in place": lambda cell, v: v.clone().mul_(2.0).add_(v),
}
MIXED = {
    "over the batch": lambda cell, v: v - v.mean(0),
    "along the batch": lambda cell, v: v.softmax(0),
    "turned": lambda cell, v: v @ v.t() @ v,
    "moved": lambda cell, v: v.roll(1, 0),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_does_the_same_for_each_place_is_recorded(name):
    from seqtasks.engine.unroll import engines_of

    cell = Folded(TAKEN[name]).double()
    x = torch.randn(5, 3, 3, dtype=torch.float64, requires_grad=True)
    found = []
    for by in ("plain", "torch"):
        outputs, _ = st.unroll(cell, x, engine=by)
        gradients = torch.autograd.grad(
            outputs.sin().sum(), [x, *cell.parameters()], allow_unused=True
        )
        found.append((outputs, [g for g in gradients if g is not None]))
    assert engines_of(cell, "torch").name == "torch", engines_of(cell, "torch").reasons
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("name", MIXED)
def test_what_goes_over_the_places_is_refused(name):
    with pytest.raises(UnsupportedError, match=r"rows mix|treats the rows"):
        make_model_graph(None, [Folded(MIXED[name])], None, torch.float32, steps=3, input_size=3)
