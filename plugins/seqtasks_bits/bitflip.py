"""The task bitflip."""

from dataclasses import dataclass

from seqtasks.tasks import Array, Settings
from seqtasks_bits.bits import BitTask

__all__ = ["BitFlip"]


@dataclass(frozen=True)
class BitFlip(BitTask):
    """Invert every bit of an N-bit number: (~n) & ((1 << N) - 1), most significant bit first.

    It needs no memory: each answer depends on its own input alone.
    """

    settings = Settings(cell="concat", readout="concat", hidden_size=8, learning_rate=0.01)

    def encode(self, inputs: Array) -> Array:
        """Return each bit's opposite, (batch, length)."""
        return 1 - inputs
