"""The task fuzzy-recall: keys and values that are several symbols long."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.alphabet import IGNORE
from seqtasks.lengths import AllowedLengths
from seqtasks.settings import Settings
from seqtasks.tasks import Array, Task, Tokens
from seqtasks_memory.symbols import (
    answer_type,
    check_range,
    id_type,
    portions,
    refuse,
    set_attributes,
)
from seqtasks_recall.drawing import MAD, distinct, first_places, named

__all__ = ["FuzzyRecall"]


@dataclass(frozen=True)
class FuzzyRecall(Task):
    """Say, after each key that has been seen before, its value; both are several symbols long.

    Of `vocabulary_size` symbols the last is a pad (-), half of the others are for keys, the rest
    for values. A key is 1 to `key_motif_size` different symbols in some order, a value 1 to
    `value_motif_size`; each size is as likely, and each choice of a size. In each input every key
    has a value of its own; another input has others. The input is pads, pairs of a key and its
    value, as many as leave room, and one of these pairs again, any as likely, but for its last
    symbol. The answer is the next symbol, from the last of a key seen before to the last but one of
    its value; nothing else is scored.

    Length counts the steps, from 2 * (key_motif_size + value_motif_size) - 1. As published it is
    128 to 1024 and the vocabulary 16 to 128; training scores every step's next symbol, and tests
    have keys of the full size alone, which is `vary_keys=false`. The published code can ask for a
    key that it has not shown; here that does not happen.
    """

    vocabulary_size: int = 16
    key_motif_size: int = 3
    value_motif_size: int = 3
    vary_keys: bool = True

    layout = "each"
    settings = Settings(
        cell="delta-net",
        layers=2,
        hidden_size=32,
        length="11..32",
        batch_size=32,
        steps=20_000,
        learning_rate=0.01,
        evaluation_lengths=(16, 32, 64, 128),
    )
    source = MAD

    def __post_init__(self) -> None:
        """Check the parameters and set what follows from them."""
        check_range("key_motif_size", self.key_motif_size, 1, 5)
        check_range("value_motif_size", self.value_motif_size, 1, 5)
        least = 1 + 2 * max(self.key_motif_size, self.value_motif_size)
        check_range("vocabulary_size", self.vocabulary_size, least, 1000)
        values = named("v", self.vocabulary_size - 1 - self._keys)
        set_attributes(
            self,
            inputs=Tokens((*named("k", self._keys), *values, "-")),
            targets=Tokens(values),
            lengths=AllowedLengths(2 * self._longest - 1),
        )

    @property
    def _keys(self) -> int:
        return (self.vocabulary_size - 1) // 2

    @property
    def _pad(self) -> int:
        return self.vocabulary_size - 1

    @property
    def _codes(self) -> int:
        return (self._keys + 1) ** self.key_motif_size

    @property
    def _longest(self) -> int:
        return self.key_motif_size + self.value_motif_size

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw pairs, as many as leave room for one of them again, (batch, length)."""
        inputs = np.full((batch_size, length), self._pad, id_type(self.vocabulary_size))
        for part in portions(batch_size, 4 * length):
            self._fill(rng, inputs[part])
        return inputs

    def encode(self, inputs: Array) -> Array:
        """Return the symbols of values of keys seen before, IGNORE elsewhere, (batch, length)."""
        answers = np.full(inputs.shape, IGNORE, answer_type(self._pad - self._keys))
        for part in portions(len(inputs), 4 * inputs.shape[1]):
            self._answer(inputs[part], answers[part])
        return answers

    def _fill(self, rng: np.random.Generator, inputs: Array) -> None:
        """Write drawn instances into inputs, (rows, length), that are pads so far."""
        rows, length = inputs.shape
        room = length + 1 - self._longest
        shape = (rows, room // 2)  # as many pairs as there can be, of one symbol a side
        keys, key_sizes, values, value_sizes = self._pairs(rng, shape)
        ends = np.cumsum(key_sizes + value_sizes, axis=1, dtype=np.int64)
        count = (ends <= room).sum(axis=1)
        every_row, asked = np.arange(rows), rng.integers(count)
        # The pair asked about comes last, without its last symbol; those past the count are cut.
        written = np.empty((rows, shape[1] + 1, self._longest), inputs.dtype)
        kept = np.empty(written.shape, np.bool_)
        used = np.arange(shape[1]) < count[:, None]
        for place, symbols in enumerate((*keys, *values)):
            sizes = key_sizes if place < len(keys) else value_sizes
            step = place if place < len(keys) else place - len(keys)
            written[:, :-1, place] = symbols
            written[:, -1, place] = symbols[every_row, asked]
            kept[:, :-1, place] = used & (step < sizes)
            missing = place >= len(keys)
            kept[:, -1, place] = step + missing < sizes[every_row, asked]
        # Row by row, what is kept of all pairs fills the places after the pads.
        filled = kept.sum(axis=(1, 2))
        inputs[np.arange(length) >= length - filled[:, None]] = written[kept]

    def _pairs(
        self, rng: np.random.Generator, shape: tuple[int, int]
    ) -> tuple[list[Array], Array, list[Array], Array]:
        """Draw the symbols and sizes of keys and of values, arrays of a shape (rows, pairs)."""
        least = 1 if self.vary_keys else self.key_motif_size
        key_sizes = rng.integers(least, self.key_motif_size + 1, size=shape, dtype=np.uint8)
        value_sizes = rng.integers(1, self.value_motif_size + 1, size=shape, dtype=np.uint8)
        keys = distinct(rng, self._keys, shape, self.key_motif_size)
        values = distinct(rng, self._pad - self._keys, shape, self.value_motif_size)
        codes = np.zeros(shape, np.int64)
        for step, symbols in enumerate(keys):
            digit = (self._keys + 1) ** step
            codes += np.where(step < key_sizes, (symbols + np.int64(1)) * digit, 0)
        # Each key has the value that was drawn for its first place.
        first = first_places(codes, self._codes)
        row = np.arange(shape[0])[:, None]
        values = [symbols[row, first] + self._keys for symbols in values]
        return keys, key_sizes, values, value_sizes[row, first]

    def _answer(self, inputs: Array, answers: Array) -> None:
        """Write the symbols of values of keys seen before into answers, (rows, length)."""
        length = inputs.shape[1]
        places = np.arange(length)
        is_key = inputs < self._keys
        is_value = (inputs >= self._keys) & (inputs < self._pad)
        is_pad = inputs == self._pad
        ends_key = is_key.copy()
        ends_key[:, :-1] &= ~is_key[:, 1:]
        codes = self._codes_at(inputs, is_key, ends_key)
        # How far back each step's key, the last to end so far, has its first place: 0 if it is new.
        back = np.where(ends_key, places - first_places(codes, self._codes), 0)
        back = np.maximum.accumulate(np.where(ends_key, places * length + back, 0), axis=1) % length
        answering = (back > 0) & (is_value | ends_key)
        row = np.arange(len(inputs))[:, None]
        following = inputs[row, np.minimum(places - back + 1, length - 1)]
        continues = answering & (following >= self._keys) & (following < self._pad)
        # A value ends where it first did, but for the last, whose last symbol is the answer.
        same = (following[:, :-1] == inputs[:, 1:]) | ~(continues[:, :-1] | is_value[:, 1:])
        right = (same | ~answering[:, :-1]).all(axis=1) & continues[:, -1]
        beyond = np.minimum(length + 1 - back[:, -1], length - 1)
        right &= ~is_value[np.arange(len(inputs)), beyond]
        right &= ~(is_pad[:, 1:] & ~is_pad[:, :-1]).any(axis=1)
        right &= ~(is_value[:, 1:] & is_pad[:, :-1]).any(axis=1) & ~is_value[:, 0]
        right &= ~_runs_on(is_key, self.key_motif_size) & ~_runs_on(is_value, self.value_motif_size)
        rule = "an input must be pads, pairs of a key and its value, and one pair again but its end"
        refuse(~right, inputs, rule)
        np.copyto(answers, following - self._keys, where=continues, casting="unsafe")

    def _codes_at(self, inputs: Array, is_key: Array, ends_key: Array) -> NDArray[np.int64]:
        """Return a number for each key at its end, the same for the same key; 0 elsewhere."""
        codes, run = np.zeros(inputs.shape, np.int64), ends_key
        for step in range(self.key_motif_size):
            digits = inputs[:, : inputs.shape[1] - step] + np.int64(1)
            codes[:, step:] += run * digits * (self._keys + 1) ** step
            run = run[:, 1:] & is_key[:, : run.shape[1] - 1]
        return codes


def _runs_on(inside: Array, most: int) -> NDArray[np.bool_]:
    """Say in which rows more than `most` neighbours are inside, (rows,)."""
    run = inside
    for _ in range(most):
        run = run[:, 1:] & inside[:, : run.shape[1] - 1]
    return np.asarray(run.any(axis=1))
