"""The task majority."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from seqtasks import Task, Tokens
from seqtasks.tasks import Array

__all__ = ["Majority"]


@dataclass(frozen=True)
class Majority(Task):
    """Say at each step whether ones outnumber zeros so far (1) or not (0).

    `ties` is the answer while there are as many ones as zeros.

    Example:
        >>> import numpy as np
        >>> bits = np.array([[0, 1, 1, 0]])
        >>> Majority().encode(bits)
        array([[0, 0, 1, 0]])
        >>> Majority(ties="one").encode(bits)
        array([[0, 1, 1, 1]])
    """

    ties: Literal["zero", "one"] = "zero"

    inputs = Tokens("01")
    targets = Tokens("01")
    source = "our own"

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw fair bits, (batch, length)."""
        return rng.integers(2, size=(batch_size, length))

    def encode(self, inputs: Array) -> Array:
        """Return the majority of the bits so far, (batch, length)."""
        lead = np.cumsum(np.where(inputs == 1, 1, -1), axis=1)
        return np.where(lead == 0, self.ties == "one", lead > 0).astype(np.int64)
