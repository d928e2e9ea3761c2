"""Random numbers made of raw bytes, the same from release to release of NumPy."""

import math

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import random_bits, random_octets

__all__ = ["coins", "uniform_integers", "uniforms", "whole_numbers"]


def uniform_integers(rng: np.random.Generator, *shape: int) -> NDArray[np.uint64]:
    """Draw whole numbers uniform below 2^53."""
    words = random_octets(rng, 8 * math.prod(shape)).view("<u8").reshape(shape)
    return words >> np.uint64(11)


def uniforms(rng: np.random.Generator, *shape: int) -> NDArray[np.float64]:
    """Draw numbers uniform on [0, 1), multiples of 2^-53."""
    numbers = uniform_integers(rng, *shape).astype(np.float64)
    numbers *= 2.0**-53
    return numbers


def whole_numbers(rng: np.random.Generator, below: int, *shape: int) -> NDArray[np.int64]:
    """Draw whole numbers uniform on 0 .. below - 1."""
    return (uniforms(rng, *shape) * below).astype(np.int64)


def coins(rng: np.random.Generator, count: int) -> NDArray[np.bool_]:
    """Draw fair coins, (count,)."""
    return random_bits(rng, count).astype(np.bool_)
