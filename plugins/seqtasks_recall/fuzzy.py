"""The task fuzzy-recall: keys and values that are several symbols long."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import IGNORE, AllowedLengths, Array, Settings, Task, Tokens
from seqtasks_memory.symbols import (
    answer_type,
    check_range,
    id_type,
    portions,
    refuse,
    set_attributes,
)
from seqtasks_recall.drawing import MAD, MAD_PROTOCOL, first_places, named
from seqtasks_recall.motifs import Motifs

__all__ = ["FuzzyRecall"]

_RULE = "an input must be pads, pairs of a key and its value, and one pair again but its end"


class _Pairs(NamedTuple):
    """The pairs of some inputs, row by row, as arrays (pairs,).

    Attributes:
        row: the row of the input.
        starts: the place in the input where the key starts.
        key_ends: the place after the key, where the value starts.
        keys: the key's code.
        key_sizes: the number of symbols of that code.
        values: the value's code, 0 where there is no symbol.
        value_sizes: the number of symbols of that code.
    """

    row: NDArray[np.int64]
    starts: NDArray[np.int64]
    key_ends: NDArray[np.int64]
    keys: Array
    key_sizes: NDArray[np.uint8]
    values: Array
    value_sizes: NDArray[np.uint8]


@dataclass(frozen=True)
class FuzzyRecall(Task):
    """Say, after each key that was seen before, its value; both are several symbols long.

    Of `vocabulary_size` symbols the last is a pad (-), half of the others are for keys, the rest
    for values. A key is 1 to `key_motif_size` different symbols in some order, a value 1 to
    `value_motif_size`; all sizes are equally likely, and so are all choices of a size. In each
    input every key has its own value; another input has other values. The input is pads, then as
    many pairs of a key and its value as there is room for, and then one of these pairs again, drawn
    uniformly, without its last symbol. The answer is the next symbol, from the last symbol of a key
    seen before to the last but one of its value; nothing else is scored.

    Length counts the steps, from 2 * (key_motif_size + value_motif_size) - 1. The published length
    is 128 to 1024 and the vocabulary 16 to 128. Published training scores every step's next symbol,
    and tests have only keys of the full size, as with `vary_keys=false`. The published code may ask
    for a key that it has not shown; here that does not happen.
    """

    vocabulary_size: int = 16
    key_motif_size: int = 3
    value_motif_size: int = 3
    vary_keys: bool = True

    layout = "each"
    settings = Settings(
        cell="gru",
        layers=2,
        hidden_size=128,
        length="11..12",
        batch_size=128,
        steps=20_000,
        learning_rate=0.002,
    )
    source = MAD
    published = MAD_PROTOCOL

    def __post_init__(self) -> None:
        """Check the parameters and set the attributes that depend on them."""
        check_range("key_motif_size", self.key_motif_size, 1, 5)
        check_range("value_motif_size", self.value_motif_size, 1, 5)
        least = 1 + 2 * max(self.key_motif_size, self.value_motif_size)
        check_range("vocabulary_size", self.vocabulary_size, least, 1000)
        values = named("v", self.vocabulary_size - 1 - self._keys)
        shortest = 2 * self._longest - 1
        set_attributes(
            self,
            inputs=Tokens((*named("k", self._keys), *values, "-")),
            targets=Tokens(values),
            lengths=AllowedLengths(shortest),
            settings=replace(self.settings, length=f"{shortest}..{shortest + 1}"),
        )

    @property
    def _keys(self) -> int:
        return (self.vocabulary_size - 1) // 2

    @property
    def _pad(self) -> int:
        return self.vocabulary_size - 1

    @property
    def _key_motifs(self) -> Motifs:
        least = 1 if self.vary_keys else self.key_motif_size
        return Motifs(0, self._keys, least, self.key_motif_size)

    @property
    def _value_motifs(self) -> Motifs:
        return Motifs(self._keys, self._pad - self._keys, 1, self.value_motif_size)

    @property
    def _longest(self) -> int:
        return self.key_motif_size + self.value_motif_size

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw pairs, as many as leave room to repeat one, (batch, length)."""
        inputs = np.empty((batch_size, length), id_type(self.vocabulary_size))
        for part in _parts(batch_size, length):
            self._fill(rng, inputs[part])
        return inputs

    def encode(self, inputs: Array) -> Array:
        """Return the value symbols of keys seen before, IGNORE elsewhere, (batch, length)."""
        answers = np.full(inputs.shape, IGNORE, answer_type(self._pad - self._keys))
        for part in _parts(*inputs.shape):
            self._answer(inputs[part], answers[part])
        return answers

    def _fill(self, rng: np.random.Generator, inputs: Array) -> None:
        """Write drawn instances into inputs, (rows, length)."""
        rows, length = inputs.shape
        room = length + 1 - self._longest
        keys, values = self._key_motifs, self._value_motifs
        key_codes, value_codes, ends = self._pairs(rng, rows, room)
        pairs = ends.shape[1]
        used = ends <= room
        count = np.ascontiguousarray(used.T).sum(axis=0)  # faster than along short rows
        starts = np.arange(0, rows * pairs, pairs)
        asked = starts + rng.integers(count)
        # The pair to recall comes last, without its last symbol.
        last_key, last_value = key_codes.take(asked), value_codes.take(asked)
        last_value = values.shortened(last_value)
        filled = ends.take(starts + count - 1) + keys.sizes(last_key) + values.sizes(last_value)
        # Candidates for each row's places: more pads than it can have, then all pairs, each with
        # the most symbols that it might have. The row keeps as many candidates as it is long.
        pads = 2 * self._longest
        written = np.full((rows, pads + (pairs + 1) * self._longest), self._pad, inputs.dtype)
        body = written[:, pads:].reshape(rows, pairs + 1, self._longest)
        place = 0
        for motifs, codes, last in ((keys, key_codes, last_key), (values, value_codes, last_value)):
            shown = np.empty((rows, pairs + 1), codes.dtype)
            np.multiply(codes, used, out=shown[:, :-1])
            shown[:, -1] = last
            motifs.write(shown, body[:, :, place : place + motifs.most])
            place += motifs.most
        nothing = np.repeat([keys.nothing, values.nothing], [keys.most, values.most])
        nothing = np.append(np.zeros(pads, np.int64), np.tile(nothing, pairs + 1))
        kept = written != nothing.astype(inputs.dtype)
        first_pads = np.arange(pads) < np.arange(pads + 1)[:, None]
        kept[:, :pads] = first_pads.take(length - filled, axis=0)
        inputs[...] = written.ravel().take(np.flatnonzero(kept)).reshape(rows, length)

    def _pairs(
        self, rng: np.random.Generator, rows: int, room: int
    ) -> tuple[Array, Array, NDArray[np.int32]]:
        """Draw pairs, at least as many as have room.

        Returns:
            the codes of keys, the codes of values, and the number of symbols up to the end of each
            pair; arrays (rows, pairs).
        """
        keys, values = self._key_motifs, self._value_motifs
        most = room // (keys.least + values.least)
        # Enough that a row seldom needs more: the mean and five deviations.
        mean = keys.mean_size + values.mean_size
        deviation = math.sqrt((keys.size_variance + values.size_variance) * room / mean**3)
        pairs = min(most, math.ceil(room / mean + 5 * deviation))
        drawn = [side.draw(rng, (rows, pairs)) for side in (keys, values)]
        while True:
            # Each key takes the value that was drawn for its first place.
            first = first_places(drawn[0], keys.code_bound)
            first += np.arange(0, first.size, pairs)[:, None]
            told = drawn[1].take(first)
            sizes = keys.sizes(drawn[0]) + values.sizes(told)
            ends = np.cumsum(sizes.astype(np.int32), axis=1, dtype=np.int32)
            if pairs == most or (ends[:, -1] > room).all():
                return drawn[0], told, ends
            more = min(pairs, most - pairs)
            pairs += more
            drawn = [
                np.concatenate([before, side.draw(rng, (rows, more))], axis=1)
                for before, side in zip(drawn, (keys, values), strict=True)
            ]

    def _answer(self, inputs: Array, answers: Array) -> None:
        """Write the value symbols of keys seen before into answers, (rows, length)."""
        pairs = self._read(inputs)
        first = self._first(pairs, len(inputs))
        self._check(inputs, pairs, first)
        again = np.flatnonzero(first < np.arange(len(first)))
        first = first.take(again)
        sizes, told = pairs.value_sizes.take(first), pairs.values.take(first)
        # The answers start where the key ends, one place before the value starts.
        places = pairs.row.take(again) * inputs.shape[1] + pairs.key_ends.take(again) - 1
        flat = answers.ravel()
        for step in range(self.value_motif_size):
            here = np.flatnonzero(sizes > step)
            digits = self._value_motifs.digits(told.take(here), step)
            flat[places.take(here) + step] = digits - digits.dtype.type(1)

    def _read(self, inputs: Array) -> _Pairs:
        """Return the pairs of inputs, (rows, length)."""
        rows, width = len(inputs), inputs.shape[1] + 1
        # One line of all rows, with a pad before each, and pads at the end.
        line = np.full(rows * width + self._longest, self._pad, id_type(self.vocabulary_size))
        line[: rows * width].reshape(rows, width)[:, 1:] = inputs
        is_key = line < self._keys
        changes = np.zeros(line.shape, np.bool_)
        np.not_equal(is_key[1:], is_key[:-1], out=changes[1:])
        borders = np.flatnonzero(changes)
        starts, ends = borders[0::2], borders[1::2]  # of keys; a value starts where its key ends
        row = (starts.astype(np.uint32) // np.uint32(width)).astype(np.int64)
        keys, key_sizes = self._key_motifs.codes_at(line, starts)
        values, value_sizes = self._value_motifs.codes_at(line, ends)
        before = row * width + 1  # where the row starts in the line
        return _Pairs(row, starts - before, ends - before, keys, key_sizes, values, value_sizes)

    def _first(self, pairs: _Pairs, rows: int) -> NDArray[np.intp]:
        """Return which of the pairs of a row is the first with the same key, (pairs,)."""
        bound = self._key_motifs.code_bound
        return first_places((pairs.row * bound + pairs.keys.astype(np.int64))[None], rows * bound)[
            0
        ]

    def _check(self, inputs: Array, pairs: _Pairs, first: NDArray[np.intp]) -> None:
        """Raise a UsageError if an input, (rows, length), does not belong to the task."""
        rows, length = inputs.shape
        told = pairs.values.take(first)
        known = first < np.arange(len(first))
        right = ~known | (pairs.values == told)
        ends_row = np.ones(len(first), np.bool_)
        np.not_equal(pairs.row[1:], pairs.row[:-1], out=ends_row[:-1])
        last = np.flatnonzero(ends_row)
        # Each pair ends where the next one starts; a row's last pair ends one symbol early.
        following = np.append(pairs.starts, 0)[1:]
        following[last] = length
        right[last] = known[last] & (pairs.values[last] == self._value_motifs.shortened(told[last]))
        right &= pairs.starts + pairs.key_sizes == pairs.key_ends
        right &= pairs.key_ends + pairs.value_sizes == following
        # Everything before a row's first pair is pads, and there are no others.
        before = pairs.starts[np.append(0, last + 1)[: len(last)]]
        pads = np.count_nonzero(inputs == self._pad)
        if not (right.all() and len(last) == rows and before.sum() == pads):
            wrong = np.ones(rows, np.bool_)
            found = pairs.row[last]
            wrong[found] = (inputs[found] == self._pad).sum(axis=1) != before
            wrong[pairs.row[~right]] = True
            refuse(wrong, inputs, _RULE)


def _parts(rows: int, length: int) -> Iterator[slice]:
    """Yield rows in portions twice as large as elsewhere: a row has few pairs for its length."""
    return portions(rows, (length + 1) // 2)
