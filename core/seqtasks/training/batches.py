"""Draw training batches in blocks. Batch k depends only on the experiment, the seed and k."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seqtasks.errors import UsageError
from seqtasks.models.calling import to_torch
from seqtasks.randomness.streams import stream
from seqtasks.tasks import Batch, Task
from seqtasks.tasks.block_steps import block_steps
from seqtasks.tasks.curricula import build_curriculum
from seqtasks.tasks.holdout import Holdout, checked_domain_size
from seqtasks.tasks.lengths import LengthRange
from seqtasks.tasks.listed_inputs import all_inputs
from seqtasks.tasks.settings import DataOrder
from seqtasks.training.fixed_set import draw_fixed_set, epoch_of, telling_of_large_set
from seqtasks.training.prefetch import Prefetch

__all__ = ["BatchSource", "Block", "TorchBatch"]


class TorchBatch(NamedTuple):
    """A batch as tensors: inputs and targets (batch, time[, features])."""

    inputs: Tensor
    targets: Tensor


@dataclass(frozen=True, eq=False)
class Block:
    """The batches of consecutive steps, and the memory address of each.

    A batch is contiguous and row-major: int64 ids (batch, time), bool sets (batch, time, symbols)
    or reals (batch, time, features). The block owns the memory.

    Attributes:
        first_step: the first step, counted from 0.
        steps: the number of steps.
        times: (steps,) the number of time steps of each batch.
        batch_sizes: (steps,) the number of instances of each batch.
        input_addresses: (steps,) the memory address of each batch's inputs.
        target_addresses: (steps,) the memory address of each batch's targets.
    """

    first_step: int
    steps: int
    times: NDArray[np.int64]
    batch_sizes: NDArray[np.int64]
    input_addresses: NDArray[np.uint64]
    target_addresses: NDArray[np.uint64]
    _tensors: Sequence[TorchBatch] = field(repr=False)
    """The instances of each length."""
    _holder: NDArray[np.int64] = field(repr=False)
    """(steps,) the index of the tensor that holds each batch."""
    _first_row: NDArray[np.int64] = field(repr=False)
    """(steps,) the row of that tensor at which the batch begins."""

    @classmethod
    def of(
        cls,
        first_step: int,
        tensors: Sequence[TorchBatch],
        holder: NDArray[np.int64],
        first_row: NDArray[np.int64],
        batch_sizes: NDArray[np.int64],
    ) -> "Block":
        """Return a block whose batches lie one after the other in a few contiguous tensors.

        Args:
            first_step: the first step, counted from 0.
            tensors: the instances, one batch of tensors for each length.
            holder: (steps,) the index of the tensors that hold each batch.
            first_row: (steps,) the row at which each batch begins in them.
            batch_sizes: (steps,) the number of rows of each batch.
        """

        def addresses(side: Sequence[Tensor]) -> NDArray[np.uint64]:
            start = np.array([tensor.data_ptr() for tensor in side], dtype=np.uint64)
            row = np.array([t.stride(0) * t.element_size() for t in side], dtype=np.uint64)
            return start[holder] + row[holder] * first_row.astype(np.uint64)

        times = np.array([held.inputs.shape[1] for held in tensors], dtype=np.int64)
        return cls(
            first_step,
            len(holder),
            times[holder],
            batch_sizes,
            addresses([held.inputs for held in tensors]),
            addresses([held.targets for held in tensors]),
            tensors,
            holder,
            first_row,
        )

    def batch(self, step: int) -> TorchBatch:
        """Return the batch of a step. Steps are counted from the start of the run.

        Raises:
            IndexError: if the step is not in this block.
        """
        place = step - self.first_step
        if not 0 <= place < self.steps:
            last = self.first_step + self.steps - 1
            raise IndexError(f"step {step} is not in the block of {self.first_step} to {last}")
        held, first = self._tensors[self._holder[place]], int(self._first_row[place])
        rows = slice(first, first + int(self.batch_sizes[place]))
        return TorchBatch(held.inputs[rows], held.targets[rows])


class BatchSource:
    """The batches of a training run.

    Args:
        task: the task to draw from.
        length: the training lengths; each batch has one of the lengths that the task allows.
        batch_size: the instances in a batch.
        data: `sampled`, or `epochs` over all instances of the one length, shuffled.
        seed: the experiment's seed.
        dtype: the type of real inputs and targets.
        device: the device of the tensors.
        curriculum: the spec that chooses a batch's length.
        holdout: the inputs that no batch may contain; None to allow all.
        training_inputs: the number of inputs to draw once and use in epochs; None to draw new
            inputs for each step.
        prefetch: whether to draw the next block in a thread when that saves time.

    Attributes:
        block_steps: the number of steps of a block.

    Raises:
        UsageError: if the task does not allow the length or cannot enumerate it for epochs, or if
            the curriculum does not fit.
    """

    def __init__(
        self,
        task: Task,
        length: LengthRange,
        batch_size: int,
        data: DataOrder,
        seed: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        curriculum: str = "uniform",
        holdout: Holdout | None = None,
        prefetch: bool = False,
        training_inputs: int | None = None,
    ) -> None:
        self._task, self._batch_size, self._seed = task, batch_size, seed
        self._dtype, self._device = dtype, torch.device(device)
        self._lengths = task.lengths.select(length, task.known_as)
        self._curriculum = build_curriculum(curriculum, self._lengths)
        self._holdout = holdout
        self._draw: Callable[[int], Block]
        if data == "epochs":
            self._domain = self._whole_domain(length)
            self.block_steps = -(-len(self._domain.inputs) // batch_size)
            self._draw = self._epoch
        elif training_inputs is not None:
            with telling_of_large_set(training_inputs):
                fixed = draw_fixed_set(
                    self._drawn, training_inputs, self._lengths, self._curriculum, batch_size, seed
                )
                self._tensors = [self._to_torch(batch) for batch in fixed.batches]
            self._fixed, self.block_steps = fixed, fixed.steps
            self._draw = self._fixed_epoch
        else:
            longest = self._lengths[-1] * (1 + task.ponder)
            self.block_steps = block_steps(batch_size, longest)
            self._draw = self._sampled
        self._blocks = Prefetch(self._draw) if prefetch else None
        self._block: Block | None = None

    def block(self, step: int) -> Block:
        """Return the block that has the batch of a step, counted from 0. The latest one is kept."""
        number = step // self.block_steps
        if self._block is None or self._block.first_step != number * self.block_steps:
            self._block = self._blocks.get(number) if self._blocks else self._draw(number)
        return self._block

    def batch(self, step: int) -> TorchBatch:
        """Return the batch of a step, counted from 0."""
        return self.block(step).batch(step)

    def numbers_of_steps(self, most: int) -> NDArray[np.int64]:
        """Return the time steps of a batch at `most` training lengths, spread over all of them."""
        places = np.unique(np.linspace(0, len(self._lengths) - 1, most).astype(int))
        lengths = [self._lengths[place] for place in places]
        drawn = [self._drawn(stream(self._seed, "trial", n), 1, n) for n in lengths]
        return np.array([batch.inputs.shape[1] for batch in drawn], dtype=np.int64)

    @property
    def number_of_lengths(self) -> int:
        """How many training lengths there are."""
        return len(self._lengths)

    def close(self) -> None:
        """Stop the thread that draws ahead, if there is one."""
        if self._blocks is not None:
            self._blocks.close()

    def _sampled(self, block: int) -> Block:
        first_step = block * self.block_steps
        rng = stream(self._seed, "lengths", block)
        places = self._curriculum.places(rng, self._lengths, first_step, self.block_steps)
        tensors: list[TorchBatch] = []
        holder = np.empty(self.block_steps, dtype=np.int64)
        first_row = np.empty(self.block_steps, dtype=np.int64)
        for place in np.unique(places):
            length = self._lengths[place]
            steps = np.flatnonzero(places == place)
            holder[steps] = len(tensors)
            first_row[steps] = np.arange(len(steps)) * self._batch_size
            rng = stream(self._seed, "training", block, length)
            drawn = self._drawn(rng, len(steps) * self._batch_size, length)
            tensors.append(self._to_torch(drawn))
        sizes = np.full(self.block_steps, self._batch_size, dtype=np.int64)
        return Block.of(first_step, tensors, holder, first_row, sizes)

    def _drawn(self, rng: np.random.Generator, count: int, length: int) -> Batch:
        if self._holdout is None:
            return self._task.batch(rng, count, length)
        return self._task.batch_of(self._holdout.draw(rng, count, length))

    def _epoch(self, epoch: int) -> Block:
        order = stream(self._seed, "epoch", epoch).permutation(len(self._domain.inputs))
        index = torch.from_numpy(order).to(self._device)
        first_row = np.arange(self.block_steps, dtype=np.int64) * self._batch_size
        return Block.of(
            epoch * self.block_steps,
            [TorchBatch(*(tensor[index] for tensor in self._domain))],
            np.zeros(self.block_steps, dtype=np.int64),
            first_row,
            np.minimum(self._batch_size, len(order) - first_row),
        )

    def _fixed_epoch(self, epoch: int) -> Block:
        with telling_of_large_set(sum(len(batch.inputs) for batch in self._fixed.batches)):
            way = epoch_of(self._fixed, self._seed, epoch)
            indices = [torch.from_numpy(order).to(self._device) for order in way.orders]
            shuffled = [
                TorchBatch(*(tensor[index] for tensor in tensors))
                for tensors, index in zip(self._tensors, indices, strict=True)
            ]
        first_step = epoch * self.block_steps
        return Block.of(first_step, shuffled, way.holder, way.first_row, way.batch_sizes)

    def _whole_domain(self, length: LengthRange) -> TorchBatch:
        if length.first != length.last:
            raise UsageError(f"epochs need one length, got {length}; sample the data instead")
        if self._holdout is None:
            consequence = "there are no epochs over them; sample the data instead"
            checked_domain_size(self._task, length.first, consequence)
            inputs = all_inputs(self._task, length.first, scored=False)
        else:
            inputs = self._holdout.trained(length.first)
        return self._to_torch(self._task.batch_of(inputs))

    def _to_torch(self, batch: Batch) -> TorchBatch:
        return TorchBatch(
            to_torch(batch.inputs, self._dtype, self._device),
            to_torch(batch.targets, self._dtype, self._device),
        )
