"""Measure how fast a task draws, encodes and lays out instances, as training does."""

import statistics
import time
from dataclasses import dataclass

import numpy as np

from seqtasks.randomness.streams import stream
from seqtasks.tasks import Task
from seqtasks.tasks.blocks import block_steps

__all__ = ["TaskSpeed", "measure_task"]

FEWEST_BLOCKS = 9
SECONDS = 0.2
_KEPT_BYTES = 2**25 - 2**16
"""Just below the 32 MB up to which the GNU C library follows the sizes that are freed."""


@dataclass(frozen=True)
class TaskSpeed:
    """What drawing a task's batches costs.

    Attributes:
        length: the length of the inputs.
        batch_size: instances in a batch.
        batches: batches in a block, drawn in one call.
        symbols: steps in a block: the symbols of all its inputs, and the places of answers that
            come after them.
        seconds: processor time of each block measured.
    """

    length: int
    batch_size: int
    batches: int
    symbols: int
    seconds: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Symbols a second of processor time, the median over blocks."""
        return self.symbols / statistics.median(self.seconds)

    @property
    def input_symbols(self) -> int:
        """Symbols of the inputs of a block, without the places of answers that come after them."""
        return self.batches * self.batch_size * self.length

    @property
    def input_rate(self) -> float:
        """Symbols of inputs a second of processor time, the median over blocks."""
        return self.rate * self.input_symbols / self.symbols

    @property
    def quartiles(self) -> tuple[float, float]:
        """The lower and the upper quartile of symbols a second."""
        low, _, high = statistics.quantiles([self.symbols / one for one in self.seconds])
        return low, high


def measure_task(task: Task, length: int, batch_size: int = 128) -> TaskSpeed:
    """Measure how fast blocks of batches of one length are drawn.

    Processor time of this process is measured, not the time on the clock, so that what else the
    machine does disturbs it little.

    Raises:
        UsageError: for a length the task cannot have.
    """
    batches = block_steps(batch_size, length)
    # Memory that a process frees goes back to the system, and costs a page fault every 4 kB when
    # it is wanted again, until a larger array has been freed: then so much is kept. Training frees
    # larger ones; without this one, a speed would depend on which task was measured before.
    np.empty(_KEPT_BYTES, dtype=np.uint8)
    rng = stream(0, "speed", length)
    # The first block pays for tables that are then kept, and for memory that is then reused.
    symbols = int(task.batch(rng, batches * batch_size, length).lengths.sum())
    seconds: list[float] = []
    while len(seconds) < FEWEST_BLOCKS or sum(seconds) < SECONDS:
        seconds.append(_processor_time(task, rng, batches * batch_size, length))
    return TaskSpeed(length, batch_size, batches, symbols, tuple(seconds))


def _processor_time(task: Task, rng: np.random.Generator, instances: int, length: int) -> float:
    start = time.process_time_ns()
    task.batch(rng, instances, length)
    # A clock that did not move says only that it was less than one of its ticks.
    return max(1, time.process_time_ns() - start) / 1e9
