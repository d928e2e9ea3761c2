"""The training batches of many replicas at once, each drawn from the streams of its seed.

Where all batches have one length and are drawn anew, the draws are kept as they came and laid out
for a few steps at a time, in memory that is used again and again. Whatever else an experiment asks
for, each replica has the batches of an ordinary run.
"""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from seqtasks.engine.native.execute.between_programs import (
    Placing,
    kind_of_placing,
    place_values,
)
from seqtasks.engine.native.execute.stack import Structures
from seqtasks.randomness.streams import stream
from seqtasks.runs.model_and_batches import DTYPES, batch_source, training_task
from seqtasks.studies.replicas.pattern import Pattern
from seqtasks.tasks import Reals, Task, Tokens, TokenSets
from seqtasks.tasks.answers import answered, places_of
from seqtasks.tasks.block_steps import BLOCK_SYMBOLS, block_steps
from seqtasks.tasks.holdout import LARGEST_DOMAIN
from seqtasks.tasks.listed_inputs import domain_size
from seqtasks.training import BatchSource, Block

__all__ = ["TrainingData", "training_data"]

Jobs = NDArray[Any]


class TrainingData(Protocol):
    """The training batches of the replicas of a group.

    Attributes:
        batch, time: the most instances and time steps of a batch.
        bytes_each: about how much memory a replica takes.
    """

    batch: int
    time: int
    bytes_each: int

    def begin(self, seeds: Sequence[int]) -> None:
        """Begin with new replicas, one for each seed, at step 0."""
        ...

    def give(self, jobs: Jobs, replicas: NDArray[np.intp], step: int, most: int) -> int:
        """Give jobs the batches of the next steps.

        Args:
            jobs: the job of each replica.
            replicas: the replicas that still train.
            step: the first step.
            most: the most steps.

        Returns:
            The number of steps, at least 1.
        """
        ...

    def columns(self, replicas: NDArray[np.intp]) -> list[tuple[int, NDArray[np.uint64]]]:
        """Return the functions to call in turn before the job of each replica; see `Calls`."""
        ...


def training_data(pattern: Pattern, task: Task, most: int) -> TrainingData:
    """Return the training batches of at most this many replicas.

    Args:
        pattern: what the replicas share.
        task: the task, of this thread.
        most: the most steps that are asked for at once.
    """
    experiment = pattern.experiment
    trained = training_task(experiment, task)
    lengths = task.lengths.within(experiment.length_range)
    own = all(
        getattr(type(task), name) is getattr(Task, name) for name in ("draw", "batch", "batch_of")
    )
    one = len(lengths) == 1 and own and not vars(task).keys() & {"draw", "batch", "batch_of"}
    drawn = experiment.data == "sampled" and experiment.training_inputs is None
    if one and drawn and not experiment.holdout:
        return OneLength(pattern, trained, lengths[0], most)
    return AnyBatches(pattern, task)


class AnyBatches:
    """The batches of ordinary runs: several lengths, epochs, fixed sets, held-out inputs."""

    def __init__(self, pattern: Pattern, task: Task) -> None:
        self._pattern, self._task = pattern, task
        experiment = pattern.experiment
        self.batch = experiment.batch_size
        self.time = int(self._source(experiment.seed).numbers_of_steps(2).max())
        self._blocks: list[Block | None] = []
        self._held: list[tuple[NDArray[Any], ...]] = []
        self._sources: list[BatchSource] = []
        features = max(1, pattern.steps.input_size, task.targets.size)
        each = 1 if pattern.steps.loss == "symbols" and not pattern.steps.input_size else features
        self.bytes_each = 16 * each * self._symbols()

    def _symbols(self) -> int:
        """Return about how many symbols a replica keeps: a block, a set and a copy, a split."""
        experiment, task = self._pattern.experiment, self._task
        lengths = task.lengths.within(experiment.length_range)
        kept = BLOCK_SYMBOLS
        if experiment.training_inputs is not None:
            kept = max(kept, 2 * experiment.training_inputs * self.time)
        listed = lengths if experiment.holdout or experiment.data == "epochs" else ()
        for length in listed:
            size = domain_size(task, length) or 0
            if size <= LARGEST_DOMAIN:
                kept += 2 * size * length
        return kept

    def _source(self, seed: int) -> BatchSource:
        experiment = self._pattern.experiment
        holdout = experiment.make_holdout(self._task, seed)
        return batch_source(experiment, self._task, holdout, seed)

    def begin(self, seeds: Sequence[int]) -> None:
        """Begin with new replicas."""
        self._sources = [self._source(seed) for seed in seeds]
        self._blocks, self._held = [None] * len(seeds), [()] * len(seeds)

    def give(self, jobs: Jobs, replicas: NDArray[np.intp], step: int, most: int) -> int:
        """Give jobs the batches of the next steps."""
        steps = most
        for replica in replicas:
            block = self._sources[replica].block(step)
            if block is not self._blocks[replica]:
                self._take(int(replica), block)
            first = step - block.first_step
            steps = min(steps, block.steps - first)
            for name, array in zip(_FIELDS, self._held[replica], strict=True):
                jobs[name][replica] = array.ctypes.data + first * array.itemsize
        return steps

    def columns(self, replicas: NDArray[np.intp]) -> list[tuple[int, NDArray[np.uint64]]]:
        """Return nothing to call: the batches lie where the jobs look for them."""
        return []

    def _take(self, replica: int, block: Block) -> None:
        self._pattern.check_times(block.times)
        self.time = max(self.time, int(block.times.max()))
        arrays = block.times, block.batch_sizes, block.input_addresses, block.target_addresses
        self._held[replica] = tuple(np.ascontiguousarray(array) for array in arrays)
        self._blocks[replica] = block


_FIELDS = ("times", "batch_sizes", "inputs", "targets")


class OneLength:
    """New batches of one length at every step."""

    def __init__(self, pattern: Pattern, task: Task, length: int, most: int) -> None:
        experiment = pattern.experiment
        self._task, self._length = task, length
        self._pattern, self._most = pattern, most
        self.batch, self._dtype = experiment.batch_size, DTYPES[experiment.dtype]
        self._block_steps = block_steps(self.batch, length * (1 + task.ponder))
        self._most = min(most, self._block_steps)
        inputs, answers = self._drawn(experiment.seed, 0, 1)
        self._places = places_of(task, length, answers.shape[1])
        self.time = self._places.steps
        rows = self._block_steps * self.batch
        self._kinds = (
            (_compact(task.inputs), inputs.shape[1:], _laid_out(task.inputs, self._dtype)),
            (_compact(task.targets), answers.shape[1:], _laid_out(task.targets, self._dtype)),
        )
        self.bytes_each = sum(
            int(np.prod(shape)) * rows * kept.itemsize for kept, shape, _ in self._kinds
        )
        pattern.check_times(np.array([self.time]))
        self._times = np.full(self._most, self.time, dtype=np.int64)
        self._sizes = np.full(self._most, self.batch, dtype=np.int64)
        self._seeds: Sequence[int] = ()
        self._block = -1
        self._kept: list[NDArray[Any]] = []
        self._laid: list[NDArray[Any]] = []
        self._addresses: list[NDArray[np.uint64]] = []
        self._placings: list[Structures] = []

    def _drawn(self, seed: int, block: int, steps: int) -> tuple[NDArray[Any], NDArray[Any]]:
        rng = stream(seed, "training", block, self._length)
        return answered(self._task, self._task.draw(rng, steps * self.batch, self._length))

    def _make_room(self, count: int) -> None:
        """Make memory for this many replicas; it serves later groups too.

        The steps of all replicas are laid out in the same memory, each just before its training.
        """
        rows, places = self._block_steps * self.batch, self._places
        self._kept = [np.empty((count, rows, *shape), kept) for kept, shape, _ in self._kinds]
        fills = (places.blank, places.unscored)
        self._laid = [
            np.full((self._most * self.batch, self.time, *shape[1:]), fill, wide)
            for (_, shape, wide), fill in zip(self._kinds, fills, strict=True)
        ]
        steps = np.arange(self._most, dtype=np.uint64)
        self._addresses = [
            np.uint64(laid.ctypes.data) + steps * np.uint64(self.batch * laid.strides[0])
            for laid in self._laid
        ]
        self._placings = [
            self._placing(kept, laid, place)
            for kept, laid, place in zip(
                self._kept, self._laid, (places.inputs, places.answers), strict=True
            )
        ]

    def _placing(self, kept: NDArray[Any], laid: NDArray[Any], place: slice) -> Structures:
        """Return how each replica's values are laid out, but for the first row and how many."""
        made = Structures(Placing, (len(kept),))
        fields = made.fields
        fields["to"] = laid.ctypes.data
        fields["steps"], fields["time"] = kept.shape[2], self.time
        fields["features"] = math.prod(kept.shape[3:])
        fields["first"], fields["stride"] = place.start, place.step
        fields["kind"] = kind_of_placing(kept.dtype, laid.dtype)
        return made

    def begin(self, seeds: Sequence[int]) -> None:
        """Begin with new replicas."""
        if not self._kept or len(self._kept[0]) < len(seeds):
            self._make_room(len(seeds))
        self._seeds, self._block = seeds, -1

    def give(self, jobs: Jobs, replicas: NDArray[np.intp], step: int, most: int) -> int:
        """Give jobs the batches of the next steps."""
        block, first = divmod(step, self._block_steps)
        if block != self._block:
            self._draw(block, replicas)
            jobs["times"] = self._times.ctypes.data
            jobs["batch_sizes"] = self._sizes.ctypes.data
            for name, addresses in zip(("inputs", "targets"), self._addresses, strict=True):
                jobs[name] = addresses.ctypes.data
        steps = min(most, self._most, self._block_steps - first)
        for kept, placing in zip(self._kept, self._placings, strict=True):
            rows = np.arange(len(kept), dtype=np.uint64) * np.uint64(kept.strides[0])
            begin = np.uint64(kept.ctypes.data + first * self.batch * kept.strides[1])
            placing.fields["from_"] = begin + rows
            placing.fields["rows"] = steps * self.batch
        return steps

    def columns(self, replicas: NDArray[np.intp]) -> list[tuple[int, NDArray[np.uint64]]]:
        """Return what lays out a replica's steps."""
        place = place_values()
        return [(place, placing.addresses[replicas]) for placing in self._placings]

    def _draw(self, block: int, replicas: NDArray[np.intp]) -> None:
        for replica in replicas:
            drawn = self._drawn(self._seeds[replica], block, self._block_steps)
            for kept, values in zip(self._kept, drawn, strict=True):
                kept[replica] = values
        self._block = block


def _compact(alphabet: Tokens | TokenSets | Reals) -> np.dtype[Any]:
    """Return a small type for checked values of an alphabet, IGNORE and NaN among them."""
    if isinstance(alphabet, Tokens):
        return np.dtype(np.int8 if alphabet.size < 127 else np.int64)
    return np.dtype(np.bool_ if isinstance(alphabet, TokenSets) else np.float32)


def _laid_out(alphabet: Tokens | TokenSets | Reals, dtype: torch.dtype) -> np.dtype[Any]:
    """Return the type that a program takes, as `to_torch` makes it."""
    if isinstance(alphabet, Tokens):
        return np.dtype(np.int64)
    if isinstance(alphabet, TokenSets):
        return np.dtype(np.bool_)
    return np.dtype(np.float64 if dtype == torch.float64 else np.float32)
