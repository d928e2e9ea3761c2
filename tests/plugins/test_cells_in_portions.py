"""A sequence run in portions, each from the state of the last, has the results of the whole."""

import pytest
import torch
from grids import one_quick_in
from torch import nn
from torch.testing import assert_close

import seqtasks as st
from seqtasks.cells import StateReadout
from seqtasks.errors import UsageError

ENGINES = ["plain", "torch", "native"]
SAME = [
    "stack-rnn:cell_size=2",
    "stack-rnn:cell_size=2,depth=3",
    "tape-rnn:cell_size=2,places=25,jump=12,write_size=3",
    "gru",
]


def portions_of(total, sizes):
    assert sum(sizes) == total
    firsts = [sum(sizes[:k]) for k in range(len(sizes))]
    return [slice(first, first + size) for first, size in zip(firsts, sizes, strict=True)]


@one_quick_in(
    5, engine=ENGINES, name=SAME, sizes=[(6, 6), (1, 11), (5, 4, 2, 1), (9, 3), (1,) * 12]
)
def test_portions_compute_what_the_whole_does(engine, name, sizes):
    if engine == "native" and len(sizes) > 2 and name == SAME[0]:
        pytest.skip("each portion has a program of its own, which takes long to compile")
    torch.manual_seed(1)
    cell = st.cell(name, 3, 4).double()
    if hasattr(cell, "action"):
        with torch.no_grad():
            cell.action.bias[0] += 2  # so that much is pushed
    inputs = torch.randn(2, 12, 3, dtype=torch.float64)
    whole, final = st.unroll(cell, inputs, engine=engine)
    state, outputs = None, []
    for portion in portions_of(12, sizes):
        found, state = st.unroll(cell, inputs[:, portion], state, engine=engine)
        outputs.append(found)
    assert_close(torch.cat(outputs, 1), whole)
    one, other = (s[0] if isinstance(s, tuple) else s for s in (state, final))
    assert_close(one, other)


def test_portions_of_layers_compute_what_the_whole_does():
    cells = [st.cell("stack-rnn:cell_size=2", 4, 4), st.cell("gru", 4, 4)]
    model = st.Model(nn.Embedding(3, 4), cells, StateReadout(4, 4, 3))
    model.use_engine("auto")
    ids = torch.randint(3, (2, 9))
    first, state = model(ids[:, :4])
    second, _ = model(ids[:, 4:], state)
    assert_close(torch.cat([first, second], 1), model(ids)[0])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_tape_as_long_as_its_loop_does_not_go_on_from_a_state(engine):
    cell = st.cell("tape-rnn:cell_size=2", 3, 4)
    inputs = torch.randn(2, 6, 3)
    _, state = st.unroll(cell, inputs, engine=engine)
    with pytest.raises(UsageError, match="places"):
        st.unroll(cell, inputs, state, engine=engine)
