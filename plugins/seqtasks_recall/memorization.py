"""The task memorization."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import IGNORE, AllowedLengths, Array, Settings, Task, Tokens, stream
from seqtasks_memory.symbols import (
    answer_type,
    check_range,
    every_string,
    id_type,
    refuse,
    set_attributes,
)
from seqtasks_recall.drawing import MAD, MAD_PROTOCOL, named

__all__ = ["Memorization"]


@dataclass(frozen=True)
class Memorization(Task):
    """Say each key's value, which is the same in every input and must be learned by heart.

    The input is keys, drawn uniformly, each followed by a mark (?); the answer at the mark is the
    key's value. Of `vocabulary_size` symbols one is the mark, half of the others are keys, the rest
    values. The values of the keys are drawn once, from `map_seed`, all different; another seed
    makes another task. The answer needs only the memory of the key just seen. Length counts the
    steps, even, from 2; the published length is 32, and the vocabulary 256 to 8192.
    """

    vocabulary_size: int = 256
    map_seed: int = 12345

    layout = "each"
    lengths = AllowedLengths(2, 2)
    settings = Settings(
        cell="gru", hidden_size=128, length="32", steps=5000, evaluation_lengths=(32, 64, 128)
    )
    source = MAD
    published = MAD_PROTOCOL

    def __post_init__(self) -> None:
        """Check the parameters and set the alphabets."""
        check_range("vocabulary_size", self.vocabulary_size, 3, 65_536)
        check_range("map_seed", self.map_seed, 0, 2**63 - 1)
        values = named("v", self.vocabulary_size - 1 - self._keys)
        symbols = (*named("k", self._keys), *values, "?")
        set_attributes(self, inputs=Tokens(symbols), targets=Tokens(values))

    @property
    def _keys(self) -> int:
        return (self.vocabulary_size - 1) // 2

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw keys uniformly, and set the marks, (batch, length)."""
        kind = id_type(self.vocabulary_size)
        return self._marked(rng.integers(self._keys, size=(batch_size, length // 2), dtype=kind))

    def encode(self, inputs: Array) -> Array:
        """Return the keys' values at the marks, IGNORE elsewhere, (batch, length)."""
        keys, marks = inputs[:, 0::2], inputs[:, 1::2]
        wrong = (keys >= self._keys) | (marks != self.vocabulary_size - 1)
        refuse(wrong.any(axis=1), inputs, "an input must be keys with a mark (?) after each")
        answers = np.full(inputs.shape, IGNORE, answer_type(self.targets.size))
        answers[:, 1::2] = self._values()[keys]
        return answers

    def domain_size(self, length: int) -> int:
        """Return keys^(length / 2)."""
        return self._keys ** (length // 2)

    def enumerate(self, length: int) -> Array:
        """Return every input of a length, (domain size, length)."""
        return self._marked(every_string(self._keys, length // 2))

    def _marked(self, keys: Array) -> Array:
        inputs = np.full((len(keys), 2 * keys.shape[1]), self.vocabulary_size - 1, keys.dtype)
        inputs[:, 0::2] = keys
        return inputs

    def _values(self) -> NDArray[np.int64]:
        """Return the value of each key: the first values after sorting all by raw draws."""
        draws = stream(self.map_seed, "memorization map").integers(2**63, size=self.targets.size)
        return np.argsort(draws, kind="stable")[: self._keys]
