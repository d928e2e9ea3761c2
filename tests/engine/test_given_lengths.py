"""Lengths of instances are taken in any integer type, and refused by name."""

import pytest
import torch
from test_padding import ENGINES
from torch import nn
from torch.testing import assert_close

import seqtasks as st


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("dtype", "longest"), [(torch.uint8, 255), (torch.int8, 127), (torch.int16, 300)]
)
def test_lengths_of_a_narrow_type_do_not_wrap(dtype, longest, engine):
    cell, inputs = st.cell("gru", 2, 3), torch.randn(2, 300, 2)
    lengths = torch.tensor([10, longest])
    expected = st.unroll(cell, inputs, None, lengths)
    found = st.unroll(cell, inputs, None, lengths.to(dtype), engine=engine)
    assert_close(found, expected)
    assert not found[0][0, 10:].any()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([2, 1], "must be a tensor of shape"),
        (torch.tensor([2, 1]).numpy(), "must be a tensor of shape"),
        (torch.tensor([2.0, 1.0]), "whole numbers"),
        (torch.tensor([True, False]), "whole numbers"),
        (torch.tensor([2, 1, 1]), "must be a tensor of shape"),
        (torch.tensor([[2, 1]]), "must be a tensor of shape"),
        (torch.tensor([2, 4]), "within 0 and 3"),
        (torch.tensor([2, -1], dtype=torch.int8), "within 0 and 3"),
    ],
)
def test_lengths_that_are_none_are_refused_by_name(lengths, message, engine):
    cell, inputs = st.cell("gru", 2, 3), torch.randn(2, 3, 2)
    with pytest.raises(ValueError, match=message):
        st.unroll(cell, inputs, None, lengths, engine=engine)
    model = st.Model(nn.Linear(2, 2), cell, st.cells.StateReadout(2, 3, 2))
    model.use_engine(engine)
    with pytest.raises(ValueError, match=message):
        model(inputs, None, lengths)
    with pytest.raises(ValueError, match=message):
        model.loss(inputs, torch.zeros(2, 3, dtype=torch.int64), lengths=lengths)
