"""Recall of pairs as they come: in-context-recall and noisy-recall."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqtasks.tasks import IGNORE, AllowedLengths, Array, Settings, Task, Tokens, UsageError
from seqtasks_memory.symbols import (
    answer_type,
    check_range,
    id_type,
    portions,
    refuse,
    set_attributes,
)
from seqtasks_recall.drawing import MAD, MAD_PROTOCOL, named

__all__ = ["InContextRecall", "NoisyRecall"]


class _Kinds(NamedTuple):
    """The numbers of keys, values and noise symbols; their ids come in that order."""

    keys: int
    values: int
    noise: int

    @classmethod
    def of(cls, vocabulary_size: int, noise: int) -> "_Kinds":
        """Split the symbols without noise into halves; the values' half is not the smaller."""
        keys = (vocabulary_size - noise) // 2
        return cls(keys, vocabulary_size - noise - keys, noise)

    def set_alphabets(self, task: Task) -> None:
        """Set a task's alphabets."""
        values = named("v", self.values)
        symbols = (*named("k", self.keys), *values, *named("n", self.noise))
        set_attributes(task, inputs=Tokens(symbols), targets=Tokens(values))


@dataclass(frozen=True)
class InContextRecall(Task):
    """Say, at each key that was seen before in the input, its value.

    Of `vocabulary_size` symbols half are keys, the others values. In each input every key has a
    value, drawn uniformly; another input has other values. The input is pairs of a key, drawn
    uniformly, and its value; at its end a key stands alone, drawn uniformly from the keys seen. The
    answer at a key seen before is its value; a key's first place and the values are not scored.
    Length counts the steps, odd, from 3. The published length, 128 to 1024, counts whole pairs and
    is one more. The published vocabulary is 16 to 128 symbols, and training scores every step's
    next symbol.
    """

    vocabulary_size: int = 16

    layout = "each"
    lengths = AllowedLengths(3, 2)
    # A first layer can bring the key and its value together, and a second can store the pair.
    settings = Settings(
        cell="delta-net",
        layers=2,
        hidden_size=32,
        length="3..31",
        batch_size=32,
        steps=20_000,
        learning_rate=0.01,
        evaluation_lengths=(31, 63, 127),
    )
    source = MAD
    published = MAD_PROTOCOL

    def __post_init__(self) -> None:
        """Check the parameter and set the alphabets."""
        check_range("vocabulary_size", self.vocabulary_size, 2, 1000)
        self._kinds.set_alphabets(self)

    @property
    def _kinds(self) -> _Kinds:
        return _Kinds.of(self.vocabulary_size, 0)

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw pairs and a last key, (batch, length)."""
        return _generate(rng, batch_size, length, self._kinds, 0.0)

    def encode(self, inputs: Array) -> Array:
        """Return the values of keys seen before, IGNORE elsewhere, (batch, length)."""
        return _encode(inputs, self._kinds)


@dataclass(frozen=True)
class NoisyRecall(Task):
    """Say, at each key that was seen before in the input, its value; pass over noise.

    This is in-context-recall in which two uniformly drawn noise symbols replace a pair with
    probability `frac_noise`; but at least one pair, uniformly placed, always remains. Of
    `vocabulary_size` symbols `noise_vocabulary_size` are noise, half of the others keys, the rest
    values. Length counts the steps, odd, from 3: the published length is one more, 128 to 1024. The
    published noise is 0.2 to 0.8 and the vocabulary 32 to 144, including 16 noise symbols.
    """

    vocabulary_size: int = 32
    noise_vocabulary_size: int = 16
    frac_noise: float = 0.2

    layout = "each"
    lengths = AllowedLengths(3, 2)
    settings = InContextRecall.settings
    source = MAD
    published = MAD_PROTOCOL

    def __post_init__(self) -> None:
        """Check the parameters and set the alphabets."""
        check_range("noise_vocabulary_size", self.noise_vocabulary_size, 1, 1000)
        least = self.noise_vocabulary_size + 2
        check_range("vocabulary_size", self.vocabulary_size, least, 2000)
        if not 0 <= self.frac_noise <= 1:
            raise UsageError(f"frac_noise must be a share, 0 to 1, got {self.frac_noise!r}")
        self._kinds.set_alphabets(self)

    @property
    def _kinds(self) -> _Kinds:
        return _Kinds.of(self.vocabulary_size, self.noise_vocabulary_size)

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw pairs, noise and a last key, (batch, length)."""
        return _generate(rng, batch_size, length, self._kinds, self.frac_noise)

    def encode(self, inputs: Array) -> Array:
        """Return the values of keys seen before, IGNORE elsewhere, (batch, length)."""
        return _encode(inputs, self._kinds)


def _generate(
    rng: np.random.Generator, rows: int, length: int, kinds: _Kinds, frac_noise: float
) -> Array:
    """Draw inputs of pairs, some replaced by noise, and of a last key, (rows, length)."""
    inputs = np.empty((rows, length), id_type(sum(kinds)))
    for part in portions(rows, length):
        _fill(rng, inputs[part], kinds, frac_noise)
    return inputs


def _fill(rng: np.random.Generator, inputs: Array, kinds: _Kinds, frac_noise: float) -> None:
    """Write drawn instances into inputs, (rows, length)."""
    rows, pairs = len(inputs), inputs.shape[1] // 2
    keys = rng.integers(kinds.keys, size=(rows, pairs), dtype=inputs.dtype)
    table = rng.integers(kinds.values, size=(rows, kinds.keys), dtype=inputs.dtype)
    table += kinds.keys
    values = table.ravel().take(keys + np.arange(0, table.size, kinds.keys)[:, None])
    seen = np.zeros((rows, kinds.keys + 1), dtype=np.bool_)
    slots = np.arange(0, seen.size, kinds.keys + 1)[:, None]
    if kinds.noise:
        noisy = rng.random((rows, pairs), dtype=np.float32) < frac_noise
        noisy[np.arange(rows), rng.integers(pairs, size=rows)] = False
        places = np.flatnonzero(noisy)
        told = keys + noisy * (inputs.dtype.type(kinds.keys) - keys)  # noise has no key
        for side in (keys, values):
            noise = rng.integers(kinds.noise, size=len(places), dtype=inputs.dtype)
            noise += kinds.keys + kinds.values
            side.ravel()[places] = noise
        seen.ravel()[told + slots] = True
    else:
        seen.ravel()[keys + slots] = True
    inputs[:, :-1:2] = keys
    inputs[:, 1::2] = values
    counts = np.cumsum(seen[:, :-1], axis=1, dtype=np.int64)
    chosen = rng.integers(counts[:, -1])
    inputs[:, -1] = (counts > chosen[:, None]).argmax(axis=1)


def _encode(inputs: Array, kinds: _Kinds) -> Array:
    """Return the value at each key seen before, IGNORE elsewhere, (rows, length)."""
    answers = np.full(inputs.shape, IGNORE, answer_type(kinds.values))
    for part in portions(*inputs.shape):
        _answer(inputs[part], kinds, answers[part])
    return answers


def _answer(inputs: Array, kinds: _Kinds, answers: Array) -> None:
    """Write the value at each key seen before into answers, (rows, length)."""
    rows, pairs = len(inputs), inputs.shape[1] // 2
    noise_from = kinds.keys + kinds.values
    keys = np.ascontiguousarray(inputs[:, ::2])
    values = np.ascontiguousarray(inputs[:, 1::2])
    is_key = keys < kinds.keys
    is_value = (values >= kinds.keys) & (values < noise_from)
    is_noise = (keys[:, :-1] >= noise_from) & (values >= noise_from)
    is_pair = is_key[:, :-1] & is_value
    # One number holds the pair's number and its value, so the least number of a key belongs to its
    # first pair. Where there is no pair, the number is the largest, as for a key that never occurs.
    bits = int(kinds.values - 1).bit_length()
    kind = np.min_scalar_type(((pairs + 1) << bits) - 1)
    nothing = np.iinfo(kind).max
    starts = (np.arange(pairs + 1) << bits).astype(kind)
    told = (values.astype(kind) - kind.type(kinds.keys)) & kind.type((1 << bits) - 1)
    numbered = (told | starts[:-1]) | (kind.type(0) - ~is_pair)
    first = np.full(rows * (kinds.keys + 1), nothing, kind)
    slots = np.minimum(keys, kinds.keys) + np.arange(0, first.size, kinds.keys + 1)[:, None]
    np.minimum.at(first, slots[:, :-1].ravel(), numbered.ravel())
    found = first.take(slots)
    known = found < starts
    found &= kind.type((1 << bits) - 1)
    right = is_pair | is_noise
    if not (right.all() and known[:, -1].all()):
        kind_of_pairs = "pairs of a key and a value" + (", or of noise," if kinds.noise else "")
        wrong = ~right.all(axis=1) | ~known[:, -1]
        refuse(wrong, inputs, f"an input must be {kind_of_pairs} and a key seen before")
    changed = known[:, :-1] & (found[:, :-1] != told)
    if changed.any():
        refuse(changed.any(axis=1), inputs, "a key must have the same value each time")
    np.copyto(answers[:, ::2], found, where=known, casting="unsafe")
