"""The task modular-sum."""

from dataclasses import dataclass

import numpy as np

from seqtasks.tasks import Array, Settings, Tokens
from seqtasks_groups.following import (
    STATE_TRACKING,
    STATE_TRACKING_PROTOCOL,
    FollowingTask,
    check_range,
)

__all__ = ["ModularSum"]


@dataclass(frozen=True)
class ModularSum(FollowingTask):
    """Add numbers below `modulus`; say at each step the sum so far, modulo `modulus`.

    Each symbol of the input is a uniform number from 0 to `modulus` - 1. Length counts the numbers,
    from 1. It is `group-word` in the cyclic group of that size.
    """

    modulus: int = 5

    layout = "each"
    settings = Settings(cell="elman", hidden_size=64, length="1..20", solved_after=5)
    source = STATE_TRACKING
    published = STATE_TRACKING_PROTOCOL

    def __post_init__(self) -> None:
        """Check the parameter and set the alphabets."""
        check_range("modulus", self.modulus, 2, 1000)
        numbers = Tokens(map(str, range(self.modulus)))
        self._set_alphabets(numbers, numbers)

    def encode(self, inputs: Array) -> Array:
        """Return the running sum modulo `modulus`, (batch, length)."""
        # Whole numbers of 32 bits hold the sums of two million steps, and are faster to divide.
        kind = np.uint32 if inputs.shape[1] * self.modulus < 2**32 else np.uint64
        return np.cumsum(inputs, axis=1, dtype=kind) % kind(self.modulus)
