"""The task bucket-sort."""

from dataclasses import dataclass

import numpy as np

from seqtasks.tasks import Array, Task, Tokens
from seqtasks_chomsky.draws import every_string, uniform_symbols
from seqtasks_chomsky.protocol import checked, protocol
from seqtasks_chomsky.published import SOURCE, published

__all__ = ["BucketSort"]

SYMBOLS = Tokens("01234")


@dataclass(frozen=True)
class BucketSort(Task):
    """Say symbols 0..4, drawn uniformly, again in ascending order, over as many blanks."""

    inputs = targets = SYMBOLS
    layout = "after"
    source = SOURCE
    settings = protocol("lstm", clip=0.1)
    published = published("bucket-sort", jump="1/2")

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw symbols, (batch, length)."""
        drawn = uniform_symbols(rng, batch_size * length, SYMBOLS.size)
        return drawn.reshape(batch_size, length)

    def encode(self, inputs: Array) -> Array:
        """Return the symbols sorted, (batch, length)."""
        symbols = checked(SYMBOLS, inputs)
        places = np.arange(symbols.shape[1], dtype=np.int32)
        answers = np.zeros(symbols.shape, dtype=np.uint8)
        # A symbol's first place follows as many places as there are smaller symbols.
        for symbol in range(1, SYMBOLS.size):
            answers += places >= (symbols < symbol).sum(axis=1, dtype=np.int32)[:, None]
        return answers

    def domain_size(self, length: int) -> int:
        """Return 5^length."""
        return SYMBOLS.size**length

    def enumerate(self, length: int) -> Array:
        """Return every string of a length, (5^length, length)."""
        return every_string((SYMBOLS.size,) * length)
