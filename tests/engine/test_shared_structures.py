"""Python and C share structures, and a program whose structures differ is refused."""

import ctypes

import pytest
import torch

import seqtasks as st
from seqtasks.engine.native.execute import c_program, interface, open_program, parameter_table

NAMED_ENGINES_ARE_HELD_TO_THEIR_NAMES = True


def model():
    return st.Model(torch.nn.Embedding(2, 3), st.cell("elman", 3, 3), st.readout("state", 3, 3, 2))


@pytest.mark.parametrize("structure", ["Parameter", "Optimizer", "Job", "Call"])
def test_a_program_with_another_structure_is_refused(monkeypatch, structure):
    fields = getattr(interface, structure)._fields_
    other = type(structure, (ctypes.Structure,), {"_fields_": [("more", ctypes.c_double), *fields]})
    monkeypatch.setattr(interface, structure, other)
    made = model()
    for user in (c_program, open_program, parameter_table):
        assert getattr(user, structure, None) is not other
    made.use_engine("native")
    with pytest.raises(st.UsageError, match="structures in C"):
        made(torch.tensor([[0, 1]]))


def test_a_program_of_this_version_is_not_refused():
    made = model()
    engines = made.use_engine("native")
    made(torch.tensor([[0, 1]]))
    assert engines.name == "native"
