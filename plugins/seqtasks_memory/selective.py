"""The task selective-copying."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.lengths import AllowedLengths
from seqtasks.settings import Settings
from seqtasks.tasks import Array, Task, Tokens
from seqtasks_memory.symbols import check_range, id_type, numerals, refuse, set_attributes

__all__ = ["SelectiveCopying"]


@dataclass(frozen=True)
class SelectiveCopying(Task):
    """Say again, in order, the `items` symbols that stand scattered among noise.

    The input is n - 1 places, all noise (-) but for `items` of them, any choice of places as likely
    as any other; these hold symbols, each one of `symbols` and as likely as any other. A go marker
    (>) ends it. The answer is the symbols without the noise, over `items` blanks. Length counts the
    steps of the input, n, from items + 1. Published are 16 symbols to say again among 4096, from a
    vocabulary of 16 that includes the noise; that it includes the marker too is a reading made
    here.
    """

    symbols: int = 14
    items: int = 16

    layout = "after"
    settings = Settings(
        cell="gru",
        hidden_size=256,
        length="17..20",
        steps=10_000,
        learning_rate=0.001,
        evaluation_lengths=(20, 40, 100),
    )
    source = (
        "Gu & Dao 2023, Mamba: linear-time sequence modeling with selective state spaces, sections "
        "4.1.1 and E.1; after Jing et al. 2019, Gated orthogonal recurrent units: on learning to "
        "forget"
    )

    def __post_init__(self) -> None:
        """Check the parameters and set what follows from them."""
        check_range("symbols", self.symbols, 2, 1000)
        check_range("items", self.items, 1, 1000)
        symbols = numerals(self.symbols)
        set_attributes(
            self,
            inputs=Tokens((*symbols, "-", ">")),
            targets=Tokens(symbols),
            lengths=AllowedLengths(self.items + 1),
        )

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw symbols and their places among noise, (batch, length)."""
        kind = id_type(self.symbols + 2)
        inputs = np.full((batch_size, length), self.symbols, kind)
        drawn = rng.integers(self.symbols, size=batch_size * self.items, dtype=kind)
        inputs[_some_places(rng, batch_size, length, self.items)] = drawn
        inputs[:, -1] = self.symbols + 1
        return inputs

    def encode(self, inputs: Array) -> Array:
        """Return the symbols without the noise, (batch, items)."""
        chosen = inputs < self.symbols
        wrong = chosen.sum(axis=1) != self.items
        refuse(wrong, inputs, f"an input must have {self.items} symbols that are not noise")
        return inputs[chosen].reshape(len(inputs), self.items)


def _some_places(rng: np.random.Generator, rows: int, length: int, count: int) -> NDArray[np.bool_]:
    """Return `count` places a row among all but the last, each choice as likely, (rows, length).

    Floyd's way of drawing a subset: the next place is drawn up to a limit that grows by one; a
    place that is taken gives way to the limit itself, which cannot be.
    """
    chosen = np.zeros((rows, length), dtype=np.bool_)
    every_row = np.arange(rows)
    for limit in range(length - 1 - count, length - 1):
        places = rng.integers(limit + 1, size=rows)
        places[chosen[every_row, places]] = limit
        chosen[every_row, places] = True
    return chosen
