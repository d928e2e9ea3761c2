"""Languages given by a deterministic finite automaton."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import Array, Tokens
from seqtasks_languages.drawing import uniforms
from seqtasks_languages.language import Language

__all__ = ["Automaton", "RegularLanguage"]


class Automaton:
    """A deterministic finite automaton.

    Attributes:
        following: the state after each state and symbol, (states + 1, symbols); the state added
            at the end is that of the strings that no member begins with.
        accepting: which states are those of members, (states + 1,).
        legal: what may come next in each state and, last, END, (states + 1, symbols + 1).
    """

    def __init__(
        self, alphabet: Tokens, edges: Sequence[Mapping[str, int]], accepting: Iterable[int]
    ) -> None:
        """Take each state's edges, from symbol to state, and the accepting states; 0 is the start.

        A symbol without an edge leads to a state from which there is no way back.
        """
        ids = {symbol: index for index, symbol in enumerate(alphabet.symbols)}
        dead = len(edges)
        self.following = np.full((dead + 1, alphabet.size), dead, dtype=np.int64)
        for state, leaving in enumerate(edges):
            for symbol, reached in leaving.items():
                self.following[state, ids[symbol]] = reached
        self.accepting = np.zeros(dead + 1, dtype=np.bool_)
        self.accepting[list(accepting)] = True
        useful = self.accepting
        for _ in range(dead):
            useful = useful | useful[self.following].any(axis=1)
        self.legal = np.concatenate([useful[self.following], self.accepting[:, None]], axis=1)

    def count(self, length: int) -> int:
        """Return how many strings of a length are accepted."""
        counts = [int(accepted) for accepted in self.accepting]
        following: list[list[int]] = self.following.tolist()
        for _ in range(length):
            counts = [sum(counts[reached] for reached in leaving) for leaving in following]
        return counts[0]

    def words(self, length: int) -> NDArray[np.int64]:
        """Return the strings of a length that are accepted, in alphabetical order of ids."""
        finishing: list[NDArray[np.bool_]] = [self.accepting]
        for _ in range(length):
            finishing.append(np.asarray(finishing[-1][self.following].any(axis=1)))
        states = np.zeros(1, dtype=np.int64)
        words = np.empty((1, 0), dtype=np.int64)
        for left in reversed(range(length)):
            rows, symbols = np.nonzero(finishing[left][self.following[states]])
            words = np.concatenate([words[rows], symbols[:, None]], axis=1)
            states = self.following[states[rows], symbols]
        return words


@lru_cache(maxsize=64)
def _thresholds(automaton: Automaton, length: int) -> NDArray[np.float64]:
    """Return where each symbol's share of the completions ends, (length, symbols, states + 1).

    The shares of a state, with a number of symbols left, are those of the ways to go on to a
    member of the whole length that begin with each symbol.
    """
    found = np.empty((length, *automaton.following.shape[::-1]))
    completions = automaton.accepting.astype(np.float64)
    for step in reversed(range(length)):
        ends = np.cumsum(completions[automaton.following], axis=1)
        totals = ends[:, -1]
        found[step] = (ends / np.where(totals > 0, totals, 1.0)[:, None]).T
        completions = totals / max(1.0, totals.max())  # only their ratios matter
    return found


@dataclass(frozen=True)
class RegularLanguage(Language):
    """The strings an automaton accepts; those of a length are drawn each as likely as any other.

    Each symbol is drawn in proportion to the number of ways to complete the string with it.

    Attributes:
        automaton: an `Automaton` over the alphabet `inputs`.
    """

    automaton: ClassVar[Automaton]

    def members(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw members uniformly, (batch, length)."""
        following = self.automaton.following
        symbols_of_alphabet = following.shape[1]
        drawn = np.zeros((length, batch_size), dtype=np.int64)
        state = np.zeros(batch_size, dtype=np.int64)
        numbers = uniforms(rng, length, batch_size)
        for step, ends in enumerate(_thresholds(self.automaton, length)):
            symbols = drawn[step]
            for end in ends[:-1]:
                symbols += numbers[step] >= end.take(state)
            state *= symbols_of_alphabet
            state += symbols
            state = following.take(state)
        return drawn.T

    def read(self, strings: Array) -> NDArray[np.bool_]:
        """Return what leads on to members after each symbol, (length, batch, symbols + 1)."""
        following = self.automaton.following
        steps = np.ascontiguousarray(strings.T, dtype=np.int64)
        states = np.empty_like(steps)
        state = np.zeros(len(strings), dtype=np.int64)
        for step, symbols in enumerate(steps):
            state = following.take(state * following.shape[1] + symbols, out=states[step])
        # From a state after which no member comes, none is reached, so nothing is legal any more.
        return self.automaton.legal.take(states, axis=0)

    def contains(self, strings: Array) -> NDArray[np.bool_]:
        """Return which strings end in an accepting state, (batch,)."""
        following = self.automaton.following
        ways = following.ravel() * following.shape[1]  # each state as the first of its edges
        edge = np.zeros(len(strings), dtype=np.int64)
        for symbols in np.ascontiguousarray(strings.T):
            edge += symbols
            edge = ways.take(edge)
        return self.automaton.accepting[edge // following.shape[1]]

    def domain_size(self, length: int) -> int | None:
        """Return how many members there are to predict; None to recognise."""
        return self.automaton.count(length) if self.mode == "predict" else None

    def enumerate(self, length: int) -> Array:
        """Return the members of a length in alphabetical order of ids."""
        return self.automaton.words(length) if self.mode == "predict" else super().enumerate(length)
