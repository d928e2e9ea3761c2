"""Random numbers made of raw bytes, the same from release to release of NumPy."""

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["coins", "uniforms", "whole_numbers"]


def uniforms(rng: np.random.Generator, *shape: int) -> NDArray[np.float64]:
    """Draw numbers uniform on [0, 1), multiples of 2^-53."""
    # NumPy promises its raw bytes from release to release, and not its distributions.
    octets = np.frombuffer(rng.bytes(8 * math.prod(shape)), dtype="<u8")
    numbers = (octets >> 11).astype(np.float64).reshape(shape)
    numbers *= 2.0**-53
    return numbers


def whole_numbers(rng: np.random.Generator, below: int, *shape: int) -> NDArray[np.int64]:
    """Draw whole numbers uniform on 0 .. below - 1."""
    return (uniforms(rng, *shape) * below).astype(np.int64)


def coins(rng: np.random.Generator, count: int) -> NDArray[np.bool_]:
    """Draw fair coins, (count,)."""
    octets = np.frombuffer(rng.bytes((count + 7) // 8), dtype=np.uint8)
    return np.unpackbits(octets, count=count).astype(np.bool_)
