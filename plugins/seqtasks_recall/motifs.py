"""Motifs: one or more different symbols in some order, the keys and values of fuzzy-recall."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import Array
from seqtasks_memory.symbols import id_type
from seqtasks_recall.drawing import without

__all__ = ["Motifs"]

_TABLE = 2**18
"""The most motifs in a table."""


@dataclass(frozen=True)
class Motifs:
    """The motifs of some symbols; all sizes are equally likely, and all choices of a size.

    A motif has a code, a whole number: its symbols counted from 1 are the code's digits, the first
    one lowest.

    Attributes:
        first: the id of the first symbol; the others follow it.
        symbols: the number of symbols.
        least: the fewest symbols of a motif.
        most: the most symbols of a motif.
    """

    first: int
    symbols: int
    least: int
    most: int

    @property
    def bits(self) -> int:
        """The bits of a code's digit."""
        return self.symbols.bit_length()

    @property
    def code_bound(self) -> int:
        """A number above all codes."""
        return 1 << self.bits * self.most

    @property
    def mean_size(self) -> float:
        """The mean of the sizes."""
        return (self.least + self.most) / 2

    @property
    def size_variance(self) -> float:
        """The variance of the sizes."""
        return ((self.most - self.least + 1) ** 2 - 1) / 12

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """Draw codes of motifs."""
        bound = (self.most + 1 - self.least) * math.perm(self.symbols, self.most)
        numbers = rng.integers(bound, size=shape, dtype=id_type(bound))
        if bound > _TABLE:
            return self.numbered(numbers)
        return _table(self, bound).take(numbers)

    def numbered(self, numbers: Array) -> Array:
        """Return the codes of motifs, from numbers below the bound that `draw` uses."""
        whole = numbers.dtype.type
        rest, sizes = _divided(numbers, whole(self.most + 1 - self.least))
        sizes += whole(self.least)
        codes = np.zeros(numbers.shape, id_type(self.code_bound))
        taken: list[Array] = []
        for step in range(self.most):
            rest, chosen = _divided(rest, whole(self.symbols - step))
            digits = (without(taken, chosen) + whole(1)) * (sizes > step)
            codes |= digits.astype(codes.dtype) << codes.dtype.type(self.bits * step)
        return codes

    def digits(self, codes: Array, step: int) -> Array:
        """Return a digit of each code, the first for step 0; 0 beyond a motif's last symbol."""
        mask = codes.dtype.type((1 << self.bits) - 1)
        return (codes >> codes.dtype.type(self.bits * step)) & mask

    def sizes(self, codes: Array) -> NDArray[np.uint8]:
        """Return the number of symbols of motifs; the code 0 has none."""
        sizes = np.zeros(codes.shape, np.uint8)
        for step in range(self.most):
            sizes += codes >= 1 << self.bits * step
        return sizes

    def shortened(self, codes: Array) -> Array:
        """Return the codes of motifs without their last symbol."""
        cut = np.zeros_like(codes)
        for step in range(1, self.most):
            bound = codes.dtype.type(1 << self.bits * step)
            cut = np.where(codes >= bound, codes & (bound - codes.dtype.type(1)), cut)
        return cut

    @property
    def nothing(self) -> int:
        """The id written after a motif's last symbol: no symbol's id, in a type without signs."""
        return self.first - 1

    def write(self, codes: Array, places: Array) -> None:
        """Write the ids of motifs, and `nothing` after each motif's last symbol.

        Args:
            codes: any shape.
            places: the array to write into, of that shape and a last axis of `most`.
        """
        for step in range(self.most):
            ids = self.digits(codes, step).astype(places.dtype)
            ids += places.dtype.type(self.first)
            ids -= places.dtype.type(1)
            places[..., step] = ids

    def codes_at(self, line: Array, starts: NDArray[np.intp]) -> tuple[Array, NDArray[np.uint8]]:
        """Return the codes and the sizes of the motifs that start at places of a line of ids.

        A motif ends before the first id that is not one of its symbols, at the latest after `most`
        ids. The line must have `most` ids beyond the last start.
        """
        codes = np.zeros(starts.shape, id_type(self.code_bound))
        sizes = np.zeros(starts.shape, np.uint8)
        inside = np.ones(starts.shape, np.bool_)
        for step in range(self.most):
            symbols = line[step:].take(starts)
            symbols -= line.dtype.type(self.first)  # below 0 it wraps to the other end of the type
            inside &= symbols < self.symbols
            sizes += inside
            symbols += line.dtype.type(1)
            symbols *= inside
            codes |= symbols.astype(codes.dtype) << codes.dtype.type(self.bits * step)
        return codes, sizes


@lru_cache(maxsize=16)
def _table(motifs: Motifs, bound: int) -> Array:
    """Return the codes of all motifs by their numbers."""
    return motifs.numbered(np.arange(bound, dtype=id_type(bound)))


def _divided(numbers: Array, divisor: np.integer) -> tuple[Array, Array]:
    """Return quotients and remainders; this is faster than asking for both at once."""
    quotients = numbers // divisor
    return quotients, numbers - quotients * divisor
