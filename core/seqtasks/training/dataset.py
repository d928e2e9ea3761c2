"""A task as a `torch.utils.data.IterableDataset` of ready batches."""

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import torch
from torch import Tensor, distributed
from torch.utils.data import IterableDataset, get_worker_info

from seqtasks.display import shortened
from seqtasks.errors import UsageError
from seqtasks.randomness.streams import stream
from seqtasks.tasks import Task
from seqtasks.tasks.lengths import LengthRange

__all__ = ["TaskDataset", "TensorBatch"]


class TensorBatch(NamedTuple):
    """A batch as tensors.

    Attributes:
        inputs: (batch, time) int64 ids, or (batch, time, features) float32.
        targets: (batch, time) int64 ids with IGNORE where nothing is scored, (batch, time, symbols)
            bool with empty sets there, or (batch, time, features) float32 with NaN there.
        lengths: (batch,) int64, the steps of each instance.
    """

    inputs: Tensor
    targets: Tensor
    lengths: Tensor


class TaskDataset(IterableDataset[TensorBatch]):
    """The batches of an epoch, divided among ranks and, within a rank, among workers.

    Batch k of an epoch depends on task, length, batch size, seed, epoch and k alone. Rank r of R
    takes the batches r, r + R, r + 2 R, ...; worker w of W takes every W-th batch of its rank, from
    the w-th on. So one process draws each batch, once. A `DataLoader` yields its rank's batches in
    the same order with any number of workers.

    The batches are ready, so give it to a `DataLoader` with `batch_size=None`.

    Args:
        task: the task to draw from.
        length: the length of the inputs, or a range such as `1..40`; each batch has one length,
            drawn uniformly from the lengths that the task allows.
        batch_size: the instances in a batch.
        batches: the batches in an epoch, over all ranks; None for no end. If the ranks do not
            divide it, some ranks have one batch less.
        seed: the seed of the random streams.
        rank: the rank of this process. If neither this nor `world_size` is given, both come from
            `torch.distributed`, if a process group exists.
        world_size: the number of ranks.

    Raises:
        UsageError: for a length that the task does not allow, or an invalid number.

    Example:
        >>> import seqtasks as st
        >>> dataset = st.task("parity").dataset(length="5..10", batch_size=32, batches=100)
        >>> loader = torch.utils.data.DataLoader(dataset, batch_size=None)
        >>> inputs, targets, lengths = next(iter(loader))
        >>> len(inputs), len(loader), 5 <= int(lengths[0]) <= 10
        (32, 100, True)
    """

    def __init__(
        self,
        task: Task,
        length: int | str | LengthRange,
        batch_size: int,
        batches: int | None = None,
        seed: int = 0,
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        self.task, self.batch_size, self.batches, self.seed = task, batch_size, batches, seed
        self.rank, self.world_size = _place(rank, world_size)
        self.lengths = task.lengths.select(LengthRange.parse(length), task.known_as)
        for name, value, least in (
            ("batch_size", batch_size, 1),
            ("batches", 1 if batches is None else batches, 1),
            ("seed", seed, 0),
        ):
            if value < least:
                raise UsageError(f"{name} must be at least {least}, got {value}")
        # In shared memory, so that workers that outlive an epoch see the next epoch number.
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()

    def __repr__(self) -> str:
        """Return the task and the sizes on one line."""
        many = "endless batches" if self.batches is None else f"{self.batches} batches"
        return shortened(
            f"<TaskDataset of {self.task!r}: {many} of {self.batch_size}, seed {self.seed}>"
        )

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration yields; the first is 0.

        Call it on every rank before each epoch, as with a `DistributedSampler`: without it, every
        iteration yields the same batches.
        """
        if epoch < 0:
            raise UsageError(f"an epoch must be at least 0, got {epoch}")
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        """Return how many batches an epoch has on this rank.

        Raises:
            TypeError: if the dataset has no end.
        """
        if self.batches is None:
            raise TypeError("this dataset has no end, so it has no length: say how many batches")
        return len(range(self.rank, self.batches, self.world_size))

    def __iter__(self) -> Iterator[TensorBatch]:
        """Yield this rank's batches of the epoch; in a worker, this worker's batches."""
        worker = get_worker_info()
        index, workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
        first, stride = self.rank + self.world_size * index, self.world_size * workers
        epoch = int(self._epoch)
        steps = count(first, stride)
        for step in steps if self.batches is None else range(first, self.batches, stride):
            yield self._batch(epoch, step)

    def _batch(self, epoch: int, step: int) -> TensorBatch:
        rng = stream(self.seed, "dataset", epoch, step)
        length = self.lengths[int(rng.integers(len(self.lengths)))]
        batch = self.task.batch(rng, self.batch_size, length)
        return TensorBatch(
            torch.from_numpy(batch.inputs),
            torch.from_numpy(batch.targets),
            torch.from_numpy(batch.lengths),
        )


def _place(rank: int | None, world_size: int | None) -> tuple[int, int]:
    """Return this process's rank and the number of ranks."""
    if rank is None and world_size is None:
        if distributed.is_available() and distributed.is_initialized():
            return distributed.get_rank(), distributed.get_world_size()
        return 0, 1
    if rank is None or world_size is None:
        raise UsageError("give rank and world_size together, or neither")
    if not 0 <= rank < world_size:
        raise UsageError(f"rank must be from 0 to world_size - 1, got {rank} of {world_size}")
    return rank, world_size
