"""A program holds for the attributes a cell had when it was made; another is made for others."""

import functools
import gc
import time
import weakref
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from grids import one_quick_in
from test_reads_from_outside import BY_NAME
from torch import nn
from truth import ENGINES

import seqtasks as st
from seqtasks.engine.unroll import engines_of


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


@one_quick_in(2, engine=ENGINES, change=CHANGES)
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


exec("def read(): return globals()['ra' + 'te']", BY_NAME)


class Large(st.Cell):
    """Holds a list of which a step reads one number, or none."""

    def __init__(self, reads, held):
        super().__init__(3, 5)
        self.linear, self.reads, self.held = nn.Linear(8, 5), reads, held
        if held is None:
            much = [1.0] * 2000
            self.read_much = lambda: much[7]

    def forward(self, x, h):
        return torch.tanh(self.linear(torch.cat([x, h], 1))) * self.reads(self)


def seconds_of(function, repeats=20):
    best = float("inf")
    for _ in range(repeats):
        began = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - began)
    return best


LARGE = {
    "unread list": (lambda cell: 1.0, list(range(100_000)), "torch"),
    "list": (lambda cell: cell.held[7], list(range(100_000)), "plain"),
    "dictionary": (lambda cell: cell.held[7], dict.fromkeys(range(100_000), 1.0), "plain"),
    "by a computed name": (lambda cell: getattr(cell, "he" + "ld")[7], [1.0] * 2000, "plain"),
    "closure": (lambda cell: cell.read_much(), None, "plain"),
    "range": (lambda cell: cell.held[7], range(10**9), "torch"),
    "array": (lambda cell: float(cell.held[7]), np.ones(10_000), "torch"),
}


@pytest.mark.parametrize("kind", LARGE)
def test_an_attribute_that_holds_much_costs_little_at_each_call(kind):
    read, held, expected = LARGE[kind]
    cell = Large(read, held)
    inputs = torch.randn(4, 6, 3)
    found, _ = st.unroll(cell, inputs, engine="torch")
    torch.testing.assert_close(found, st.unroll(cell, inputs)[0])
    engines = engines_of(cell, "torch")
    assert engines.name == expected
    assert expected == "torch" or "holds too much" in engines.reasons["torch"]
    assert seconds_of(lambda: engines.program(6, input_size=3, external_states=True)) < 0.005


@pytest.mark.parametrize("of", ["buffer", "parameter"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_tensor_in_the_place_of_none_is_noticed(engine, of):
    class Maybe(st.Cell):
        def __init__(self):
            super().__init__(3, 5)
            self.linear = nn.Linear(8, 5)
            self.register_buffer("buffer", None)
            self.register_parameter("parameter", None)

        def forward(self, x, h):
            held = getattr(self, of)
            made = torch.tanh(self.linear(torch.cat([x, h], 1)))
            return made if held is None else made * held

    cell, inputs = Maybe(), torch.randn(4, 6, 3)
    st.unroll(cell, inputs, engine=engine)
    held = torch.full((5,), 2.0)
    setattr(cell, of, held if of == "buffer" else nn.Parameter(held))
    torch.testing.assert_close(
        st.unroll(cell, inputs, engine=engine)[0], st.unroll(cell, inputs)[0]
    )
    assert engines_of(cell, engine).name == engine


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
