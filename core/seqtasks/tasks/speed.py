"""Measure how fast a task draws, encodes and lays out instances, as training does."""

import statistics
import time
from dataclasses import dataclass

import numpy as np

from seqtasks.randomness.streams import stream
from seqtasks.tasks import Task
from seqtasks.tasks.block_steps import block_steps

__all__ = ["TaskSpeed", "measure_task"]

FEWEST_BLOCKS = 9
SECONDS = 0.2
_KEPT_BYTES = 2**25 - 2**16
"""Just below 32 MB, the largest freed size to which the GNU C library adapts."""


@dataclass(frozen=True)
class TaskSpeed:
    """The cost of drawing a task's batches.

    Attributes:
        length: the length of the inputs.
        batch_size: the instances in a batch.
        batches: the batches in a block, which one call draws.
        symbols: the steps in a block: the symbols of all its inputs, and the positions of answers
            that come after them.
        seconds: the processor time of each measured block.
    """

    length: int
    batch_size: int
    batches: int
    symbols: int
    seconds: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Symbols per second of processor time, the median over blocks."""
        return self.symbols / statistics.median(self.seconds)

    @property
    def input_symbols(self) -> int:
        """Symbols of a block's inputs, without the positions of answers that come after them."""
        return self.batches * self.batch_size * self.length

    @property
    def input_rate(self) -> float:
        """Input symbols per second of processor time, the median over blocks."""
        return self.rate * self.input_symbols / self.symbols

    @property
    def quartiles(self) -> tuple[float, float]:
        """The lower and the upper quartile of symbols per second."""
        low, _, high = statistics.quantiles([self.symbols / one for one in self.seconds])
        return low, high


def measure_task(
    task: Task,
    length: int,
    batch_size: int = 128,
    blocks: int = FEWEST_BLOCKS,
    at_least: float = SECONDS,
) -> TaskSpeed:
    """Measure how fast a task draws blocks of batches of one length.

    It measures the processor time of this process, not the time on the clock, so other work on the
    machine hardly disturbs it.

    Args:
        task: the task.
        length: the length of the inputs.
        batch_size: the instances in a batch.
        blocks: the fewest blocks to measure.
        at_least: the fewest seconds of processor time to measure.

    Raises:
        UsageError: for a length the task cannot have.
    """
    batches = block_steps(batch_size, length)
    # The C library gives freed memory back to the system, and a page fault every 4 kB is paid to
    # get it again, until a larger array has been freed: from then on it keeps as much. Training
    # frees larger arrays. Without this one, a speed would depend on the task measured before.
    np.empty(_KEPT_BYTES, dtype=np.uint8)
    rng = stream(0, "speed", length)
    # The first block pays for tables that are kept and for memory that is reused later.
    symbols = int(task.batch(rng, batches * batch_size, length).lengths.sum())
    seconds: list[float] = []
    while len(seconds) < blocks or sum(seconds) < at_least:
        seconds.append(_processor_time(task, rng, batches * batch_size, length))
    return TaskSpeed(length, batch_size, batches, symbols, tuple(seconds))


def _processor_time(task: Task, rng: np.random.Generator, instances: int, length: int) -> float:
    start = time.process_time_ns()
    task.batch(rng, instances, length)
    # If the clock did not move, the block took less than one tick.
    return max(1, time.process_time_ns() - start) / 1e9
