"""What a model's state holds comes back from a checkpoint, or is refused before training."""

import operator

import pytest
import torch
from torch import nn

import seqtasks as st
from seqtasks.errors import UsageError
from seqtasks.runs.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from seqtasks.training import load_state, state_tensors

SHORT = {
    "steps": 4,
    "hidden_size": 4,
    "evaluation_lengths": (3,),
    "solved_after": 0,
    "engine": "plain",
}
HELD = [
    {"version": 1, "names": ["a", "ü"], "deep": {"x": [1.5, None, True]}},
    "a text",
    7,
    None,
    torch.arange(3.0),
    torch.tensor([1 + 2j]),
]


class Extra(nn.Module):
    """A module with extra state."""

    def __init__(self, held):
        super().__init__()
        self.held = held

    def get_extra_state(self):
        return self.held

    def set_extra_state(self, state):
        self.held = state


def cell_with(part):
    """Return a class of cells with a part that their step does not use."""

    class WithPart(st.Cell):
        def __init__(self, input_size, hidden_size):
            super().__init__(input_size, hidden_size)
            self.linear = nn.Linear(input_size + hidden_size, hidden_size)
            self.part = part()

        def forward(self, x, state):
            return torch.tanh(self.linear(torch.cat([x, state], -1)))

    return WithPart


def holding(values):
    """Return a class of cells with a part that has parts with extra state."""
    return cell_with(lambda: nn.ModuleList(map(Extra, values)))


def test_extra_state_comes_back_from_a_run(tmp_path):
    run = st.run("parity", cell=holding(HELD), out=tmp_path, **SHORT)
    changed = holding(["something else"] * len(HELD))
    for found in (
        st.load(run.path, cell=changed).model,
        st.resume(run.path, steps=6, cell=changed).model,
    ):
        for part, held in zip(found.cells[0].part, HELD, strict=True):
            same = torch.equal if isinstance(held, torch.Tensor) else operator.eq
            assert same(part.held, held), held


def sparse():
    part = nn.Module()
    part.register_buffer("mask", torch.eye(3).to_sparse())
    return part


def expanded():
    part = nn.Module()
    part.register_buffer("mask", torch.ones(1, 3).expand(3, 3))
    return part


def not_put_back():
    class Forgetful(Extra):
        def set_extra_state(self, state):
            raise RuntimeError("it never learnt this")

    return Forgetful(1)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (lambda: Extra({1: 2}), "cells.0.part._extra_state is of type dict"),
        (lambda: Extra((1, 2)), "cells.0.part._extra_state is of type tuple"),
        (lambda: Extra({"weights": torch.ones(2)}), "does not come back from JSON"),
        (lambda: Extra(object()), "cells.0.part._extra_state is of type object"),
        (sparse, "cells.0.part.mask is a sparse_coo tensor, which a checkpoint cannot hold"),
        (expanded, "cannot be put back from a checkpoint"),
        (not_put_back, "it never learnt this"),
    ],
)
def test_what_a_checkpoint_cannot_hold_is_refused_before_training(part, message, tmp_path):
    seen = []

    class Watcher:
        @st.hookimpl
        def run_advanced(self, run, steps):
            seen.append(steps)

    options = {"cell": cell_with(part), **SHORT}
    with pytest.raises(UsageError, match=message):
        st.run("parity", out=tmp_path, observers=[Watcher()], **options)
    assert not seen
    assert not list(tmp_path.iterdir())
    assert st.run("parity", **options).step == 4  # in memory there is no checkpoint


def test_sparse_buffers_outside_the_state_are_no_matter(tmp_path):
    def part():
        made = nn.Module()
        made.register_buffer("mask", torch.eye(3).to_sparse(), persistent=False)
        return made

    assert st.run("parity", cell=cell_with(part), out=tmp_path, **SHORT).step == 4


def test_state_of_tensors_alone_keeps_its_names():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    assert state_tensors(model).keys() == model.state_dict().keys()
    twin = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    load_state(twin, state_tensors(model))
    assert torch.equal(twin[0].weight, model[0].weight)


def test_complex_tensors_come_back_from_a_checkpoint_to_the_bit(tmp_path):
    tensors = {
        "single": torch.tensor([1 + 2j, float("nan") - 0j]),
        "double": torch.randn(2, 3, dtype=torch.complex128),
        "conjugate": torch.randn(2, 3, dtype=torch.complex64).conj(),
        "number": torch.tensor(1j),
        "real": torch.ones(2, 2),
    }
    path = tmp_path / "checkpoint"
    write_checkpoint(path, Checkpoint(tensors, {"step": 1}))
    found = read_checkpoint(path).tensors
    for name, value in tensors.items():
        assert found[name].dtype == value.dtype
        torch.testing.assert_close(found[name], value, rtol=0, atol=0, equal_nan=True)
    content = path.read_bytes().replace(
        rb"\"complex\": [\"conjugate\"", rb"\"complex\": [\"conjugatf\""
    )
    path.write_bytes(content)
    with pytest.raises(UsageError, match="was changed after it was written"):
        read_checkpoint(path)
