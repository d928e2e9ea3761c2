"""Every cell learns eight sequences of a task it can compute by heart within 300 steps of Adam."""

import numpy as np
import pytest
import torch
from torch import nn

import seqtasks as st
from seqtasks.cells import StateReadout
from seqtasks_cells.gated import MGU, UGRNN, MinGRU, MinLSTM
from seqtasks_cells.linear import LRU, DeltaNet
from seqtasks_cells.memory import StackRNN, TapeRNN
from seqtasks_cells.rectified import IRNN, IndRNN
from seqtasks_cells.xlstm import SLSTM

SIZE, LENGTH, COUNT = 32, 8, 8

# Parity where the state may turn sign or be overwritten by its own value, else a shift of bits.
LEARNABLE = [
    ("parity", StackRNN, {}),
    ("parity", TapeRNN, {}),
    ("parity", MGU, {}),
    ("parity", UGRNN, {}),
    ("parity", SLSTM, {}),
    ("parity", SLSTM, {"forget_gate": "exp"}),
    ("parity", DeltaNet, {"negative_eigenvalues": True}),
    ("bitshift:shift=2", IRNN, {}),
    ("bitshift:shift=2", LRU, {}),
    ("bitshift:shift=1", IndRNN, {}),
    ("bitshift:shift=1", MinGRU, {}),
    ("bitshift:shift=1", MinLSTM, {}),
    ("bitshift:shift=1", DeltaNet, {}),
]


def errors_after_learning(task, cell_class, options, steps=300):
    """Train on one small batch till no answer to it is wrong: the wrong answers left."""
    batch = st.task(task).batch(np.random.default_rng(1), COUNT, LENGTH)
    inputs, targets = (
        torch.tensor(ids, dtype=torch.int64) for ids in (batch.inputs, batch.targets)
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        cell = cell_class(SIZE, SIZE, **options)
        readout = StateReadout(SIZE, cell.output_size, 2)
        model = st.Model(nn.Embedding(2, SIZE), cell, readout)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(steps):
        logits, _ = model(inputs)
        errors = int((logits.argmax(-1) != targets).sum())
        if not errors:
            break
        optimizer.zero_grad()
        nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()).backward()
        optimizer.step()
    return errors


@pytest.mark.parametrize(("task", "cell_class", "options"), LEARNABLE)
def test_a_cell_learns_a_small_batch_without_an_error(task, cell_class, options):
    assert errors_after_learning(task, cell_class, options) == 0


def test_a_delta_net_learns_parity_only_with_negative_eigenvalues():
    assert errors_after_learning("parity", DeltaNet, {"negative_eigenvalues": False}) > COUNT
