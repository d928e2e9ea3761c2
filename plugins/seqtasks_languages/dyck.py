"""The task dyck."""

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

__all__ = ["Dyck"]


@lru_cache(maxsize=64)
def _opening_shares(length: int, depth: int) -> NDArray[np.float64]:
    """Return how many of the ways to go on begin with an opening bracket, (length, depth + 1).

    Row t is for t symbols read; the columns are for the number of brackets then open. A way to go
    on ends with none open at the whole length and never has more than `depth` open.
    """
    shares = np.zeros((length, depth + 1))
    ways = np.zeros(depth + 3)  # with a 0 below no open bracket and one above the most
    ways[1] = 1.0
    for step in reversed(range(length)):
        totals = ways[:-2] + ways[2:]
        np.divide(ways[2:], totals, out=shares[step], where=totals > 0)
        ways[1:-1] = totals / totals.max()  # only their ratios matter
    return shares


@dataclass(frozen=True)
class Dyck(Language):
    """Brackets of `kinds` kinds that nest, with never more than `depth` open at once.

    Each bracket is closed by one of its own kind, after all that were opened within it. Members of
    a length are drawn each as likely as any other: a symbol opens with the share of the ways to
    complete the string that do, and an opening bracket is of each kind with equal probability.

    Without the bound the language is context-free, and is listed as such; with it, it is regular,
    though its smallest automaton has more states than kinds^depth.

    A string's state is how many brackets are open, then the kinds of the open ones.
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
            UsageError: for no kind of bracket or no depth.
        """
        super().__post_init__()
        check_at_least_one(kinds=self.kinds, depth=self.depth)

    @property
    def inputs(self) -> Tokens:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The brackets, kind by kind."""
        return brackets(self.kinds)

    def members(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw members uniformly, (batch, length)."""
        depth = min(self.depth, length // 2)
        rows = np.arange(batch_size)
        drawn = np.empty((length, batch_size), dtype=np.int64)
        kinds = np.zeros((depth + 1, batch_size), dtype=np.int64)  # of each bracket that is open
        height = np.zeros(batch_size, dtype=np.int64)
        for step, shares in enumerate(_opening_shares(length, depth)):
            numbers = uniforms(rng, batch_size)
            chances = shares.take(height)
            opens = numbers < chances
            # What is left of the number, given that it opens, is uniform too.
            fresh = (numbers * self.kinds / np.where(opens, chances, 1.0)).astype(np.int64)
            fresh = np.minimum(fresh, self.kinds - 1)
            kind = np.where(opens, fresh, kinds[height, rows])
            height += opens
            kinds[height, rows] = kind
            height -= ~opens
            drawn[step] = 2 * kind + ~opens
        return drawn.T

    def start(self, batch_size: int) -> Array:
        """Return zeros, (batch, 1 + depth)."""
        return np.zeros((batch_size, 1 + self.depth), dtype=np.int64)

    def legal(self, state: Array) -> NDArray[np.bool_]:
        """Return the opening brackets if not too deep, the one that closes the last, and END."""
        rows = np.arange(len(state))
        height = state[:, 0]
        last = np.where(height > 0, 2 * state[rows, height] + 1, -1)
        found = np.zeros((len(state), 2 * self.kinds + 1), dtype=np.bool_)
        found[:, :-1:2] = (height < self.depth)[:, None]
        found[rows, last] = True
        return found

    def advance(self, state: Array, symbols: NDArray[np.integer]) -> Array:
        """Return the state with a bracket opened or the last one closed, (batch, 1 + depth)."""
        opens = symbols % 2 == 0
        height = state[:, 0] + np.where(opens, 1, -1)
        height = np.clip(height, 0, self.depth, out=height)
        rows = np.flatnonzero(opens)
        state[rows, height[rows]] = symbols[rows] // 2
        state[:, 0] = height
        return state
