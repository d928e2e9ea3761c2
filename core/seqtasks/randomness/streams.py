"""NumPy generators keyed by seed and purpose, so that no two uses share a state."""

import zlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["random_bits", "random_octets", "stream", "torch_seed"]


def stream(seed: int, purpose: str, *key: int) -> np.random.Generator:
    """Return the generator for one seed and purpose; equal arguments give equal streams.

    Args:
        seed: the experiment's seed, not negative.
        purpose: the purpose of the numbers, such as "training" or "evaluation".
        key: further whole numbers (a block, a length), not negative.
    """
    spawn_key = (zlib.crc32(purpose.encode()), *key)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=spawn_key)))


def random_octets(rng: np.random.Generator, count: int) -> NDArray[np.uint8]:
    """Draw bytes, (count,), directly from a generator's bit stream.

    NumPy guarantees its bit streams from release to release, but not its distributions. These bytes
    come from whole 64-bit words, which is eight times as fast as `rng.bytes`. Spare bytes of the
    last word are dropped.
    """
    words = rng.integers(2**64, size=-(-count // 8), dtype=np.uint64)
    return words.astype("<u8", copy=False).view(np.uint8)[:count]


def random_bits(rng: np.random.Generator, count: int) -> NDArray[np.uint8]:
    """Draw fair bits, (count,), from the bytes of `random_octets`."""
    return np.unpackbits(random_octets(rng, (count + 7) // 8), count=count)


def torch_seed(seed: int, purpose: str) -> int:
    """Return a seed in torch's range, for one purpose of an experiment's seed."""
    return int(stream(seed, purpose).integers(2**63 - 1))
