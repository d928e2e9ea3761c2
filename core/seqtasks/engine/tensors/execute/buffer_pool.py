"""Keep buffers for batches of one size between training steps.

To touch some megabytes of new memory for the first time takes as long as to compute with them. So
each training step takes over the memory of the step before, even for a batch of another size.
"""

import math
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from seqtasks.engine.tensors.plan.buffers import Buffer

__all__ = ["Memory", "Pool", "Workspace"]

MOST_IDLE = 2
"""The most workspaces kept for later: one for training, one for the evaluations between."""

STRETCH_NUMBERS = 2**18
"""The most numbers in a state over the steps of a stretch: few enough for the processor's
caches."""


@dataclass(eq=False)
class Workspace:
    """Buffers for one size of batch, and the views of them that the two passes use.

    Attributes:
        batch: rows.
        time: steps.
        stretch: the steps in a stretch of the backward pass.
        buffers: by name.
        forward: the views for the forward pass, or None.
        backward: the views for the backward pass, one set for each stretch, or None.
        addresses: where the parameters were when the views were made; None if that may change.
    """

    batch: int
    time: int
    stretch: int
    buffers: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    forward: tuple[Any, ...] | None = None
    backward: list[tuple[Any, ...]] | None = None
    addresses: tuple[int, ...] | None = None
    _storages: dict[str, Tensor] = field(default_factory=dict[str, Tensor])
    _older: dict[str, Tensor] = field(default_factory=dict[str, Tensor])

    def add(
        self, name: str, shape: Sequence[int], dtype: torch.dtype, device: torch.device
    ) -> Tensor:
        """Return a new buffer with a name, in memory taken over if there is enough."""
        needed = math.prod(shape)
        storage = self._older.pop(name, None)
        if storage is None or storage.numel() < needed:
            storage = torch.empty(needed, dtype=dtype, device=device)
        self._storages[name] = storage
        self.buffers[name] = storage[:needed].view(*shape)
        return self.buffers[name]

    def add_all(
        self, buffers: Sequence[Buffer], symbols: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        """Add the buffers of a pass."""
        rows = {
            "one": (),
            "vocabulary": (symbols,),
            "scratch": (self.batch,),
            "steps": (self.time, self.batch),
            "states": (self.time + 1, self.batch),
            "stretch": (self.stretch, self.batch),
            "carry": (self.stretch + 1, self.batch),
        }
        for buffer in buffers:
            kind = torch.bool if buffer.truth else dtype
            made = self.add(buffer.name, (*rows[buffer.kind], buffer.size), kind, device)
            if buffer.zero:
                made.zero_()

    def followed_by(self, batch: int, time: int, stretch: int) -> "Workspace":
        """Return a workspace for another size that takes over this workspace's memory."""
        return Workspace(batch, time, stretch, _older=self._storages)

    def stretches(self) -> list[tuple[int, int]]:
        """Return (first step, steps) of each stretch; the last stretch comes first."""
        ends = range(self.time, 0, -self.stretch)
        return [(max(0, end - self.stretch), min(end, self.stretch)) for end in ends]


class Pool:
    """The idle workspaces of a program.

    Several threads may use a pool at once: each step is a single operation of a deque, so that only
    one thread receives a workspace.

    Args:
        state_size: the number of elements in the largest state of a row.
    """

    def __init__(self, state_size: int) -> None:
        self._state_size = state_size
        self._idle: deque[Workspace] = deque(maxlen=MOST_IDLE)

    def take(self, batch: int, time: int) -> Workspace:
        """Return a workspace for a size of batch."""
        others: list[Workspace] = []
        found = None
        with suppress(IndexError):
            while found is None:
                one = self._idle.pop()
                if (one.batch, one.time) == (batch, time):
                    found = one
                else:
                    others.append(one)
        stretch = self._stretch(batch, time)
        if found is None and len(others) >= MOST_IDLE:
            found = others.pop().followed_by(batch, time, stretch)
        self._idle.extend(reversed(others))
        return Workspace(batch, time, stretch) if found is None else found

    def _stretch(self, batch: int, time: int) -> int:
        """Return the steps in a stretch, so that all stretches are about equally long."""
        most = max(1, STRETCH_NUMBERS // (batch * self._state_size))
        return -(-time // -(-time // most))

    def give_back(self, workspace: Workspace) -> None:
        """Take a workspace back; drop the oldest one if there are too many."""
        self._idle.append(workspace)


class Memory:
    """Memory from the forward pass to the backward pass; it returns to its pool at the end.

    Attributes:
        batch: rows.
        time: steps.
        pool: the pool of its workspace; None before the first pass.
    """

    def __init__(self, batch: int, time: int) -> None:
        self.batch, self.time = batch, time
        self.pool: Pool | None = None
        self._workspace: Workspace | None = None

    def taken_from(self, pool: Pool) -> Workspace:
        """Return a workspace from a pool, the same one for every pass."""
        if pool is not self.pool or self._workspace is None:
            self._give_back()
            self.pool, self._workspace = pool, pool.take(self.batch, self.time)
        return self._workspace

    def _give_back(self) -> None:
        if self.pool is not None and self._workspace is not None:
            self.pool.give_back(self._workspace)

    def __del__(self) -> None:
        self._give_back()
