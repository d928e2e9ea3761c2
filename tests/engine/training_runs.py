"""Training runs at a tiny size in float64, by any engine, over batches made up here."""

import copy

import numpy as np
import torch
from torch import nn

import seqtasks as st
from seqtasks.training import TorchBatch, Trainer
from seqtasks.training.batches import Block

BATCH, TIME, WIDTH, SYMBOLS = 8, 10, 3, 4
LENGTHS = (TIME, 3, 1)
"""The time steps of the batches, in turn, unless others are asked for."""
BLOCK = 12


class Source:
    """Batches of one kind of target: the inputs' running sum, as ids, sets or reals."""

    def __init__(self, kind, dtype, lengths=LENGTHS):
        self.kind, self.dtype, self.lengths = kind, dtype, lengths
        self._blocks = {}

    def block(self, step):
        number = step // BLOCK
        if number not in self._blocks:
            self._blocks[number] = self._made(number)
        return self._blocks[number]

    def batch(self, step):
        return self.block(step).batch(step)

    @property
    def number_of_lengths(self):
        return len(self.lengths)

    def numbers_of_steps(self, most):
        return np.array(self.lengths[:most])

    def close(self):
        pass

    def _made(self, number):
        rng = np.random.default_rng([3, number])
        each = BLOCK // len(self.lengths)
        tensors = [self._drawn(rng, each * BATCH, time) for time in self.lengths]
        holder = np.tile(np.arange(len(self.lengths)), each)
        first_row = np.repeat(np.arange(each) * BATCH, len(self.lengths))
        sizes = np.full(BLOCK, BATCH)
        sizes[::5] = BATCH - 3  # as the last batch of an epoch
        return Block.of(number * BLOCK, tensors, holder, first_row, sizes)

    def _drawn(self, rng, rows, time):
        if self.kind == "reals":
            inputs = rng.normal(size=(rows, time, 2))
            targets = inputs.cumsum(1) / 3
            targets[rng.random((rows, time)) < 0.3] = np.nan
            return TorchBatch(*(torch.from_numpy(a).to(self.dtype) for a in (inputs, targets)))
        inputs = rng.integers(0, SYMBOLS, (rows, time))
        sums = inputs.cumsum(1) % SYMBOLS
        unscored = rng.random((rows, time)) < 0.3
        unscored[0::BATCH, 0] = unscored[1::BATCH, 0] = False
        if self.kind == "sets":
            targets = (sums[..., None] == np.arange(SYMBOLS)) | (inputs[..., None] == np.arange(4))
            targets &= ~unscored[..., None]
        else:
            targets = np.where(unscored, st.IGNORE, sums)
        return TorchBatch(torch.from_numpy(inputs), torch.from_numpy(targets))


def model(kind, cell="concat"):
    """Return a model for a kind of target, its weights always the same.

    Args:
        kind: of target: symbols, sets or reals.
        cell: a cell's name, several with + between them, or a module.
    """
    torch.manual_seed(11)
    embedding, size = (nn.Linear(2, WIDTH), 2) if kind == "reals" else (nn.Embedding(4, WIDTH), 4)
    cells = [cell]
    if isinstance(cell, str):
        cells = [st.cell(name, WIDTH, WIDTH) for name in cell.split("+")]
    return st.Model(embedding, cells, st.readout("concat", WIDTH, WIDTH, size)).double()


def trainer(start, kind, engine, optimizer="adam", learning_rate=0.01, lengths=LENGTHS, **options):
    """Return a trainer of a copy of a model, by exactly this engine."""
    source = Source(kind, next(start.parameters()).dtype, lengths)
    made = Trainer(copy.deepcopy(start), source, optimizer, learning_rate, engine=engine, **options)
    assert made.engine == engine
    return made


def assert_close_runs(made, plain, steps):
    """Train two on by some steps: losses, parameters and what their optimisers keep must agree."""
    losses, expected = made.advance(steps), plain.advance(steps)
    torch.testing.assert_close(torch.tensor(losses), torch.tensor(expected), rtol=1e-8, atol=1e-8)
    found, wanted = made.state(), plain.state()
    assert found.keys() == wanted.keys()
    for name, value in found.items():
        torch.testing.assert_close(value, wanted[name], rtol=1e-8, atol=1e-8, msg=name)
