"""A training step takes no more memory by a program than by the plain loop."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from truth import ENGINES

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="needs Linux to tell the most memory in use"
)
SIZES = {"middle": (128, 40, 64), "chomsky": (128, 40, 256), "long": (32, 500, 128)}
SCRIPT = """
import sys, torch
import numpy as np
import seqtasks as st
from seqtasks.training import TorchBatch, Trainer
from seqtasks.training.data import Block

engine, cell, batch, time, width = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
torch.manual_seed(0)
torch.set_num_threads(1)

class Source:
    def __init__(self, rows, steps):
        ids = torch.randint(0, 5, (rows, steps))
        zeros = np.zeros(1, dtype=np.int64)
        self.made = Block.of(0, [TorchBatch(ids, ids)], zeros, zeros, zeros + rows)
    def block(self, step):
        return self.made
    def batch(self, step):
        return self.made.batch(step)

def train(rows, steps):
    model = st.Model(
        torch.nn.Embedding(5, width), st.cell(cell, width, width),
        st.readout("concat", width, width, 5),
    )
    trainer = Trainer(model, Source(rows, steps), "adam", 1e-3, engine=engine, threads=1)
    assert trainer.engine == engine, trainer.engine
    trainer.advance(1)

def mebibytes(name):
    for line in open("/proc/self/status"):
        if line.startswith(name):
            return int(line.split()[1]) / 1024

train(2, 2)
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the most so far is what it is now
before = mebibytes("VmHWM")
train(batch, time)
print(mebibytes("VmHWM") - before)
"""


def mebibytes(engine, cell, *size):
    """Return how far the memory of a process rises in a training step."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, engine, cell, *map(str, size)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_step_of_middling_size(engine):
    plain = mebibytes("plain", "gru", *SIZES["middle"])
    assert plain > 10  # there is something to measure
    assert mebibytes(engine, "gru", *SIZES["middle"]) <= plain


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("cell", ["concat", "elman", "gru", "gru-concat", "lstm"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_step_of_every_size(engine, cell, size):
    assert mebibytes(engine, cell, *SIZES[size]) <= mebibytes("plain", cell, *SIZES[size])
