"""Measure the peak memory of a training step of each engine, in fresh processes.

`python -m seqtasks.benchmark.peak_memory SIZE CELL INPUTS ENGINE` measures one engine, prints JSON.
"""

import ctypes
import json
import resource
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from seqtasks.benchmark.contenders import ENGINES, build
from seqtasks.benchmark.contenders.base import UnavailableError
from seqtasks.benchmark.problem import Problem
from seqtasks.benchmark.sizes import Size
from seqtasks.errors import RunError, one_line

__all__ = ["PeakMemory", "measure_memory"]

STEPS = 3


@dataclass(frozen=True)
class PeakMemory:
    """The memory of each engine's training steps, or the reason if an engine has no figure.

    Attributes:
        problem: the problem that was trained.
        bytes: by engine, the most memory at any time, minus the memory before the first step.
        left_out: by engine, the reason why it has no figure.
    """

    problem: Problem
    bytes: dict[str, int]
    left_out: dict[str, str]

    def rows(self) -> list[dict[str, str | float]]:
        """Return one row for each engine: size, cell, contender, mib."""
        where = {"size": self.problem.size.name, "cell": self.problem.cell}
        return [
            {**where, "contender": engine, "mib": count / 2**20}
            for engine, count in self.bytes.items()
        ]


def measure_memory(problem: Problem) -> PeakMemory:
    """Measure the peak memory of each engine's training step.

    It counts everything from the first step on: activations, gradients, the optimiser's state and
    an engine's own buffers. It does not count the model, batches, libraries and compiled program.

    Raises:
        RunError: if a measuring process fails.
    """
    found: dict[str, int] = {}
    left_out: dict[str, str] = {}
    for engine in ENGINES:
        answer = _in_own_process(problem, engine)
        if isinstance(answer, int):
            found[engine] = answer
        else:
            left_out[engine] = answer
    return PeakMemory(problem, found, left_out)


def _in_own_process(problem: Problem, engine: str) -> int | str:
    size = problem.size
    sizes = json.dumps([size.name, size.batch, size.time, size.width])
    command = [sys.executable, "-m", __name__, sizes, problem.cell, problem.inputs, engine]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise RunError(f"the process that measures the memory of '{engine}' failed: {last}")
    return json.loads(done.stdout.splitlines()[-1])


def _peak_of_steps(problem: Problem, engine: str) -> int:
    # One step of one instance loads what any first step loads, and nothing that grows with size.
    small = replace(problem, size=replace(problem.size, batch=1, time=1))
    for variant in build(engine, small, [1]):
        variant.run(1)
    (variant,) = build(engine, problem, [1])
    assert problem.source.batch(0).inputs.shape[0] == problem.size.batch  # drawn before the start
    _forget_peak()
    before = _memory("VmRSS")
    variant.run(STEPS)
    return max(0, _memory("VmHWM") - before)


def _forget_peak() -> None:
    """Give back free memory, which would hide later allocations, and restart the peak.

    Only Linux can do both; elsewhere the peak covers the whole process.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def _memory(field: str) -> int:
    """Return a field of Linux's account of this process in bytes; elsewhere the peak so far."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in bytes on macOS
    line = next(line for line in status.read_text().splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) * 1024


def _main(sizes: str, cell: str, inputs: str, engine: str) -> None:
    assert inputs in ("tokens", "reals")
    try:
        answer: int | str = _peak_of_steps(Problem(Size(*json.loads(sizes)), cell, inputs), engine)
    except UnavailableError as error:
        answer = str(error)
    except Exception as error:
        answer = one_line(error)
    print(json.dumps(answer))


if __name__ == "__main__":
    _main(*sys.argv[1:])
