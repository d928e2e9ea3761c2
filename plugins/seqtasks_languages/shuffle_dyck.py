"""The task shuffle-dyck."""

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import AllowedLengths, Array, Settings, Tokens
from seqtasks_languages.brackets import brackets, check_kinds
from seqtasks_languages.drawing import uniforms
from seqtasks_languages.language import Language
from seqtasks_languages.words import every_word

__all__ = ["ShuffleDyck"]


@lru_cache(maxsize=64)
def _pair_shares(kinds: int, pairs: int) -> NDArray[np.float64]:
    """Return where the shares of a kind's number of pairs end, (kinds, pairs + 1, pairs + 1).

    Among the members with m pairs of k + 1 kinds, entry (k, m, p) is the share with at most p pairs
    of the last kind. Words of p, ... pairs can be interleaved in (2 m)! / ((2 p)! ...) ways, and
    there are C(p), ... such words, so p pairs weigh C(p) / (2 p)! = 1 / (p! (p + 1)!).
    """
    logs = np.array([-math.lgamma(p + 1) - math.lgamma(p + 2) for p in range(pairs + 1)])
    left = np.arange(pairs + 1)[:, None] - np.arange(pairs + 1)
    found = np.empty((kinds, pairs + 1, pairs + 1))
    totals = np.where(np.arange(pairs + 1) == 0, 0.0, -np.inf)  # for no kinds
    for kind in range(kinds):
        terms = np.where(left >= 0, logs + totals[np.maximum(left, 0)], -np.inf)
        most = terms.max(axis=1, keepdims=True)
        ends = np.cumsum(np.exp(terms - most), axis=1)
        found[kind] = ends / ends[:, -1:]
        totals = np.log(ends[:, -1]) + most[:, 0]
    return found


@lru_cache(maxsize=2**16)
def _count(kinds: int, pairs: int) -> int:
    """Return how many members with a number of pairs there are.

    The Catalan numbers C count the members of one kind, and C(n) C(n + 1) those with two. With
    more kinds, two kinds with p of the n pairs can lie among the others in
    (2 n)! / ((2 p)! (2 n - 2 p)!) ways.
    """
    if kinds <= 2:
        one = math.comb(2 * pairs, pairs) // (pairs + 1)
        return one if kinds == 1 else one * math.comb(2 * pairs + 2, pairs + 1) // (pairs + 2)
    return sum(
        math.comb(2 * pairs, 2 * p) * _count(2, p) * _count(kinds - 2, pairs - p)
        for p in range(pairs + 1)
    )


def _kinds_in_order(counts: NDArray[np.int64], places: NDArray[np.signedinteger]) -> Array:
    """Return the kind of each symbol, (length, batch), with all orders equally likely.

    Args:
        counts: the number of symbols of each kind, (kinds, batch).
        places: for each step, a uniform whole number below the number of symbols to come,
            (length, batch).
    """
    found = np.zeros(places.shape, dtype=np.min_scalar_type(2 * len(counts)))
    # Imagine a line of all symbols to come, kind by kind, after one place for each earlier symbol.
    # These are the ends of all kinds but the last on that line: a symbol moves the ends before it.
    ends = np.cumsum(counts, axis=0)[:-1].astype(places.dtype)
    places += np.arange(len(places), dtype=places.dtype)[:, None]
    beyond = np.empty(places.shape[1], dtype=np.bool_)
    for kind, place in zip(found, places, strict=True):
        for end in ends:
            np.greater_equal(place, end, out=beyond)
            kind += beyond
            end += beyond
    return found


def _words(rng: np.random.Generator, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Draw nested words of brackets of one kind, with a given number of pairs each, (words,).

    By the ballot theorem, if h brackets are open and r symbols are to come, a share
    (r - h) (h + 2) / (2 r (h + 1)) of the completions begins by opening. With o = (r - h) / 2
    brackets still to open, a number u below 1 is below that share if (h + 1) (u r - o) < o.

    Returns:
        which brackets of each word close, (the most symbols, words); entries after a word's end
        mean nothing.
    """
    steps = 2 * int(pairs.max(initial=0))
    opens = np.empty((steps, len(pairs)), dtype=np.bool_)
    numbers = uniforms(rng, steps, len(pairs))
    numbers *= 2 * pairs - np.arange(steps)[:, None]
    to_open = pairs.astype(np.float64)
    left = 2.0 * pairs + 1.0  # symbols to come plus one, so that h + 1 is left - 2 to_open
    shares = np.empty(len(pairs))
    above = np.empty(len(pairs))
    for number, opening in zip(numbers, opens, strict=True):
        np.subtract(number, to_open, out=shares)
        np.subtract(left, to_open, out=above)
        above -= to_open
        shares *= above
        np.less(shares, to_open, out=opening)
        to_open -= opening
        left -= 1.0
    return ~opens


@dataclass(frozen=True)
class ShuffleDyck(Language):
    """Brackets of `kinds` kinds; the brackets of each kind nest when the others are left out.

    So `([)]` is a member: kinds may cross. The depth has no limit. Members of a length are drawn
    uniformly: first the number of pairs of each kind, then the kind of each symbol, and then,
    by the ballot theorem, whether it opens or closes.
    """

    kinds: int = 2

    lengths = AllowedLengths(2, 2)
    settings = Settings(cell="lstm", hidden_size=64, length="2..40", learning_rate=0.01, steps=5000)
    source = (
        "Suzgun, Belinkov, Shieber & Gehrmann, LSTM networks can perform dynamic counting, "
        "Workshop on Deep Learning and Formal Languages: Building Bridges, ACL 2019"
    )

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            UsageError: for 0 kinds of brackets, or more than 1000 kinds.
        """
        super().__post_init__()
        check_kinds(self.kinds)

    @property
    def inputs(self) -> Tokens:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The brackets, kind by kind."""
        return brackets(self.kinds)

    def members(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw members uniformly, (batch, length)."""
        pairs = self._pairs(rng, batch_size, length // 2)
        places = uniforms(rng, length, batch_size)
        places *= np.arange(length, 0, -1)[:, None]
        kinds = _kinds_in_order(2 * pairs, places.astype(np.min_scalar_type(-length - 1)))
        closes = _words(rng, pairs.ravel())
        # The n-th symbol of a kind is the n-th symbol of the word drawn for the kind.
        counts = np.zeros(kinds.shape, dtype=np.min_scalar_type(length))
        for kind in range(self.kinds):
            here = (kinds == kind).view(np.uint8)
            so_far = here.astype(counts.dtype)
            for before, count in itertools.pairwise(so_far):
                count += before
            so_far *= here
            counts += so_far
        taken = np.multiply(counts - 1, self.kinds * batch_size, dtype=np.int64)
        taken += kinds * np.int32(batch_size)
        taken += np.arange(batch_size)
        kinds <<= 1
        kinds += closes.ravel().take(taken)
        return kinds.T

    def domain_size(self, length: int) -> int | None:
        """Return the number of members of an allowed length to predict; None to recognise."""
        return _count(self.kinds, length // 2) if self.mode == "predict" else None

    def enumerate(self, length: int) -> Array:
        """Return the members of a length in alphabetical order of ids."""
        if self.mode == "recognise":
            return super().enumerate(length)

        def possible(heights: Array, left: int) -> NDArray[np.bool_]:
            found = np.empty((len(heights), 2 * self.kinds), dtype=np.bool_)
            found[:, ::2] = (heights.sum(axis=1) < left)[:, None]
            found[:, 1::2] = heights > 0
            return found

        def advance(heights: Array, symbols: NDArray[np.integer]) -> Array:
            heights[np.arange(len(heights)), symbols // 2] += np.where(symbols % 2 == 0, 1, -1)
            return heights

        start = np.zeros((1, self.kinds), dtype=np.int64)
        dtype = np.min_scalar_type(2 * self.kinds)
        return every_word(length, start, possible, advance, dtype)

    def _pairs(self, rng: np.random.Generator, batch_size: int, pairs: int) -> NDArray[np.int64]:
        """Draw the number of pairs of each kind, (kinds, batch)."""
        found = np.empty((self.kinds, batch_size), dtype=np.int64)
        shares = _pair_shares(self.kinds, pairs)
        remaining = np.full(batch_size, pairs)
        for kind in reversed(range(self.kinds)):
            # Row m of the table, raised by m, lies in [m, m + 1], so all rows are one sorted list.
            raised = (shares[kind] + np.arange(pairs + 1)[:, None]).ravel()
            wanted = remaining + uniforms(rng, batch_size)
            place = np.searchsorted(raised, wanted, side="right") - remaining * (pairs + 1)
            found[kind] = np.clip(place, 0, remaining)
            remaining -= found[kind]
        return found

    def read(self, strings: Array) -> NDArray[np.bool_]:
        """Return the symbols that may come after each symbol, (length, batch, symbols + 1).

        These are all opening brackets, the closing ones of kinds with an open bracket, and END if
        none is open.
        """
        steps = np.ascontiguousarray(strings.T)
        found = np.empty((*steps.shape, 2 * self.kinds + 1), dtype=np.bool_)
        right = np.ones(steps.shape, dtype=np.bool_)
        ended = np.ones(steps.shape, dtype=np.bool_)
        for kind in range(self.kinds):
            heights = _heights(steps, kind)
            right &= heights >= 0
            found[:, :, 2 * kind + 1] = opened = heights > 0
            ended &= ~opened
        alive = np.logical_and.accumulate(right, axis=0)
        for kind in range(self.kinds):
            found[:, :, 2 * kind] = alive
            found[:, :, 2 * kind + 1] &= alive
        found[:, :, -1] = alive & ended
        return found

    def contains(self, strings: Array) -> NDArray[np.bool_]:
        """Return which strings are members, (batch,): no kind closes too often or stays open."""
        steps = np.ascontiguousarray(strings.T)
        right = np.ones(steps.shape[1], dtype=np.bool_)
        for kind in range(self.kinds):
            heights = _heights(steps, kind)
            right &= (heights.min(axis=0) >= 0) & (heights[-1] == 0)
        return right


def _heights(steps: Array, kind: int) -> NDArray[np.signedinteger]:
    """Return how many brackets of a kind are open after each step, (length, batch)."""
    heights = (steps == 2 * kind).astype(np.min_scalar_type(-len(steps) - 1))
    heights -= steps == 2 * kind + 1
    for before, height in itertools.pairwise(heights):  # quicker than a sum over the first axis
        height += before
    return heights
