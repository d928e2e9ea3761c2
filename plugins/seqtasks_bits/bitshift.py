"""The task bitshift."""

from dataclasses import dataclass

import numpy as np

from seqtasks.tasks import Array, Settings
from seqtasks_bits.bits import BitTask

__all__ = ["BitShift"]


@dataclass(frozen=True)
class BitShift(BitTask):
    """Shift an N-bit number, most significant bit first; zeros come in.

    shift > 0 is n >> shift: each answer is the bit seen `shift` steps earlier, so the network must
    remember that many bits. shift < 0 is (n << -shift) & ((1 << N) - 1): each answer is a future
    bit, which no network that reads left to right can know.
    """

    shift: int = 4

    settings = Settings(cell="gru", hidden_size=64, learning_rate=0.003, steps=2000, solved_after=5)

    def encode(self, inputs: Array) -> Array:
        """Return the shifted bits, (batch, length)."""
        targets = np.zeros_like(inputs)
        length = inputs.shape[1]
        places = min(abs(self.shift), length)
        if self.shift >= 0:
            targets[:, places:] = inputs[:, : length - places]
        else:
            targets[:, : length - places] = inputs[:, places:]
        return targets
