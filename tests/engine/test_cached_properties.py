"""A cell may keep constants in a `cached_property`, and nothing that depends on its parameters."""

import copy
from functools import cached_property

import pytest
import torch
from torch import nn
from torch.testing import assert_close
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.pipeline import make_model_graph
from seqtasks.engine.unroll import engines_of


class Bilinear(st.Cell):
    """h' = (I - A/2)⁻¹ ((I + A/2) h + B x)."""

    def __init__(self, size):
        super().__init__(3, size)
        self.A = nn.Parameter(torch.randn(size, size) / 4)
        self.B = nn.Linear(3, size)

    @cached_property
    def eye(self):
        return torch.eye(self.hidden_size, dtype=self.A.dtype)

    def forward(self, x, h):
        right = h @ (self.eye + self.A / 2).t() + self.B(x)
        return right @ torch.inverse(self.eye - self.A / 2).t()


class Kept(Bilinear):
    """It keeps what depends on a parameter, which the plain loop does not compute again."""

    @cached_property
    def eye(self):
        return torch.eye(self.hidden_size, dtype=self.A.dtype) * self.A.detach().sum()


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("engine", ENGINES)
def test_constants_may_be_kept(engine, size):
    start, inputs = Bilinear(size).double(), torch.randn(4, 6, 3, dtype=torch.float64)
    found = []
    for name in ("plain", engine):
        cell = copy.deepcopy(start)
        for _ in range(2):
            outputs, state = st.unroll(cell, inputs, engine=name)
        found.append(
            (outputs, state, torch.autograd.grad(outputs.sin().sum(), list(cell.parameters())))
        )
    assert engines_of(cell, engine).name == engine
    assert_close(*found)


def test_what_depends_on_a_parameter_may_not():
    with pytest.raises(UnsupportedError, match=r"changes its attribute cells\.0\.eye"):
        make_model_graph(None, [Kept(4)], None, torch.float32, steps=3, input_size=3)
