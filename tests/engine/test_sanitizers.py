"""The sanitizers find nothing in generated programs."""

import os
import shutil
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from inspect import isclass
from pathlib import Path

import pytest
from corpus import CORPUS
from test_exactness import BOUNDED, GROWING

from seqtasks.registry.discovery import current_registry

# Checks that are calls, and no optimisations: a third of the time.
FLAGS = (
    "-O0 -DINLINE=static -g0 -fsanitize=address,undefined -fno-sanitize-recover=all "
    "--param asan-instrumentation-with-call-threshold=0"
)
CELLS = sorted(
    entry.name
    for entry in current_registry().entries("cell")
    if (entry.distribution, entry.plugin) in (("seqtasks", "builtin"), ("seqtasks", "cells"))
)
PARTS = 8
"""Processes that the cells at small sizes are shared out over, as starting one takes seconds."""
OVERRUN = """
import torch
from seqtasks.engine.native.execute import c_program, compiler, open_program
from sanitized import Allocated
from truth import Subject, computed, problem
import seqtasks as st

c_program.Workspace = Allocated
load = compiler.load

def spoiled(source):
    found, _, rest = source.partition("begin(&w);")  # of the pass forward
    return load(found + "w.buffers.state_0_0[6 * w.row] = 1; begin(&w);" + rest)

subject = Subject(st.cell("concat", 2, 6))
print("before", flush=True)
open_program.load = spoiled
computed(problem(subject, 3, 2), "native", torch.float32)
"""
SCRIPT = Path(__file__).with_name("sanitized.py")


@pytest.fixture(scope="session")
def libraries():
    """Return what is to be loaded before Python; skip where there is none."""
    if shutil.which("gcc") is None:
        pytest.skip("there is no gcc")
    found = []
    for name in ("libasan.so", "libubsan.so"):
        asked = ["gcc", f"-print-file-name={name}"]
        path = subprocess.run(asked, capture_output=True, text=True).stdout.strip()
        if not Path(path).is_absolute():
            pytest.skip(f"gcc has no {name}")
        found.append(path)
    return ":".join(found)


def run(libraries, *arguments, **variables):
    variables |= {
        "CC": "env -u LD_PRELOAD gcc",  # the compiler is not what is examined
        "SEQTASKS_CFLAGS": FLAGS,
        "LD_PRELOAD": libraries,
        # Python leaks; and programs allocate nothing, so that what is freed need not be kept.
        "ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=1:malloc_context_size=2",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **variables, "PYTHONPATH": str(SCRIPT.parent)},
        capture_output=True,
        text=True,
    )


def passes(libraries, size, dtype, cells):
    done = run(libraries, str(SCRIPT), size, dtype, *cells)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert done.stdout.split() == [*cells, "done"]


# The quick suite takes one of the parts.
@pytest.mark.parametrize(
    "part", [*(pytest.param(n, marks=pytest.mark.slow) for n in range(PARTS - 1)), PARTS - 1]
)
def test_every_built_in_cell(libraries, part):
    passes(libraries, "small", "float32", CELLS[part::PARTS])


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cell", BOUNDED + GROWING)
def test_a_cell_at_more_sizes(libraries, cell, dtype):
    passes(libraries, "large", dtype, [cell])


def published():
    """Return the names of the corpus's cells, and of torchrecurrent's if it is installed."""
    names = [kind.__name__ for kind in CORPUS]
    if find_spec("torchrecurrent"):
        package = import_module("torchrecurrent")
        cells = (n for n, kind in vars(package).items() if n.endswith("Cell") and isclass(kind))
        names += [f"torchrecurrent.{name}" for name in sorted(cells)]
    return names


@pytest.mark.slow
@pytest.mark.parametrize("cell", published())
def test_a_published_cell(libraries, cell):
    passes(libraries, "published", "float64", [cell])


def test_they_find_what_runs_over_a_buffer(libraries, tmp_path):
    done = run(libraries, "-c", OVERRUN, SEQTASKS_CACHE=str(tmp_path / "programs"))
    assert done.stdout == "before\n"
    assert done.returncode != 0
    assert "AddressSanitizer" in done.stderr
