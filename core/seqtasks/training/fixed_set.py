"""A fixed set of training inputs: drawn once, then taken in batches of one length each."""

import contextlib
import logging
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.errors import UsageError
from seqtasks.randomness.streams import stream
from seqtasks.tasks import Batch
from seqtasks.tasks.curricula import Curriculum, Increasing

__all__ = ["Epoch", "FixedSet", "draw_fixed_set", "epoch_of", "telling_of_large_set"]

logger = logging.getLogger("seqtasks")
SECONDS_BETWEEN_LINES = 10.0


@dataclass(frozen=True, eq=False)
class FixedSet:
    """Instances by length, and the way to go through them.

    Attributes:
        batches: the instances of each length.
        batch_size: the instances of a training batch; the last batch of a length may have fewer.
        steps: the number of batches in one epoch.
    """

    batches: list[Batch]
    batch_size: int
    steps: int


@dataclass(frozen=True, eq=False)
class Epoch:
    """One way through a fixed set.

    Attributes:
        orders: for each length, the order of its instances.
        holder: (steps,) the index in `orders` of each batch's length.
        first_row: (steps,) the position in that order at which the batch begins.
        batch_sizes: (steps,) the number of instances of each batch.
    """

    orders: list[NDArray[np.int64]]
    holder: NDArray[np.int64]
    first_row: NDArray[np.int64]
    batch_sizes: NDArray[np.int64]


def draw_fixed_set(
    draw: Callable[[np.random.Generator, int, int], Batch],
    count: int,
    lengths: range,
    curriculum: Curriculum,
    batch_size: int,
    seed: int,
) -> FixedSet:
    """Draw instances once. The curriculum draws the length of each.

    The instances are drawn independently, so some may be equal, as in the generators of the
    literature.

    Args:
        draw: makes instances from a generator, their number and their length.
        count: the number of instances.
        lengths: the training lengths that the task allows.
        curriculum: the curriculum that draws the lengths.
        batch_size: the instances of a training batch.
        seed: the seed of the streams.

    Raises:
        UsageError: for a curriculum that changes from step to step.
    """
    if isinstance(curriculum, Increasing):
        raise UsageError(
            "a fixed set of training inputs has no steps along which lengths increase; choose the "
            "curriculum uniform or fixed, or leave out the training inputs"
        )
    rng = stream(seed, "training set lengths")
    places, counts = np.unique(curriculum.places(rng, lengths, 0, count), return_counts=True)
    batches = [
        draw(stream(seed, "training set", lengths[place]), int(number), lengths[place])
        for place, number in zip(places, counts, strict=True)
    ]
    return FixedSet(batches, batch_size, int((-(-counts // batch_size)).sum()))


@contextlib.contextmanager
def telling_of_large_set(count: int) -> Generator[None, None, None]:
    """Say every ten seconds that a large set is still being drawn or shuffled."""
    ended = threading.Event()

    def tell() -> None:
        seconds = SECONDS_BETWEEN_LINES
        while not ended.wait(SECONDS_BETWEEN_LINES):
            logger.warning(
                f"{count:,} training inputs are still being prepared, after {seconds:.0f} s"
            )
            seconds += SECONDS_BETWEEN_LINES

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def epoch_of(fixed: FixedSet, seed: int, number: int) -> Epoch:
    """Return an epoch: each instance once, shuffled within its length, in shuffled batches.

    Args:
        fixed: the set.
        seed: the seed of the stream.
        number: the number of the epoch, counted from 0.
    """
    rng = stream(seed, "epoch", number)
    counts = [len(batch.inputs) for batch in fixed.batches]
    orders = [rng.permutation(count) for count in counts]
    starts = [np.arange(0, count, fixed.batch_size) for count in counts]
    holder = np.repeat(np.arange(len(counts)), [len(start) for start in starts])
    first_row = np.concatenate(starts)
    sizes = np.minimum(fixed.batch_size, np.array(counts)[holder] - first_row)
    order = rng.permutation(len(holder))
    return Epoch(orders, holder[order], first_row[order], sizes[order])
