"""The tasks that repeat or reorder a word: duplicate-string, missing-duplicate, odds-first."""

from dataclasses import dataclass

import numpy as np

from seqtasks.tasks import AllowedLengths, Array, Task, Tokens
from seqtasks_bits.bits import BitTask
from seqtasks_chomsky.draws import every_string, fair_bits, uniform_below
from seqtasks_chomsky.protocol import checked, protocol, refuse, shorter_protocol
from seqtasks_chomsky.published import SOURCE, published

__all__ = ["DuplicateString", "MissingDuplicate", "OddsFirst"]

TWICE = Tokens("01x-")
MISSING, PAD = 2, 3


@dataclass(frozen=True)
class DuplicateString(BitTask):
    """Say fair bits twice, over twice as many blanks."""

    layout = "after"
    source = SOURCE
    settings = shorter_protocol("1..8", evaluation_lengths=(8, 16, 40, 100))
    published = published("duplicate-string", jump="1/3")

    def encode(self, inputs: Array) -> Array:
        """Return the bits twice, (batch, 2 length)."""
        return np.concatenate([inputs, inputs], axis=1)


@dataclass(frozen=True)
class MissingDuplicate(Task):
    """Say which bit the x replaces in a word that is written twice, such as 1 of 01100x10.

    The word has half the length, rounded down, and fair bits; x is at any place of either copy with
    equal chance. If the length is odd, the pad - follows the second copy. The published code
    returns a single 1 for length 1; here that length is an error.
    """

    inputs = TWICE
    targets = Tokens("01")
    layout = "end"
    lengths = AllowedLengths(2)
    source = SOURCE
    settings = protocol("lstm", clip=0.1)
    published = published("missing-duplicate", shortest=2)

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw words written twice with a bit missing, (batch, length)."""
        half = length // 2
        words = fair_bits(rng, batch_size, half)
        pads = np.full((batch_size, length % 2), PAD, dtype=np.uint8)
        drawn = np.concatenate([words, words, pads], axis=1)
        missing = uniform_below(rng, np.full(batch_size, 2 * half))
        drawn[np.arange(batch_size), missing] = MISSING
        return drawn

    def encode(self, inputs: Array) -> Array:
        """Return the missing bits, (batch,).

        Raises:
            UsageError: for an input that is no word written twice with one x in it.
        """
        symbols = checked(TWICE, inputs)
        half = symbols.shape[1] // 2
        first, second = symbols[:, :half], symbols[:, half : 2 * half]
        differ = first != second
        larger = np.maximum(first, second).max(axis=1, initial=0)
        # With one difference and no pad, x occurs once, and a bit stands opposite it.
        wrong = (differ.sum(axis=1) != 1) | (larger != MISSING)
        wrong |= (symbols[:, 2 * half :] != PAD).any(axis=1)
        refuse(TWICE, inputs, wrong, "a word of 0 and 1 written twice with one x in it")
        rows, places = np.arange(len(symbols)), differ.argmax(axis=1)
        return np.minimum(first[rows, places], second[rows, places])

    def domain_size(self, length: int) -> int:
        """Return the number of words, times the number of places of the x."""
        half = length // 2
        return 2 * half * 2**half

    def enumerate(self, length: int) -> Array:
        """Return every word with the x at every place, (domain size, length)."""
        half = length // 2
        words = np.tile(every_string((2,) * half), 2)
        found = np.full((len(words), 2 * half, length), PAD, dtype=np.uint8)
        found[:, :, : 2 * half] = words[:, None]
        places = np.arange(2 * half)
        found[:, places, places] = MISSING
        return found.reshape(-1, length)


@dataclass(frozen=True)
class OddsFirst(BitTask):
    """Say the fair bits at odd places, counted from 0, and then the bits at even places.

    The published generator does this; the text beside it counts places from 1 and so says the
    reverse.
    """

    layout = "after"
    source = SOURCE
    settings = shorter_protocol("1..10", evaluation_lengths=(10, 20, 40, 100))
    published = published("odds-first", jump="1/2")

    def encode(self, inputs: Array) -> Array:
        """Return the bits at odd places, then the others, (batch, length)."""
        return np.concatenate([inputs[:, 1::2], inputs[:, ::2]], axis=1)
