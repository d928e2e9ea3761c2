"""Training batches, drawn in blocks; that of step k depends on experiment, seed and k alone."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from seqtasks.errors import UsageError
from seqtasks.lengths import LengthRange
from seqtasks.randomness import stream
from seqtasks.settings import DataOrder
from seqtasks.tasks import Array, Batch, Task

__all__ = ["BatchSource", "TorchBatch", "to_torch"]

BLOCK_SYMBOLS = 2**18
BLOCK_STEPS = 1024
LARGEST_DOMAIN = 2**20


class TorchBatch(NamedTuple):
    """A batch as tensors: inputs and targets (batch, time[, features])."""

    inputs: Tensor
    targets: Tensor


def to_torch(array: Array, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return ids as int64, sets as bool and reals as `dtype`, on a device."""
    tensor = torch.from_numpy(array)
    if tensor.dtype == torch.bool:
        return tensor.to(device)
    return tensor.to(device=device, dtype=dtype if tensor.is_floating_point() else torch.int64)


class BatchSource:
    """The batches of a training run.

    Args:
        task: what to draw from.
        length: the training lengths; each batch has one, drawn uniformly from the allowed.
        batch_size: instances in a batch.
        data: `sampled`, or `epochs` over all instances of the one length, shuffled.
        seed: the experiment's seed.
        dtype: the type of real inputs and targets.
        device: where the tensors go.

    Raises:
        UsageError: if the task cannot have the length, or cannot enumerate it for epochs.
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
    ) -> None:
        self._task, self._batch_size, self._seed = task, batch_size, seed
        self._dtype, self._device = dtype, torch.device(device)
        self._lengths = np.array(task.lengths.select(length, type(task).__name__))
        self._draw: Callable[[int], list[TorchBatch]]
        if data == "epochs":
            self._domain = self._whole_domain(length)
            self.block_steps = -(-len(self._domain.inputs) // batch_size)
            self._draw = self._epoch
        else:
            symbols = batch_size * int(self._lengths[-1])
            self.block_steps = max(1, min(BLOCK_STEPS, BLOCK_SYMBOLS // symbols))
            self._draw = self._sampled
        self._block: list[TorchBatch] = []
        self._block_index = -1

    def batch(self, step: int) -> TorchBatch:
        """Return the batch of a step, counted from 0."""
        index, place = divmod(step, self.block_steps)
        if index != self._block_index:
            self._block, self._block_index = self._draw(index), index
        return self._block[place]

    def _sampled(self, block: int) -> list[TorchBatch]:
        places = stream(self._seed, "lengths", block).integers(
            len(self._lengths), size=self.block_steps
        )
        batches: list[TorchBatch | None] = [None] * self.block_steps
        for place in np.unique(places):
            length = int(self._lengths[place])
            steps = np.flatnonzero(places == place)
            rng = stream(self._seed, "training", block, length)
            drawn = self._to_torch(self._task.batch(rng, len(steps) * self._batch_size, length))
            parts = zip(*(t.split(self._batch_size) for t in drawn), strict=True)
            for step, (inputs, targets) in zip(steps, parts, strict=True):
                batches[step] = TorchBatch(inputs, targets)
        return [batch for batch in batches if batch is not None]

    def _epoch(self, epoch: int) -> list[TorchBatch]:
        order = stream(self._seed, "epoch", epoch).permutation(len(self._domain.inputs))
        index = torch.from_numpy(order).to(self._device)
        shuffled = [tensor[index].split(self._batch_size) for tensor in self._domain]
        return [TorchBatch(*pair) for pair in zip(*shuffled, strict=True)]

    def _whole_domain(self, length: LengthRange) -> TorchBatch:
        if length.first != length.last:
            raise UsageError(f"epochs need one length, got {length}; sample the data instead")
        size = self._task.domain_size(length.first)
        if size is None or size > LARGEST_DOMAIN:
            held = "cannot enumerate its inputs" if size is None else f"has {size} inputs"
            raise UsageError(
                f"{type(self._task).__name__} {held} of length {length.first}, so there are no "
                f"epochs over them (at most {LARGEST_DOMAIN}); sample the data instead"
            )
        return self._to_torch(self._task.batch_of(self._task.enumerate(length.first)))

    def _to_torch(self, batch: Batch) -> TorchBatch:
        return TorchBatch(
            to_torch(batch.inputs, self._dtype, self._device),
            to_torch(batch.targets, self._dtype, self._device),
        )
