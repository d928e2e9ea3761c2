"""Draw the instances of an export in blocks, each from a stream of its own."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from seqtasks.randomness.streams import stream
from seqtasks.tasks import Array, Task
from seqtasks.tasks.block_steps import BLOCK_SYMBOLS

__all__ = ["Instance", "draw_instances"]


class Instance(NamedTuple):
    """One instance: inputs and targets, (time[, features or symbols]) each."""

    inputs: Array
    targets: Array


def draw_instances(task: Task, lengths: range, count: int, seed: int) -> Iterator[Instance]:
    """Draw instances, each of a length drawn uniformly.

    Args:
        task: the task to draw from.
        lengths: the lengths; the task must allow all of them.
        count: the number of instances. Another count gives other instances.
        seed: the seed of the random streams.
    """
    most = max(1, BLOCK_SYMBOLS // lengths[-1])
    for block, first in enumerate(range(0, count, most)):
        size = min(most, count - first)
        places = stream(seed, "export lengths", block).integers(len(lengths), size=size)
        drawn: dict[int, Iterator[Instance]] = {}
        for place in np.unique(places).tolist():
            rng = stream(seed, "export", block, lengths[place])
            batch = task.batch(rng, int((places == place).sum()), lengths[place])
            drawn[place] = map(Instance, batch.inputs, batch.targets)
        for place in places.tolist():
            yield next(drawn[place])
