"""Draw random numbers from raw bytes alone, exactly uniform, for a whole batch at once.

NumPy guarantees its streams of bits from release to release, but not its distributions.
"""

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import Array, random_octets
from seqtasks_bits.bits import BitTask

__all__ = ["every_string", "fair_bits", "uniform_below", "uniform_symbols"]

fair_bits = BitTask().generate
"""Draw fair bits, (rows, length), as the tasks on bits do."""


def uniform_symbols(rng: np.random.Generator, count: int, kinds: int) -> NDArray[np.uint8]:
    """Draw `count` uniform numbers of 0 .. kinds - 1, for kinds of at most 255."""
    # A byte at or above the largest multiple of `kinds` would favour the small remainders.
    limit = 256 - 256 % kinds
    kept: list[NDArray[np.uint8]] = []
    missing = count
    while missing > 0:
        # Draw spare bytes for the rejected ones, so that a second round is seldom needed.
        octets = random_octets(rng, missing * 256 // limit + 16)
        kept.append(octets[octets < limit][:missing])
        missing -= len(kept[-1])
    return np.concatenate([*kept, np.empty(0, np.uint8)]) % kinds


def uniform_below(rng: np.random.Generator, bounds: Array) -> NDArray[np.int64]:
    """Draw, for each bound of at most 2^32, a uniform number of 0 .. bound - 1."""
    # D. Lemire, "Fast Random Integer Generation in an Interval", 2019: the upper half of the
    # product of 32 random bits and the bound, unless the lower half shows it to be in excess.
    wide = np.asarray(bounds, dtype=np.uint64)
    words = random_octets(rng, 4 * wide.size).view("<u4").reshape(wide.shape)
    products = words * wide
    drawn = (products >> 32).astype(np.int64)
    lower = products & np.uint64(0xFFFFFFFF)
    again = lower < wide
    again[again] = lower[again] < 2**32 % wide[again]
    if again.any():
        drawn[again] = uniform_below(rng, wide[again])
    return drawn


def every_string(kinds: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return every string with one of kinds[i] symbols at place i, in order, as rows."""
    return np.indices(kinds, dtype=np.uint8).reshape(len(kinds), -1).T
