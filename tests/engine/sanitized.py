"""Run by `test_sanitizers` under the sanitizers: cells, at small odd sizes.

A program's memory comes from malloc, so that the sanitizer sees what runs over its end, and is
filled with bytes that make no number, so that nothing may rest on its being zero.
"""

import ctypes
import sys
from collections import deque
from functools import partial

import torch
import training_runs
from corpus import CORPUS
from training_runs import model, trainer
from truth import Subject, check, problem

import seqtasks as st
from seqtasks.engine.native.execute import c_program, mapped_memory
from seqtasks.errors import SeqtasksError

SIZES = {"small": [(3, 3)], "large": [(1, 1), (3, 2), (9, 3), (17, 5)]}
"""Batches and steps. The small ones need two programs a cell: time goes into compiling them."""
# Where batches have one step, the others' steps by Adam differ: see test_training_steps.
OPTIMIZERS = {"small": "adam", "large": "sgd"}
PUBLISHED_SIZES = [(2, 1, 1), (8, 3, 2), (8, 65, 33), (17, 3, 5)]
"""Width, batch and steps of the cells of the corpus and of torchrecurrent."""
KINDS = {"small": ("symbols", "sets"), "large": ("symbols", "sets", "reals")}


class Allocated:
    """Memory as a program's workspace, from the allocator."""

    def __init__(self, size):
        self.size = size
        libc = ctypes.CDLL(None)
        libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
        self._free = libc.free
        self._free.argtypes = [ctypes.c_void_p]
        self._start = libc.malloc(size + 64)
        self.address = self._start + -self._start % 64
        ctypes.memset(self.address, 0xFF, size)

    def __del__(self):
        self._free(self._start)


def run(name, dtype, size):
    """Run a cell forward and back, and train it with one thread and with two."""
    subject = Subject(st.cell(name, 3, 3))
    given = not name.startswith(("slstm", "stack-rnn", "tape-rnn"))  # memories grow with the steps
    for batch, steps in SIZES[size]:
        check(problem(subject, batch, steps, given, mixed=True), "native", [dtype])
    for kind in KINDS[size]:
        start = model(kind, name).to(dtype)
        made = partial(trainer, start, kind, optimizer=OPTIMIZERS[size], clip=1.0)
        expected = made(engine="plain").advance(5)
        for threads in (1, 2):
            found = made(engine="native", threads=threads).advance(5)
            torch.testing.assert_close(torch.tensor(found), torch.tensor(expected))


def published(name, width, batch, steps):
    """Return a cell of the corpus or of torchrecurrent; None if it has no such sizes."""
    kinds = {kind.__name__: kind for kind in CORPUS}
    for input_size in (3, width):
        try:
            cell = (
                kinds[name](input_size, width)
                if name in kinds
                else st.cell(name, input_size, width)
            )
            st.unroll(cell, torch.randn(batch, steps, input_size), engine="plain")
        except (SeqtasksError, ValueError, RuntimeError, IndexError, AssertionError):
            continue  # it wants an even width, say, or as many inputs
        if all(parameter.numel() for parameter in cell.parameters()):
            return cell
    return None


def run_published(name, dtype):
    """Run a published cell forward and back at several sizes, over mixed lengths."""
    ran = 0
    for width, batch, steps in PUBLISHED_SIZES:
        cell = published(name, width, batch, steps)
        if cell is not None:
            check(problem(Subject(cell), batch, steps, mixed=True), "native", [dtype])
            ran += 1
    assert ran, "it has none of the sizes"


if __name__ == "__main__":
    size, dtype, *cells = sys.argv[1:]
    torch.manual_seed(0)
    c_program.Workspace = mapped_memory.Workspace = Allocated
    c_program._pool._idle = deque(maxlen=0)  # each pass has memory of its own, to its very end
    if size == "small":
        # of one number of steps: where a memory grows with it, each takes a program of its own
        training_runs.BATCH, training_runs.LENGTHS = 5, (3,)
    for cell in cells:
        print(cell, flush=True)  # the last one printed is where it ended
        if size == "published":
            run_published(cell, getattr(torch, dtype))
        else:
            run(cell, getattr(torch, dtype), size)
    print("done")
