"""The task shuffle-dyck."""

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from seqtasks.lengths import AllowedLengths
from seqtasks.settings import Settings
from seqtasks.tasks import Array, Tokens
from seqtasks_languages.brackets import brackets, check_at_least_one
from seqtasks_languages.drawing import uniforms
from seqtasks_languages.language import Language

__all__ = ["ShuffleDyck"]


@lru_cache(maxsize=64)
def _pair_shares(kinds: int, pairs: int) -> NDArray[np.float64]:
    """Return where the shares of a kind's number of pairs end, (kinds, pairs + 1, pairs + 1).

    Entry (k, m, p) is the share, among the members with m pairs of k + 1 kinds, of those with at
    most p pairs of the last kind. There are (2 m)! / ((2 p)! ...) interleavings of words of p, ...
    pairs, of which there are C(p), ..., so p pairs weigh C(p) / (2 p)! = 1 / (p! (p + 1)!).
    """
    logs = np.array([-math.lgamma(p + 1) - math.lgamma(p + 2) for p in range(pairs + 1)])
    left = np.arange(pairs + 1)[:, None] - np.arange(pairs + 1)
    found = np.empty((kinds, pairs + 1, pairs + 1))
    totals = np.where(np.arange(pairs + 1) == 0, 0.0, -np.inf)  # of no kinds
    for kind in range(kinds):
        terms = np.where(left >= 0, logs + totals[np.maximum(left, 0)], -np.inf)
        most = terms.max(axis=1, keepdims=True)
        ends = np.cumsum(np.exp(terms - most), axis=1)
        found[kind] = ends / ends[:, -1:]
        totals = np.log(ends[:, -1]) + most[:, 0]
    return found


def _kinds_in_order(counts: NDArray[np.float64], places: Array) -> NDArray[np.integer]:
    """Return the kind of each symbol, (length, batch), any order of them as likely.

    Args:
        counts: how many symbols there are of each kind, (kinds, batch).
        places: for each step a number uniform below that of the symbols to come, (length, batch).
    """
    found = np.zeros(places.shape, dtype=np.min_scalar_type(2 * len(counts)))
    ends = np.cumsum(counts, axis=0)[:-1]  # of each kind but the last, in a line of what is to come
    beyond = np.empty(places.shape[1], dtype=np.bool_)
    for kind, place in zip(found, places, strict=True):
        for end in ends:
            np.greater_equal(place, end, out=beyond)
            kind += beyond
            end -= 1.0
            end += beyond
    return found


@dataclass(frozen=True)
class ShuffleDyck(Language):
    """Brackets of `kinds` kinds; leaving out all but one kind, those left nest.

    So `([)]` is a member: kinds may cross. No depth is too deep. Members of a length are drawn
    each as likely as any other: first how many pairs there are of each kind, then which kind each
    symbol is of, then, by the ballot theorem, whether it opens or closes.
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
            UsageError: for no kind of bracket.
        """
        super().__post_init__()
        check_at_least_one(kinds=self.kinds)

    @property
    def inputs(self) -> Tokens:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The brackets, kind by kind."""
        return brackets(self.kinds)

    def members(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw members uniformly, (batch, length)."""
        left = self._pairs(rng, batch_size, length // 2).astype(np.float64)
        left *= 2.0  # symbols of each kind to come
        numbers = uniforms(rng, length, 2, batch_size)
        numbers[:, 0] *= np.arange(length, 0, -1)[:, None]
        kinds = _kinds_in_order(left, numbers[:, 0])
        remaining = left.ravel()  # the same numbers, of which one of each row is taken at a time
        heights = np.ones(left.size)  # one more than the open brackets of each kind
        chosen = np.multiply(kinds, batch_size, dtype=np.int64)
        chosen += np.arange(batch_size)
        opens = np.empty((length, batch_size), dtype=np.bool_)
        for places, number, opening in zip(chosen, numbers[:, 1], opens, strict=True):
            h, r = heights.take(places), remaining.take(places)
            # Of r symbols to come of a kind with h - 1 open, this many in 2 r h begin by opening.
            ways = r - h
            ways += 1.0
            ways *= h + 1.0
            number *= 2.0
            number *= r
            number *= h
            np.less(number, ways, out=opening)
            h -= 1.0
            h += opening
            h += opening
            r -= 1.0
            heights[places] = h
            remaining[places] = r
        kinds <<= 1
        kinds += ~opens
        return kinds.T

    def _pairs(self, rng: np.random.Generator, batch_size: int, pairs: int) -> NDArray[np.int64]:
        """Draw how many pairs there are of each kind, (kinds, batch)."""
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
        """Return what may come after each symbol, (length, batch, symbols + 1).

        These are all opening brackets, those that close an open one, and END if none is open.
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
        """Return which strings are members, (batch,): no kind closes too often, none stays open."""
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
