"""Share the alphabet, the generator and the enumeration of the tasks on bits."""

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import Array, Task, Tokens, random_bits

__all__ = ["BitTask"]


class BitTask(Task):
    """A task whose inputs are all bit strings of a length, with equal probability.

    Source: our own, after a notebook of 2017.
    """

    inputs = Tokens("01")
    targets = Tokens("01")

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> NDArray[np.uint8]:
        """Draw fair bits, (batch, length)."""
        return random_bits(rng, batch_size * length).reshape(batch_size, length)

    def domain_size(self, length: int) -> int:
        """Return 2^length."""
        return 2**length

    def enumerate(self, length: int) -> Array:
        """Return the numbers 0 .. 2^length - 1, most significant bit first, (2^length, length)."""
        numbers = np.arange(2**length, dtype=np.int64)[:, None]
        return (numbers >> np.arange(length - 1, -1, -1)) & 1
