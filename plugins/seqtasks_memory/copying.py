"""Tasks that say a string again: copy-memory, copy and repeat-copy."""

from dataclasses import dataclass

import numpy as np

from seqtasks.tasks import IGNORE, AllowedLengths, Array, Settings, Task, Tokens
from seqtasks_memory.symbols import (
    LONG_LAGS,
    TURING_MACHINES,
    answer_type,
    check_range,
    every_string,
    id_type,
    numerals,
    refuse,
    set_attributes,
)

__all__ = ["Copy", "CopyMemory", "RepeatCopy"]


@dataclass(frozen=True)
class CopyMemory(Task):
    """Say `items` symbols again, T steps after the last one.

    The input is `items` symbols, each one of `symbols`, then T - 1 blanks (_), a go marker (>) and
    `items` blanks; the answer is T + `items` blanks, then the symbols in their order. All of it is
    scored. Length counts all steps, T + 2 * items: with the papers' 10 items, from 21. The papers
    have T of 100 and more, so lengths from 120. A network that answers blanks first and then
    guesses has a mean cross-entropy of items * ln(symbols) / length: 10 ln 8 / (T + 20).
    """

    symbols: int = 8
    items: int = 10

    layout = "each"
    settings = Settings(
        cell="gru", hidden_size=128, length="21", steps=10_000, evaluation_lengths=(21, 30, 120)
    )
    source = (
        "Hochreiter & Schmidhuber 1997, Long short-term memory; in the form of Arjovsky, Shah & "
        "Bengio 2016, Unitary evolution recurrent neural networks"
    )
    published = LONG_LAGS

    def __post_init__(self) -> None:
        """Check the parameters and set the attributes that depend on them."""
        check_range("symbols", self.symbols, 2, 1000)
        check_range("items", self.items, 1, 1000)
        set_attributes(
            self,
            inputs=Tokens((*numerals(self.symbols), "_", ">")),
            targets=Tokens((*numerals(self.symbols), "_")),
            lengths=AllowedLengths(2 * self.items + 1),
        )

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw the symbols to remember, uniformly, and set the blanks and the marker after them."""
        kind = id_type(self.symbols + 2)
        drawn = rng.integers(self.symbols, size=(batch_size, self.items), dtype=kind)
        return self._with_blanks(drawn, length)

    def encode(self, inputs: Array) -> Array:
        """Return blanks and then the first symbols, (batch, length)."""
        first = inputs[:, : self.items]
        rule = f"the first {self.items} symbols must be of 0 .. {self.symbols - 1}"
        refuse((first >= self.symbols).any(axis=1), inputs, rule)
        answers = np.full(inputs.shape, self.symbols, id_type(self.symbols + 1))
        answers[:, -self.items :] = first
        return answers

    def domain_size(self, length: int) -> int:
        """Return symbols^items, whatever the length."""
        return self.symbols**self.items

    def enumerate(self, length: int) -> Array:
        """Return every input of a length, (domain size, length)."""
        return self._with_blanks(every_string(self.symbols, self.items), length)

    def _with_blanks(self, strings: Array, length: int) -> Array:
        inputs = np.full((len(strings), length), self.symbols, strings.dtype)
        inputs[:, : self.items] = strings
        inputs[:, -self.items - 1] = self.symbols + 1
        return inputs


@dataclass(frozen=True)
class Copy(Task):
    """Say a string again after its end.

    The input is a string of n - 1 symbols, drawn uniformly from `symbols` symbols, and an end
    marker (;). The answer is the string, over n - 1 blanks. Length counts the steps of the input,
    n, from 2. The paper's strings consist of the 256 vectors of 8 bits: choose `symbols=256`.
    """

    symbols: int = 8

    layout = "after"
    lengths = AllowedLengths(2)
    settings = Settings(
        cell="gru",
        hidden_size=128,
        length="2..5",
        learning_rate=0.002,
        evaluation_lengths=(5, 10, 20, 50),
    )
    source = "Graves, Wayne & Danihelka 2014, Neural Turing machines, section 4.1"
    published = TURING_MACHINES

    def __post_init__(self) -> None:
        """Check the parameter and set the alphabets."""
        check_range("symbols", self.symbols, 2, 1000)
        symbols = numerals(self.symbols)
        set_attributes(self, inputs=Tokens((*symbols, ";")), targets=Tokens(symbols))

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw strings uniformly and end them, (batch, length)."""
        kind = id_type(self.symbols + 1)
        inputs = rng.integers(self.symbols, size=(batch_size, length), dtype=kind)
        inputs[:, -1] = self.symbols
        return inputs

    def encode(self, inputs: Array) -> Array:
        """Return the string before the end marker, (batch, length - 1)."""
        strings = inputs[:, :-1]
        wrong = (strings >= self.symbols).any(axis=1) | (inputs[:, -1] != self.symbols)
        refuse(wrong, inputs, "an input must be a string and one end marker (;) after it")
        return strings

    def domain_size(self, length: int) -> int:
        """Return symbols^(length - 1)."""
        return self.symbols ** (length - 1)

    def enumerate(self, length: int) -> Array:
        """Return every input of a length, (domain size, length)."""
        strings = every_string(self.symbols, length - 1)
        return np.pad(strings, ((0, 0), (0, 1)), constant_values=self.symbols)


@dataclass(frozen=True)
class RepeatCopy(Task):
    """Say a string again as often as requested, then stop.

    The input is a string of n - 1 symbols, drawn uniformly from `symbols` symbols, then a count x1,
    x2, ... up to x`repeats`, also uniform. The answer is the string that many times and END, over
    (n - 1) * repeats + 1 blanks; positions after END are not scored. Length counts the steps of the
    input, n, from 2. The paper's strings consist of the 256 vectors of 8 bits (`symbols=256`), and
    the network must stop by itself, as here.
    """

    symbols: int = 8
    repeats: int = 10

    layout = "after"
    lengths = AllowedLengths(2)
    settings = Settings(
        cell="gru", hidden_size=128, length="2..3", steps=10_000, evaluation_lengths=(2, 3, 4, 10)
    )
    source = "Graves, Wayne & Danihelka 2014, Neural Turing machines, section 4.2"
    published = TURING_MACHINES

    def __post_init__(self) -> None:
        """Check the parameters and set the alphabets."""
        check_range("symbols", self.symbols, 2, 1000)
        check_range("repeats", self.repeats, 1, 1000)
        symbols = numerals(self.symbols)
        counts = (f"x{count}" for count in range(1, self.repeats + 1))
        set_attributes(self, inputs=Tokens((*symbols, *counts)), targets=Tokens((*symbols, "END")))

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw strings and counts uniformly, (batch, length)."""
        kind = id_type(self.symbols + self.repeats)
        inputs = rng.integers(self.symbols, size=(batch_size, length), dtype=kind)
        counts = rng.integers(self.repeats, size=batch_size, dtype=kind)
        inputs[:, -1] = self.symbols + counts
        return inputs

    def encode(self, inputs: Array) -> Array:
        """Return the repeated strings, END and IGNORE, (batch, (length - 1) * repeats + 1)."""
        strings = inputs[:, :-1]
        counts = inputs[:, -1].astype(np.int64) - self.symbols + 1
        wrong = (strings >= self.symbols).any(axis=1) | (counts < 1)
        refuse(wrong, inputs, "an input must be a string and one count (x1, x2, ...) after it")
        rows, length = strings.shape
        answers = np.empty((rows, length * self.repeats + 1), answer_type(self.symbols + 1))
        copies = answers[:, :-1].reshape(rows, self.repeats, length)
        copies[...] = strings[:, None, :]
        answers[:, :-1] = copies.reshape(rows, -1)
        ends = (counts * length)[:, None]
        np.copyto(answers, IGNORE, where=np.arange(answers.shape[1]) > ends)
        np.put_along_axis(answers, ends, self.symbols, axis=1)
        return answers

    def domain_size(self, length: int) -> int:
        """Return repeats * symbols^(length - 1)."""
        return self.repeats * self.symbols ** (length - 1)

    def enumerate(self, length: int) -> Array:
        """Return every input of a length, (domain size, length)."""
        strings = np.repeat(every_string(self.symbols, length - 1), self.repeats, axis=0)
        counts = np.tile(np.arange(self.repeats), len(strings) // self.repeats) + self.symbols
        return np.concatenate([strings, counts[:, None]], axis=1)
