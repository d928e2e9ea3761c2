"""The task parity."""

from dataclasses import dataclass

import numpy as np

from seqtasks.settings import Settings
from seqtasks.tasks import Array
from seqtasks_bits.bits import BitTask

__all__ = ["Parity"]


@dataclass(frozen=True)
class Parity(BitTask):
    """Say at each step whether the number of ones so far is odd (1) or even (0)."""

    settings = Settings(cell="concat", readout="concat", hidden_size=32, learning_rate=0.01)

    def encode(self, inputs: Array) -> Array:
        """Return the running sum of the bits, mod 2, (batch, length)."""
        return np.bitwise_xor.accumulate(inputs, axis=1)
