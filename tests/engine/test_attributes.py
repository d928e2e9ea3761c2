"""A program holds for the attributes a cell had when it was made; another is made for others."""

import functools
import gc
import weakref
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.with_engine import engines_of


class Scaled(st.Cell):
    """A simple cell whose step reads attributes of all kinds."""

    of_class = 1.0

    def __init__(self):
        super().__init__(3, 5)
        self.linear = nn.Linear(8, 5)
        self.squash = torch.tanh
        self.number = 1.0
        self.share = Fraction(1)
        self.listed = [1.0, (1.0,)]
        self.named = {"scale": 1.0}
        self.array = np.ones(2)
        self.tensor = torch.ones(())
        self.held = SimpleNamespace(inner=SimpleNamespace(scale=1.0))
        self.partial = functools.partial(torch.clamp, min=-10.0)
        self.register_buffer("places", torch.arange(5))

    def forward(self, x, h):
        scale = self.of_class * self.number * float(self.share) * self.listed[0] * self.listed[1][0]
        scale = scale * self.named["scale"] * float(self.array[0]) * self.held.inner.scale
        mixed = self.linear(torch.cat([x, h], 1)) * self.tensor * scale
        return self.squash(self.partial(mixed.index_select(1, self.places)))


def change_list(cell):
    cell.listed[0] = 2.0


def change_nested(cell):
    cell.listed[1] = (2.0,)


def change_dictionary(cell):
    cell.named["scale"] = 2.0


def change_array(cell):
    cell.array[0] = 2.0


def change_tensor_in_place(cell):
    cell.tensor.fill_(2.0)


def change_inner(cell):
    cell.held.inner.scale = 2.0


def change_places(cell):
    cell.places.copy_(torch.tensor([4, 3, 2, 1, 0]))


def change_class(cell):
    type(cell).of_class = 2.0


CHANGES = {
    "class": change_class,
    "function": lambda cell: setattr(cell, "squash", torch.sin),
    "lambda": lambda cell: setattr(cell, "squash", lambda v: 3 * v.tanh()),
    "partial": lambda cell: setattr(cell, "partial", functools.partial(torch.clamp, min=0.0)),
    "number": lambda cell: setattr(cell, "number", 2.0),
    "fraction": lambda cell: setattr(cell, "share", Fraction(1, 2)),
    "list": change_list,
    "tuple in a list": change_nested,
    "dictionary": change_dictionary,
    "array": change_array,
    "tensor in place": change_tensor_in_place,
    "tensor": lambda cell: setattr(cell, "tensor", torch.tensor(2.0)),
    "attribute of an attribute": change_inner,
    "buffer of whole numbers": change_places,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_change_is_noticed(engine, change):
    torch.manual_seed(1)
    cell, inputs = type("Scaled", (Scaled,), {})(), torch.randn(4, 6, 3)
    st.unroll(cell, inputs, engine=engine)
    before = engines_of(cell, engine).name
    CHANGES[change](cell)
    found, _ = st.unroll(cell, inputs, engine=engine)
    expected, _ = st.unroll(cell, inputs)
    torch.testing.assert_close(found, expected)
    assert engines_of(cell, engine).name == before == engine


@pytest.mark.parametrize("engine", ENGINES)
def test_a_program_is_made_once_for_the_same_attributes(engine):
    cell, inputs = Scaled(), torch.randn(4, 6, 3)
    engines = engines_of(cell, engine)
    made = []
    for _ in range(3):
        st.unroll(cell, inputs, engine=engine)
        with torch.no_grad():
            cell.linear.weight.mul_(0.5)  # as training does
        made.append(engines.program(6, input_size=3, external_states=True))
    assert made[0] is not None
    assert made[0] is made[1] is made[2]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_cell_is_not_kept_alive_by_what_is_known_of_its_attributes(engine):
    cell = Scaled()
    cell.own_method = cell.initial_state
    st.unroll(cell, torch.randn(4, 6, 3), engine=engine)
    gone = weakref.ref(cell)
    del cell
    gc.collect()
    assert gone() is None
