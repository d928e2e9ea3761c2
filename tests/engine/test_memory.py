"""A training step takes no more memory by a program than by the plain loop."""

from pathlib import Path

import pytest
from truth import ENGINES

from seqtasks.benchmark import peak_memory
from seqtasks.benchmark.peak_memory import measure_memory
from seqtasks.benchmark.problem import Problem
from seqtasks.benchmark.sizes import SIZES, Size

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="needs Linux to tell the most memory in use"
)


def taken(cell, size):
    """Return the most memory in use while each engine trains, in MiB."""
    peak = measure_memory(Problem(size, cell, "tokens"))
    assert not peak.left_out
    return {engine: count / 2**20 for engine, count in peak.bytes.items()}


def test_a_step_of_middling_size():
    # Each engine takes a process of its own, and seconds.
    problem = Problem(Size("half of middle", 64, 40, 64), "gru", "tokens")
    native, plain = (peak_memory._in_own_process(problem, engine) for engine in ("native", "plain"))
    assert plain > 5 * 2**20  # there is something to measure
    assert native <= plain


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("cell", ["concat", "elman", "gru", "gru-concat", "lstm"])
def test_a_step_of_every_size(cell, size):
    mebibytes = taken(cell, size)
    assert all(mebibytes[engine] <= mebibytes["plain"] for engine in ENGINES), mebibytes
