"""The task dyck."""

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from seqtasks.tasks import AllowedLengths, Array, Settings, Tokens
from seqtasks_languages.brackets import brackets, check_at_least_one, check_kinds
from seqtasks_languages.drawing import uniforms
from seqtasks_languages.language import Language
from seqtasks_languages.words import every_word

__all__ = ["Dyck"]


@lru_cache(maxsize=64)
def _opening_shares(length: int, depth: int) -> NDArray[np.float64]:
    """Return how many of the ways to go on begin with an opening bracket, (length, depth + 1).

    Row t is for t symbols read, column h for h open brackets. A way to go on ends with none open at
    the whole length and never has more than `depth` open.
    """
    shares = np.zeros((length, depth + 1))
    ways = np.zeros(depth + 3)  # a 0 for fewer than no open brackets, and one above the most
    ways[1] = 1.0
    for step in reversed(range(length)):
        totals = ways[:-2] + ways[2:]
        np.divide(ways[2:], totals, out=shares[step], where=totals > 0)
        ways[1:-1] = totals / totals.max()  # only their ratios matter
    return shares


@lru_cache(maxsize=1024)
def _count_shapes(length: int, depth: int) -> int:
    """Return how many nested strings of one kind of bracket have at most `depth` open."""
    # By the number of open brackets, with a 0 below none and a 0 above the most.
    ways = [0, 1, *[0] * (depth + 1)]
    for _ in range(length):
        ways[1:-1] = [ways[at - 1] + ways[at + 1] for at in range(1, depth + 2)]
    return ways[1]


@dataclass(frozen=True)
class Dyck(Language):
    """Nested brackets of `kinds` kinds, with never more than `depth` open at once.

    A bracket of the same kind closes each bracket, after all brackets that were opened within it.
    Members of a length are drawn uniformly: a symbol opens with the share of the completions of the
    string that begin by opening, and an opening bracket has each kind with equal probability.
    Without the bound the language is context-free, and is listed as such; with the bound it is
    regular, though its smallest automaton has more states than kinds^depth.
    """

    kinds: int = 2
    depth: int = 8

    lengths = AllowedLengths(2, 2)
    settings = Settings(
        cell="lstm", hidden_size=64, length="2..20", learning_rate=0.005, steps=10000
    )
    source = (
        "Hewitt, Hahn, Ganguli, Liang & Manning, RNNs can generate bounded hierarchical languages "
        "with optimal memory, EMNLP 2020"
    )

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            UsageError: for 0 kinds of brackets, more than 1000 kinds, or depth 0.
        """
        super().__post_init__()
        check_kinds(self.kinds)
        check_at_least_one(depth=self.depth)

    @property
    def inputs(self) -> Tokens:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The brackets, kind by kind."""
        return brackets(self.kinds)

    def members(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw members uniformly, (batch, length)."""
        shares = _opening_shares(length, min(self.depth, length // 2))
        numbers = uniforms(rng, length, batch_size)
        chances = np.empty_like(numbers)
        opens = np.empty(numbers.shape, dtype=np.bool_)
        height = np.zeros(batch_size, dtype=np.int64)
        for step in range(length):
            shares[step].take(height, out=chances[step], mode="clip")
            np.less(numbers[step], chances[step], out=opens[step])
            height += opens[step]
            height += opens[step]
            height -= 1
        # Given that it opens, the remainder of the number is uniform too.
        numbers *= self.kinds
        np.divide(numbers, chances, out=numbers, where=opens)
        kinds = np.minimum(numbers, self.kinds - 1).astype(self._id_type)
        _, last = _open_brackets(opens, kinds, self.depth)
        np.copyto(kinds[1:], last[:-1], where=~opens[1:])
        kinds *= 2
        kinds += ~opens
        return kinds.T

    def read(self, strings: Array) -> NDArray[np.bool_]:
        """Return the symbols that may come after each symbol, (length, batch, symbols + 1).

        These are opening brackets unless too deep, and the one that closes the last, or END.
        """
        steps = np.ascontiguousarray(strings.T, dtype=self._id_type)
        kinds = steps >> 1
        opens = (steps & 1) == 0
        heights, last = _open_brackets(opens, kinds, self.depth)
        within, deep = heights > 0, heights == self.depth
        right = np.empty(steps.shape, dtype=np.bool_)
        right[0] = opens[0]
        closes_last = within[:-1] & (last[:-1] == kinds[1:])
        np.copyto(right[1:], np.where(opens[1:], ~deep[:-1], closes_last))
        alive = np.logical_and.accumulate(right, axis=0)
        found = np.zeros((*steps.shape, 2 * self.kinds + 1), dtype=np.bool_)
        found[:, :, -1] = alive & ~within
        closes = alive & within
        alive &= ~deep
        for kind in range(self.kinds):
            found[:, :, 2 * kind] = alive
            np.logical_and(closes, last == kind, out=found[:, :, 2 * kind + 1])
        return found

    def domain_size(self, length: int) -> int | None:
        """Return the number of members of an allowed length to predict; None to recognise."""
        if self.mode == "recognise":
            return None
        return _count_shapes(length, min(self.depth, length // 2)) * self.kinds ** (length // 2)

    def enumerate(self, length: int) -> Array:
        """Return the members of a length in alphabetical order of ids."""
        if self.mode == "recognise":
            return super().enumerate(length)
        closing = 2 * np.arange(self.kinds) + 1

        # A state is the number of open brackets, and their kinds as digits, the last one lowest.
        def possible(states: Array, left: int) -> NDArray[np.bool_]:
            heights, stacks = states.T
            found = np.empty((len(states), 2 * self.kinds), dtype=np.bool_)
            found[:, ::2] = (heights < min(self.depth, left))[:, None]
            last = stacks % self.kinds * 2 + 1
            found[:, 1::2] = (heights > 0)[:, None] & (last[:, None] == closing)
            return found

        def advance(states: Array, symbols: NDArray[np.integer]) -> Array:
            heights, stacks = states.T
            opens = symbols % 2 == 0
            pushed = np.where(opens, stacks * self.kinds + symbols // 2, stacks // self.kinds)
            return np.stack([heights + np.where(opens, 1, -1), pushed], axis=1)

        start = np.zeros((1, 2), dtype=np.int64)
        return every_word(length, start, possible, advance, self._id_type)

    @property
    def _id_type(self) -> DTypeLike:
        """The smallest type that holds a symbol's id: less memory takes less time."""
        return np.min_scalar_type(2 * self.kinds)


def _open_brackets(
    opens: NDArray[np.bool_], kinds: NDArray[Any], depth: int
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return how many brackets are open after each step, and the kind of the last one open.

    Args:
        opens: whether each bracket opens, (length, batch).
        kinds: the kind of each opening bracket, (length, batch).
        depth: the most that can be open.

    Both are right up to the first bracket that is unmatched or too deep.
    """
    length, batch_size = opens.shape
    heights = np.where(opens, 1, -1)
    for before, height in itertools.pairwise(heights):  # quicker than a sum over the first axis
        height += before
    np.clip(heights, 0, min(depth, length), out=heights)
    # One stack for each row, its places `batch_size` apart. A closing bracket writes in the place
    # of the bracket that it closes. Nothing reads this place before another bracket opens there.
    tops = heights * batch_size
    tops += np.arange(batch_size)
    written = tops.copy()
    np.maximum(tops[1:], tops[:-1], out=written[1:])
    stacks = np.zeros((min(depth, length) + 1) * batch_size, dtype=kinds.dtype)
    last = np.empty_like(kinds)
    for step in range(length):
        stacks[written[step]] = kinds[step]
        stacks.take(tops[step], out=last[step], mode="clip")
    return heights, last
