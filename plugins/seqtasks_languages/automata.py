"""Languages given by a deterministic finite automaton."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import Array, Tokens
from seqtasks_languages.drawing import uniform_integers
from seqtasks_languages.language import Language
from seqtasks_languages.words import every_word

__all__ = ["Automaton", "RegularLanguage"]


class Automaton:
    """A deterministic finite automaton.

    Attributes:
        following: the state after each state and symbol, (states + 1, symbols); the state added
            at the end stands for strings that no member begins with.
        accepting: whether each state accepts, (states + 1,).
        legal: whether each symbol and, last, END may come next, (states + 1, symbols + 1).
        choices: the symbols with which each state can continue to a member, in ascending order,
            in as many columns as the state with most choices needs, (states + 1, columns). Spare
            columns repeat the last choice.
    """

    def __init__(
        self, alphabet: Tokens, edges: Sequence[Mapping[str, int]], accepting: Iterable[int]
    ) -> None:
        """Take each state's edges, from symbol to state, and the accepting states; 0 is the start.

        A symbol without an edge leads to a state without a way back.
        """
        ids = {symbol: index for index, symbol in enumerate(alphabet.symbols)}
        dead = len(edges)
        self.following = np.full((dead + 1, alphabet.size), dead, dtype=np.int64)
        for state, leaving in enumerate(edges):
            for symbol, reached in leaving.items():
                self.following[state, ids[symbol]] = reached
        self.accepting = np.zeros(dead + 1, dtype=np.bool_)
        self.accepting[list(accepting)] = True
        # For each length, how many strings lead from each state to an accepting state.
        self._counts = {0: [int(accepted) for accepted in self.accepting]}
        useful = self.accepting
        for _ in range(dead):
            useful = useful | useful[self.following].any(axis=1)
        going_on = useful[self.following]
        self.legal = np.concatenate([going_on, self.accepting[:, None]], axis=1)
        count = going_on.sum(axis=1)
        columns = np.minimum(np.arange(max(1, count.max())), np.maximum(0, count - 1)[:, None])
        first_chosen = np.argsort(~going_on, axis=1, kind="stable")
        choices = np.take_along_axis(first_chosen, columns, axis=1)
        self.choices = choices.astype(np.min_scalar_type(alphabet.size))

    def count(self, length: int) -> int:
        """Return how many accepted strings of a length there are."""
        following: list[list[int]] = self.following.tolist()
        for longer in range(1, length + 1):
            if longer not in self._counts:
                counts = self._counts[longer - 1]
                self._counts[longer] = [sum(counts[to] for to in leaving) for leaving in following]
        return self._counts[length][0]

    def words(self, length: int) -> Array:
        """Return the accepted strings of a length, in alphabetical order of ids."""
        finishing: list[NDArray[np.bool_]] = [self.accepting]
        for _ in range(length):
            finishing.append(np.asarray(finishing[-1][self.following].any(axis=1)))
        return every_word(
            length,
            np.zeros(1, dtype=np.int64),
            lambda states, left: finishing[left][self.following[states]],
            lambda states, symbols: self.following[states, symbols],
        )


@lru_cache(maxsize=64)
def _thresholds(automaton: Automaton, length: int) -> NDArray[np.uint64]:
    """Return the end of each choice's share of the completions, in units of 2^-53.

    In a state with a number of symbols left, a choice's share is the share of the ways to a member
    of the whole length that begin with this choice. The last share ends at the whole.

    Returns:
        (length, columns of choices - 1, choices): a state's values stand at each of its choices.
    """
    states, columns = automaton.choices.shape
    rows = np.arange(states)
    found = np.empty((length, columns - 1, states), dtype=np.uint64)
    completions = automaton.accepting.astype(np.float64)
    for step in reversed(range(length)):
        ends = np.cumsum(completions[automaton.following], axis=1)
        totals = ends[:, -1]
        shares = ends / np.where(totals > 0, totals, 1.0)[:, None]
        for column in range(columns - 1):
            share = shares[rows, automaton.choices[:, column]]
            found[step, column] = np.ceil(share * 2.0**53)
        completions = totals / max(1.0, totals.max())  # only their ratios matter
    return found.repeat(columns, axis=2)


@dataclass(frozen=True)
class RegularLanguage(Language):
    """The strings that an automaton accepts; members of a length are drawn uniformly.

    Each symbol is drawn in proportion to the number of ways to complete the string with it.

    Attributes:
        automaton: an `Automaton` over the alphabet `inputs`.
    """

    automaton: ClassVar[Automaton]

    def members(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw members uniformly, (batch, length)."""
        automaton = self.automaton
        states, columns = automaton.choices.shape
        reached = automaton.following[np.arange(states)[:, None], automaton.choices].ravel()
        ways = reached * columns  # each state as the first of its choices
        symbols = automaton.choices.ravel()
        numbers = uniform_integers(rng, length, batch_size)
        drawn = np.empty((length, batch_size), dtype=symbols.dtype)
        beyond = np.empty(batch_size, dtype=np.bool_)
        way = np.zeros(batch_size, dtype=np.int64)
        for number, ends, step in zip(numbers, _thresholds(automaton, length), drawn, strict=True):
            for end in ends:
                np.greater_equal(number, end.take(way), out=beyond)
                way += beyond
            symbols.take(way, out=step, mode="clip")
            way = ways.take(way)
        return drawn.T

    def read(self, strings: Array) -> NDArray[np.bool_]:
        """Return the legal symbols after each symbol, (length, batch, symbols + 1)."""
        following = self.automaton.following
        steps = np.ascontiguousarray(strings.T, dtype=np.int64)
        states = np.empty_like(steps)
        state = np.zeros(len(strings), dtype=np.int64)
        for step, symbols in enumerate(steps):
            state = following.take(state * following.shape[1] + symbols, out=states[step])
        # A state that leads to no member reaches only such states, so nothing is legal any more.
        return self.automaton.legal.take(states, axis=0)

    def contains(self, strings: Array) -> NDArray[np.bool_]:
        """Return which strings end in an accepting state, (batch,)."""
        following = self.automaton.following
        ways = following.ravel() * following.shape[1]  # each state as the first of its edges
        edge = np.zeros(len(strings), dtype=np.int64)
        for symbols in np.ascontiguousarray(strings.T, dtype=np.int64):
            edge += symbols
            edge = ways.take(edge)
        return self.automaton.accepting[edge // following.shape[1]]

    def domain_size(self, length: int) -> int | None:
        """Return the number of members to predict; None to recognise."""
        return self.automaton.count(length) if self.mode == "predict" else None

    def enumerate(self, length: int) -> Array:
        """Return the members of a length in alphabetical order of ids."""
        return self.automaton.words(length) if self.mode == "predict" else super().enumerate(length)
