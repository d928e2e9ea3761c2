"""A small cell and a model of it, and a comparison of what an engine makes of them."""

import torch
from torch import nn
from torch.testing import assert_close

import seqtasks as st
from seqtasks.engine.unroll import engines_of

EXACT = {"rtol": 1e-10, "atol": 1e-12}


class Tanh(st.Cell):
    """tanh(W x + R h + b), and a bias that nothing uses."""

    def __init__(self, input_size=3, hidden_size=3):
        super().__init__(input_size, hidden_size)
        self.W = nn.Linear(input_size, hidden_size)
        self.R = nn.Linear(hidden_size, hidden_size, bias=False)
        self.unused = nn.Parameter(torch.ones(2))
        self.scale = 1.0
        self.double()

    def forward(self, x, h):
        return torch.tanh(self.scale * (self.W(x) + self.R(h)))


def model_of(cell):
    return st.Model(nn.Embedding(5, 3), cell, st.readout("concat", 3, 3, 5)).double()


def numbers(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def compare(run, module, engine):
    """Check that a run has the same results by both engines; return those of the engine."""
    found = run(engine)
    assert_close(found, run("plain"), **EXACT)
    assert engines_of(module, engine).name == engine, engines_of(module, engine).reasons
    return found
