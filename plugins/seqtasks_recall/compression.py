"""The task compression."""

from dataclasses import dataclass

import numpy as np

from seqtasks.tasks import AllowedLengths, Array, Settings, Task, Tokens
from seqtasks_memory.symbols import (
    check_range,
    every_string,
    id_type,
    numerals,
    refuse,
    set_attributes,
)
from seqtasks_recall.drawing import MAD, MAD_PROTOCOL

__all__ = ["Compression"]


@dataclass(frozen=True)
class Compression(Task):
    """Say a whole string again from the one state at its end.

    The input is a string of n - 1 symbols, drawn uniformly, and a mark (;): compress what came.
    The mark is the last of `vocabulary_size` symbols. The answer is the whole input, including the
    mark, over n blanks, so the whole string must fit into the state after the mark. In the paper a
    small feed-forward decoder reads the string off that state, given each place; here the cell
    itself continues from there. Length counts the steps of the input, n, from 2; the published
    length is 32 to 256, and the vocabulary 16 to 128.
    """

    vocabulary_size: int = 16

    layout = "after"
    lengths = AllowedLengths(2)
    settings = Settings(
        cell="gru",
        hidden_size=128,
        length="2..6",
        steps=10_000,
        learning_rate=0.002,
        evaluation_lengths=(4, 6, 16, 32),
    )
    source = MAD
    published = MAD_PROTOCOL

    def __post_init__(self) -> None:
        """Check the parameter and set the alphabets."""
        check_range("vocabulary_size", self.vocabulary_size, 3, 1000)
        symbols = Tokens((*numerals(self.vocabulary_size - 1), ";"))
        set_attributes(self, inputs=symbols, targets=symbols)

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw strings uniformly and end them, (batch, length)."""
        mark = self.vocabulary_size - 1
        inputs = rng.integers(mark, size=(batch_size, length), dtype=id_type(mark + 1))
        inputs[:, -1] = mark
        return inputs

    def encode(self, inputs: Array) -> Array:
        """Return the inputs, (batch, length)."""
        mark = self.vocabulary_size - 1
        wrong = (inputs[:, :-1] == mark).any(axis=1) | (inputs[:, -1] != mark)
        refuse(wrong, inputs, "an input must be a string and one mark (;) after it")
        return inputs

    def domain_size(self, length: int) -> int:
        """Return (vocabulary_size - 1)^(length - 1)."""
        return (self.vocabulary_size - 1) ** (length - 1)

    def enumerate(self, length: int) -> Array:
        """Return every input of a length, (domain size, length)."""
        mark = self.vocabulary_size - 1
        return np.pad(every_string(mark, length - 1), ((0, 0), (0, 1)), constant_values=mark)
