"""The tasks anbn and anbncn: blocks of equal letters, all of one length."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import AllowedLengths, Array, Settings, Tokens
from seqtasks_languages.drawing import coins, whole_numbers
from seqtasks_languages.language import USUAL_CHANGES, Language, modes

__all__ = ["AnBn", "AnBnCn"]

_SOURCE = (
    "Gers & Schmidhuber, LSTM recurrent networks learn simple context-free and context-sensitive "
    "languages, IEEE Transactions on Neural Networks 12, 2001"
)


class _Blocks(Language):
    """One block of n >= 1 of each letter of the alphabet, in order; each length has one member.

    A string's state is the count of its first letter and the count of its symbols, as read so far.
    """

    def members(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Return the member of the length, (batch, length)."""
        block = length // self.inputs.size
        return np.tile(np.repeat(np.arange(self.inputs.size), block), (batch_size, 1))

    def start(self, batch_size: int) -> Array:
        """Return zeros, (batch, 2)."""
        return np.zeros((batch_size, 2), dtype=np.int64)

    def legal(self, state: Array) -> NDArray[np.bool_]:
        """Return which letters may come next and, last, END."""
        count, seen = state.T
        letters = self.inputs.size
        found = np.empty((len(state), letters + 1), dtype=np.bool_)
        found[:, 0] = count == seen
        for letter in range(1, letters + 1):
            found[:, letter] = (letter * count <= seen) & (seen < (letter + 1) * count)
        return found

    def advance(self, state: Array, symbols: NDArray[np.integer]) -> Array:
        """Return the state with one symbol counted, (batch, 2)."""
        state[:, 0] += symbols == 0
        state[:, 1] += 1
        return state

    def contains(self, strings: Array) -> NDArray[np.bool_]:
        """Return which strings are the member of their length, (batch,)."""
        block, rest = divmod(strings.shape[1], self.inputs.size)
        if rest or not block:
            return np.zeros(len(strings), dtype=np.bool_)
        return (strings == np.repeat(np.arange(self.inputs.size), block)).all(axis=1)

    def near_misses(self, rng: np.random.Generator, members: Array) -> Array:
        """Return members with one or two symbols changed, often beside the end of a block.

        With probability 1/2, the last symbol of a block or the first of the next block takes the
        letter of the other block. The two are equally likely, and the border between blocks is
        uniform. The string then differs from a member in its counts alone.
        """
        edited = super().near_misses(rng, members)
        count, length = members.shape
        letters = whole_numbers(rng, self.inputs.size - 1, count)
        later = coins(rng, count)
        chosen = coins(rng, count)
        places = (letters + 1) * (length // self.inputs.size) - 1 + later
        edited[chosen] = members[chosen]
        edited[chosen, places[chosen]] = (letters + ~later)[chosen]
        return edited

    def domain_size(self, length: int) -> int | None:
        """Return 1 to predict; None to recognise."""
        return 1 if self.mode == "predict" else None

    def enumerate(self, length: int) -> Array:
        """Return the one member of a length, (1, length)."""
        if self.mode == "recognise":
            return super().enumerate(length)
        return self.members(np.random.default_rng(0), 1, length)


@dataclass(frozen=True)
class AnBn(_Blocks):
    """a^n b^n: n as, then n bs, n >= 1. A length has one member."""

    inputs = Tokens("ab")
    lengths = AllowedLengths(2, 2)
    settings = Settings(cell="lstm", hidden_size=16, length="2..40", steps=5000)
    source = _SOURCE
    meanings = modes(
        "half give a^(n+1) b^(n-1) or a^(n-1) b^(n+1), with equal chance; "
        f"of the others, {USUAL_CHANGES}"
    )


@dataclass(frozen=True)
class AnBnCn(_Blocks):
    """a^n b^n c^n: n as, then n bs, then n cs, n >= 1. A length has one member."""

    inputs = Tokens("abc")
    lengths = AllowedLengths(3, 3)
    settings = Settings(cell="lstm", hidden_size=16, length="3..60", steps=5000)
    source = _SOURCE
    meanings = modes(
        "half put the first or the second border between letters one place too early or too late, "
        f"the four with equal chance; of the others, {USUAL_CHANGES}"
    )
