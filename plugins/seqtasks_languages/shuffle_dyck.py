"""The task shuffle-dyck."""

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
        rows = np.arange(batch_size)
        left = 2 * self._pairs(rng, batch_size, length // 2)  # symbols of each kind to come
        heights = np.zeros(left.size, dtype=np.int64)
        remaining = left.ravel()  # the same numbers, of which one of each row is taken at a time
        drawn = np.zeros((length, batch_size), dtype=np.int64)
        numbers = uniforms(rng, length, 2, batch_size)
        numbers[:, 0] *= np.arange(length, 0, -1)[:, None]
        for kind, (place, number) in zip(drawn, numbers, strict=True):
            for before in range(1, self.kinds):
                kind += place >= left[:before].sum(axis=0)
            chosen = kind * batch_size + rows
            h, r = heights.take(chosen), remaining.take(chosen)
            # Of r symbols to come of a kind with h open, this many in 2 r (h + 1) begin by opening.
            opens = number * (2 * r * (h + 1)) < (r - h) * (h + 2)
            heights[chosen] = h + 2 * opens - 1
            remaining[chosen] = r - 1
            kind *= 2
            kind += ~opens
        return drawn.T

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
            rises = (steps == 2 * kind).astype(np.int32) - (steps == 2 * kind + 1)
            heights = np.cumsum(rises, axis=0, dtype=np.int32)
            right &= heights >= 0
            found[:, :, 2 * kind + 1] = opened = heights > 0
            ended &= ~opened
        alive = np.logical_and.accumulate(right, axis=0)
        found[:, :, 1::2] &= alive[:, :, None]
        found[:, :, :-1:2] = alive[:, :, None]
        found[:, :, -1] = alive & ended
        return found
