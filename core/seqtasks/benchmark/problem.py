"""Define the problem that every contender trains: one model, one set of batches drawn before."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from seqtasks.benchmark.sizes import Size
from seqtasks.models.build import build_model
from seqtasks.models.model import Model
from seqtasks.tasks import Array, Task
from seqtasks.tasks.alphabets import Reals, Tokens
from seqtasks.tasks.lengths import LengthRange
from seqtasks.training import BatchSource, Block, TorchBatch

__all__ = ["FixedBatches", "Inputs", "Problem"]

Inputs = Literal["tokens", "reals"]

FEATURES = 64
"""The features of a step's real-valued input."""


class _Flip(Task):
    """Invert every bit."""

    inputs = targets = Tokens("01")

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        return rng.integers(2, size=(batch_size, length))

    def encode(self, inputs: Array) -> Array:
        return 1 - inputs


class _Sign(Task):
    """Say whether the first number of a step is positive."""

    inputs = Reals(FEATURES)
    targets = Tokens("01")

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        return rng.standard_normal((batch_size, length, FEATURES), dtype=np.float32)

    def encode(self, inputs: Array) -> Array:
        return (inputs[..., 0] > 0).astype(np.int64)


class FixedBatches(BatchSource):
    """The first block of a task's batches, repeated: drawing takes no time."""

    _again: Block | None = None

    def block(self, step: int) -> Block:
        """Return the first block, as if it were the block of a step counted from 0."""
        first_step = step - step % self.block_steps
        if self._again is None or self._again.first_step != first_step:
            self._again = replace(super().block(0), first_step=first_step)
        return self._again


@dataclass(frozen=True)
class Problem:
    """A model to train, and its training batches.

    The embedding has the hidden size, the readout sees the state alone, and all is float32.

    Attributes:
        size: batch, time and width.
        cell: the cell's spec string.
        inputs: `tokens`, two symbols looked up in an embedding; or `reals`, 64 numbers per step
            through a linear map.
        learning_rate: Adam's learning rate. The default is so small that a million steps hardly
            move the weights: a fast contender makes many more steps than a slow one, and both must
            work on the same kind of numbers.
    """

    size: Size
    cell: str
    inputs: Inputs = "tokens"
    learning_rate: float = 1e-6

    @cached_property
    def task(self) -> Task:
        """The task to learn."""
        return _Flip() if self.inputs == "tokens" else _Sign()

    @cached_property
    def source(self) -> FixedBatches:
        """The batches, in the form that a trainer takes."""
        length = LengthRange(self.size.time, self.size.time)
        return FixedBatches(self.task, length, self.size.batch, "sampled", seed=0)

    @property
    def batches(self) -> list[TorchBatch]:
        """The batches in their order; the first follows the last again."""
        return [self.source.batch(step) for step in range(self.source.block_steps)]

    def model(self) -> Model:
        """Return a new model, always with the same initial weights.

        Raises:
            UsageError: if the cell does not exist.
        """
        return build_model(self.task, self.cell, "state", self.size.width)
