"""The task mqar: multi-query associative recall."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import (
    IGNORE,
    AllowedLengths,
    Array,
    PublishedProtocol,
    Settings,
    Task,
    Tokens,
    UsageError,
)
from seqtasks_memory.symbols import answer_type, check_range, id_type, refuse, set_attributes
from seqtasks_recall.drawing import distinct, insert, named

__all__ = ["MultiQueryAssociativeRecall"]

_TABLE = 2**20
"""The most entries of the table for looking up answers: it fits in a processor's cache."""


@dataclass(frozen=True)
class MultiQueryAssociativeRecall(Task):
    """Say the values of keys that are queried after all pairs of key and value.

    The input is `pairs` pairs of a key and its value, then each of the keys once more, among filler
    (-). At each of these queries the answer is the key's value; nothing else is scored. The first
    of `vocabulary_size` symbols is the filler, the others up to the half are keys, the rest values.
    Keys differ from one another, and so do values; all choices are equally likely.

    After the pairs, a query can stand at every second step. The keys choose such places in their
    order, none twice, each by a power law: the g-th free place has a weight of g^(power_a - 1), so
    that `power_a=1` is uniform and the published 0.01 asks soon. With `random_filler`, every filler
    is any symbol of the vocabulary instead. A filler that equals a key of the input cannot be told
    from a query and is scored as one; the published code does not score it. By default that code
    fills at random (`random_non_queries=True`), but the settings of the paper's figure 2 turn this
    off; here the filler is its own symbol by default.

    Length counts the steps, even, from 4 * pairs. The paper has a vocabulary of 8192 and, at
    lengths of 64, 128, 256 and 512, 4, 8, 16 and 64 pairs.
    """

    vocabulary_size: int = 64
    pairs: int = 4
    power_a: float = 0.01
    random_filler: bool = False

    layout = "each"
    settings = Settings(
        cell="delta-net",
        layers=2,
        hidden_size=32,
        length="16",
        batch_size=32,
        steps=12_000,
        learning_rate=0.01,
        evaluation_lengths=(16, 32, 64),
    )
    source = (
        "Arora et al. 2023, Zoology: measuring and improving recall in efficient language models, "
        "and its code, HazyResearch/zoology"
    )
    published = PublishedProtocol(
        source=source,
        missing=(
            (
                "Its networks are two layers of a mixer with normalisation and dropout, of width "
                "64 to 512; these are no cells."
            ),
            (
                "Its training can be set: --training-inputs 100000 --batch-size 512 at four rates "
                "from 0.0001 to 0.01, with a weight decay of 0.1."
            ),
        ),
    )

    def __post_init__(self) -> None:
        """Check the parameters and set the attributes that depend on them."""
        check_range("vocabulary_size", self.vocabulary_size, 4, 65_536)
        check_range("pairs", self.pairs, 1, self._half - 1)
        if not 0 < self.power_a <= 10:
            raise UsageError(f"power_a must be above 0 and at most 10, got {self.power_a!r}")
        keys = named("k", self._half - 1, first=1)
        values = named("v", self.vocabulary_size - self._half)
        set_attributes(
            self,
            inputs=Tokens(("-", *keys, *values)),
            targets=Tokens(values),
            lengths=AllowedLengths(4 * self.pairs, 2),
        )

    @property
    def _half(self) -> int:
        return self.vocabulary_size // 2

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw pairs, and places for the queries, (batch, length)."""
        kind = id_type(self.vocabulary_size)
        shape, rows = (batch_size, length), (batch_size,)
        if self.random_filler:
            inputs = rng.integers(self.vocabulary_size, size=shape, dtype=kind)
        else:
            inputs = np.zeros(shape, kind)
        keys = distinct(rng, self._half - 1, rows, self.pairs)
        values = distinct(rng, self.vocabulary_size - self._half, rows, self.pairs)
        gaps = self._gaps(rng, batch_size, length // 2 - self.pairs)
        every_row = np.arange(batch_size)
        for turn in range(self.pairs):
            key = keys[turn] + 1
            inputs[:, 2 * turn] = key
            inputs[:, 2 * turn + 1] = values[turn].astype(kind) + self._half
            inputs[every_row, 2 * (self.pairs + gaps[turn])] = key
        return inputs

    def encode(self, inputs: Array) -> Array:
        """Return the requested values, IGNORE elsewhere, (batch, length)."""
        first = 2 * self.pairs
        keys, values = inputs[:, 0:first:2], inputs[:, 1:first:2]
        wrong = (keys < 1) | (keys >= self._half) | (values < self._half)
        ascending = np.sort(keys, axis=1)
        twice = ascending[:, 1:] == ascending[:, :-1]
        rule = f"an input must begin with {self.pairs} pairs of a key and a value, no key twice"
        refuse(wrong.any(axis=1) | twice.any(axis=1), inputs, rule)
        answers = np.full(inputs.shape, IGNORE, answer_type(self.vocabulary_size - self._half))
        known = (values - self._half).astype(answers.dtype)
        rows = max(1, _TABLE // self.vocabulary_size)
        table = np.full((min(rows, len(inputs)), self.vocabulary_size), IGNORE, answers.dtype)
        for start in range(0, len(inputs), rows):
            part = slice(start, start + rows)
            line = np.arange(len(inputs[part]))[:, None]
            table[line, keys[part]] = known[part]
            answers[part, first:] = table[line, inputs[part, first:]]
            table[line, keys[part]] = IGNORE
        return answers

    def _gaps(self, rng: np.random.Generator, rows: int, places: int) -> list[NDArray[np.int64]]:
        """Draw a place for each query, none twice, `pairs` arrays of (rows,).

        The weights are whole numbers, the ends of the places on a line. A point on the free part
        of the line moves past each taken stretch before it, and then lies in a free place.
        """
        weights = np.arange(1, places + 1, dtype=np.float64) ** (self.power_a - 1)
        whole = np.maximum(1, (weights / weights.max() * 2**40).astype(np.int64))
        ends = np.cumsum(whole)
        left = np.full(rows, ends[-1])
        drawn: list[NDArray[np.int64]] = []
        taken_starts: list[NDArray[np.int64]] = []
        taken_ends: list[NDArray[np.int64]] = []
        for _ in range(self.pairs):
            point = rng.integers(left)
            for start, end in zip(taken_starts, taken_ends, strict=True):
                point += (end - start) * (point >= start)
            place = np.searchsorted(ends, point, side="right")
            drawn.append(place)
            insert(taken_ends, ends[place])
            insert(taken_starts, ends[place] - whole[place])
            left -= whole[place]
        return drawn
