"""The task selective-copying."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import (
    AllowedLengths,
    Array,
    PublishedProtocol,
    Settings,
    Task,
    Tokens,
    UsageError,
)
from seqtasks_memory.symbols import check_range, id_type, numerals, refuse, set_attributes

__all__ = ["SelectiveCopying"]


@dataclass(frozen=True)
class SelectiveCopying(Task):
    """Say again, in order, the `items` symbols that are scattered among noise.

    The input has n - 1 places, all noise (-) except `items` of them; these hold symbols, drawn
    uniformly from `symbols` symbols. A go marker (>) ends it. The answer is the symbols without the
    noise, over `items` blanks. Length counts the steps of the input, n, from items + 1.

    With `noise=anywhere`, all choices of places are equally likely, as in the generators of S4 and
    Mamba, which this task follows: Mamba has 16 symbols among 4096 places, from a vocabulary of 16
    that includes the noise; we read it to include the marker too. With `noise=before`, each piece
    of noise stands before one of the symbols, drawn uniformly, so that none follows the last
    symbol: this is the task of that name in MAD (Poli et al. 2024).
    """

    symbols: int = 14
    items: int = 16
    noise: Literal["anywhere", "before"] = "anywhere"

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
    published = PublishedProtocol(
        source=source,
        missing=(
            (
                "Its networks are two layers of width 64 with gating and convolutions around a "
                "state-space model; these are no cells here."
            ),
            "Its lengths, 4096, can be set: --length 4097.",
        ),
    )

    def __post_init__(self) -> None:
        """Check the parameters and set the attributes that depend on them."""
        check_range("symbols", self.symbols, 2, 1000)
        check_range("items", self.items, 1, 1000)
        if self.noise not in ("anywhere", "before"):
            raise UsageError(f"noise must be anywhere or before, got {self.noise!r}")
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
        draw_places = _some_places if self.noise == "anywhere" else _places_after_noise
        inputs[draw_places(rng, batch_size, length, self.items)] = drawn
        inputs[:, -1] = self.symbols + 1
        return inputs

    def encode(self, inputs: Array) -> Array:
        """Return the symbols without the noise, (batch, items)."""
        chosen = inputs < self.symbols
        wrong = chosen.sum(axis=1) != self.items
        refuse(wrong, inputs, f"an input must have {self.items} symbols that are not noise")
        return inputs[chosen].reshape(len(inputs), self.items)


def _places_after_noise(
    rng: np.random.Generator, rows: int, length: int, count: int
) -> NDArray[np.bool_]:
    """Return `count` places per row, the last place being the last but one, (rows, length).

    Each of the other places goes, uniformly drawn, into the gap before one of them.
    """
    noise = length - 1 - count
    gaps = rng.integers(count, size=(rows, noise)) + count * np.arange(rows)[:, None]
    sizes = np.bincount(gaps.ravel(), minlength=rows * count).reshape(rows, count)
    places = np.cumsum(sizes, axis=1) + np.arange(count)
    chosen = np.zeros((rows, length), dtype=np.bool_)
    np.put_along_axis(chosen, places, True, axis=1)
    return chosen


def _some_places(rng: np.random.Generator, rows: int, length: int, count: int) -> NDArray[np.bool_]:
    """Return `count` places per row among all but the last, uniformly drawn, (rows, length).

    This is Floyd's method to draw a subset: the next place is drawn up to a limit that grows by
    one. If it is taken already, the limit itself, which cannot be taken, replaces it.
    """
    chosen = np.zeros((rows, length), dtype=np.bool_)
    every_row = np.arange(rows)
    for limit in range(length - 1 - count, length - 1):
        places = rng.integers(limit + 1, size=rows)
        places[chosen[every_row, places]] = limit
        chosen[every_row, places] = True
    return chosen
