"""The task associative-recall."""

from dataclasses import dataclass

import numpy as np

from seqtasks.tasks import AllowedLengths, Array, Settings, Task, Tokens, UsageError
from seqtasks_memory.symbols import (
    TURING_MACHINES,
    check_range,
    id_type,
    numerals,
    refuse,
    set_attributes,
)

__all__ = ["AssociativeRecall"]

_MOST_ITEMS = 2**31


@dataclass(frozen=True)
class AssociativeRecall(Task):
    """Name the item that followed a shown one.

    An item is `item_length` symbols, each one of `symbols`. The input is k items, k >= 2, each
    after a semicolon (;), then one of the items but the last, between question marks (?). The
    answer is the item that followed it, over `item_length` blanks. Items are uniform, except that
    the requested item occurs among them only once, so that there is one answer. Length counts the
    steps of the input, (item_length + 1) * (k + 1) + 1: with items of 3 symbols, as in the paper,
    from 13. The paper trains on 2 to 6 items, and its symbols are the 64 vectors of 6 bits: choose
    `symbols=64`.
    """

    symbols: int = 8
    item_length: int = 3

    layout = "after"
    settings = Settings(
        cell="gru", hidden_size=128, length="17", steps=10_000, evaluation_lengths=(17, 21, 41, 81)
    )
    source = "Graves, Wayne & Danihelka 2014, Neural Turing machines, section 4.3"
    published = TURING_MACHINES

    def __post_init__(self) -> None:
        """Check the parameters and set the attributes that depend on them."""
        check_range("symbols", self.symbols, 2, 1000)
        check_range("item_length", self.item_length, 1, 30)
        if self.symbols**self.item_length > _MOST_ITEMS:
            raise UsageError(
                f"symbols^item_length must be at most {_MOST_ITEMS}, got "
                f"{self.symbols}^{self.item_length}"
            )
        symbols = numerals(self.symbols)
        step = self.item_length + 1
        set_attributes(
            self,
            inputs=Tokens((*symbols, ";", "?")),
            targets=Tokens(symbols),
            lengths=AllowedLengths(3 * step + 1, step),
        )

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw items and the requested item, (batch, length)."""
        step = self.item_length + 1
        count = length // step - 1
        every_row = np.arange(batch_size)
        asked_at = rng.integers(count - 1, size=batch_size)
        possible = self.symbols**self.item_length
        asked = rng.integers(possible, size=(batch_size, 1))
        numbers = rng.integers(possible - 1, size=(batch_size, count + 1))
        numbers += numbers >= asked  # any item but the requested one
        numbers[every_row, asked_at] = asked[:, 0]
        numbers[:, -1] = asked[:, 0]
        inputs = np.empty((batch_size, length), id_type(self.symbols + 2))
        blocks = inputs[:, :-1].reshape(batch_size, count + 1, step)
        for place in range(self.item_length, 0, -1):
            numbers, blocks[:, :, place] = np.divmod(numbers, self.symbols)
        blocks[:, :, 0] = self.symbols
        blocks[:, -1, 0] = self.symbols + 1
        inputs[:, :-1] = blocks.reshape(batch_size, -1)
        inputs[:, -1] = self.symbols + 1
        return inputs

    def encode(self, inputs: Array) -> Array:
        """Return the item after the first place of the requested one, (batch, item length)."""
        blocks = inputs[:, :-1].reshape(len(inputs), -1, self.item_length + 1)[:, :, 1:]
        items, asked = blocks[:, :-1], blocks[:, -1]
        same = (items[:, :-1, 0] == asked[:, None, 0]).copy()
        for place in range(1, self.item_length):
            same &= items[:, :-1, place] == asked[:, None, place]
        wrong = ~same.any(axis=1) | (blocks >= self.symbols).any(axis=(1, 2))
        refuse(wrong, inputs, "an input must ask about one of its items but the last")
        return items[np.arange(len(inputs)), same.argmax(axis=1) + 1]
