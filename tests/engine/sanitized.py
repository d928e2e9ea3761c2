"""Run by `test_sanitizers` under the sanitizers: a cell, at small odd sizes.

A program's memory comes from malloc, so that the sanitizer sees what runs over its end, and is
filled with bytes that make no number, so that nothing may rest on its being zero.
"""

import ctypes
import sys

import torch
from training_runs import model, trainer
from truth import Subject, check, problem

import seqtasks as st
from seqtasks.engine.native import program

SIZES = [(1, 1), (3, 2), (9, 3), (17, 5)]


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


def run(name, dtype):
    """Run a cell forward and back, and train it with one thread and with two."""
    subject = Subject(st.cell(name, 3, 3))
    given = not name.startswith("slstm")
    for batch, steps in SIZES:
        check(problem(subject, batch, steps, given, mixed=True), "native", [dtype])
    for kind in ("symbols", "sets", "reals"):
        start = model(kind, name).to(dtype)
        expected = trainer(start, kind, "plain", clip=1.0).advance(5)
        for threads in (1, 2):
            found = trainer(start, kind, "native", clip=1.0, threads=threads).advance(5)
            torch.testing.assert_close(torch.tensor(found), torch.tensor(expected))


if __name__ == "__main__":
    torch.manual_seed(0)
    program.Workspace = Allocated
    run(sys.argv[1], getattr(torch, sys.argv[2]))
    print("done")
