"""States of several tensors in any container: tuples, lists, NamedTuples, dicts, dataclasses."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import torch
from torch.testing import assert_close

import seqtasks as st
from seqtasks.cells.state_tree import tensors_of
from seqtasks.engine.unroll import engines_of


class Pair(NamedTuple):
    h: torch.Tensor
    c: torch.Tensor


@dataclass
class Record:
    h: torch.Tensor
    c: torch.Tensor


MADE: dict[str, Any] = {
    "NamedTuple": Pair,
    "dataclass": Record,
    "dict": lambda h, c: {"h": h, "c": c},
    "list": lambda h, c: [h, c],
    "nested": lambda h, c: {"layers": [(h,), {"c": c}], "none": None},
}
READ: dict[str, Any] = {
    "NamedTuple": lambda state: (state.h, state.c),
    "dataclass": lambda state: (state.h, state.c),
    "dict": lambda state: (state["h"], state["c"]),
    "list": lambda state: state[:1] + state[1:],  # as lists alone do
    "nested": lambda state: (state["layers"][0][0], state["layers"][1]["c"]),
}


class Held(st.Cell):
    """An LSTM without an output gate, whose state is held as `kind` says."""

    def __init__(self, input_size: int, hidden_size: int, kind: str = "tuple") -> None:
        super().__init__(input_size, hidden_size)
        self.kind = kind
        self.linear = torch.nn.Linear(input_size + hidden_size, 3 * hidden_size)

    def initial_state(self, batch_size: int, steps: int) -> Any:
        zeros = self.zeros(batch_size, self.hidden_size)
        return MADE[self.kind](zeros, zeros + 1)

    def forward(self, x: torch.Tensor, state: Any) -> Any:
        h, c = READ[self.kind](state)
        i, f, g = self.linear(torch.cat([x, h], -1)).chunk(3, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return MADE[self.kind](c.tanh(), c)

    def output(self, x: torch.Tensor, state: Any) -> torch.Tensor:
        h, c = READ[self.kind](state)
        return h + 0.1 * c


@pytest.mark.parametrize("kind", MADE)
def test_each_engine_keeps_the_form_of_a_state(kind: str) -> None:
    cell = Held(3, 4, kind).double()
    inputs = torch.randn(3, 6, 3, dtype=torch.float64)
    lengths = torch.tensor([6, 2, 0])
    for given in (None, cell.initial_state(3, 6)):
        plain = st.unroll(cell, inputs, given, lengths, return_states=True)
        native = st.unroll(cell, inputs, given, lengths, return_states=True, engine="native")
        assert engines_of(cell, "native").name == "native"
        for found, expected in zip(native[1:], plain[1:], strict=True):
            assert type(found) is type(expected) is type(cell.initial_state(1, 1))
            assert_close(tensors_of(found), tensors_of(expected))
        assert_close(native[0], plain[0])


@pytest.mark.parametrize("kind", ["dict", "dataclass"])
def test_a_sequence_goes_on_from_such_a_state_in_a_model_of_two_layers(kind: str) -> None:
    model = st.Model(
        torch.nn.Embedding(3, 4),
        [Held(4, 4, kind), Held(4, 4, "nested")],
        st.readout("state", 4, 4, 3),
    )
    model.use_engine("native")
    ids = torch.randint(3, (2, 7))
    whole, _ = model(ids)
    first, state = model(ids[:, :3])
    rest, _ = model(ids[:, 3:], state)
    assert_close(torch.cat([first, rest], 1), whole)


def test_a_number_of_python_in_a_state_is_refused_by_its_place() -> None:
    class Counting(Held):
        def initial_state(self, batch_size: int, steps: int) -> Any:
            return {"h": self.zeros(batch_size, 4), "n": 0}

        def forward(self, x: torch.Tensor, state: Any) -> Any:
            return {"h": state["h"] + state["n"], "n": state["n"] + 1}

        def output(self, x: torch.Tensor, state: Any) -> torch.Tensor:
            return state["h"]

    cell = Counting(4, 4)
    st.unroll(cell, torch.zeros(2, 3, 4), engine="native")
    engines = engines_of(cell, "native")
    assert engines.name == "plain"
    assert "a number of Python, state['n']: make it a tensor" in str(engines.reasons)


@pytest.mark.parametrize("kind", [*MADE])
def test_a_draw_as_long_as_the_batch_is_told_from_one_of_each_row(kind: str) -> None:
    class Noisy(st.Cell):
        def initial_state(self, batch: int, steps: int) -> Any:
            return MADE[kind](self.zeros(batch, self.hidden_size), self.zeros(batch, 1))

        def forward(self, x: torch.Tensor, state: Any) -> Any:
            h, c = READ[kind](state) if kind != "list" else state
            shared = torch.randn(self.hidden_size)  # all rows have the same numbers
            return MADE[kind](torch.tanh(x + h + shared), c)

    model = st.Model(torch.nn.Embedding(2, 6), Noisy(6, 6), st.cells.StateReadout(6, 6, 2))

    def called(engine: str) -> torch.Tensor:
        model.use_engine(engine, seed=1)
        return model(torch.randint(0, 2, (6, 5), generator=torch.Generator().manual_seed(0)))[0]

    assert_close(called("native"), called("plain"))
