"""Mistakes in inputs that are drawn or listed."""

import random
import time
from typing import ClassVar

import numpy as np

import seqtasks as st
from planted_tasks.right import Listed, Right

__all__ = ["INPUTS", "GlobalNumPy", "GlobalPython"]


class TooLong(Right):
    """Draw one step too many."""

    def generate(self, rng, batch_size, length):
        return super().generate(rng, batch_size, length + 1)


class ForgetsToReturn(Right):
    """Draw, and return nothing."""

    def generate(self, rng, batch_size, length):
        super().generate(rng, batch_size, length)


class HalfIds(Right):
    """Draw halves."""

    def generate(self, rng, batch_size, length):
        return super().generate(rng, batch_size, length) / 2


class InputOutside(Right):
    """Draw a symbol that is none, one time in a thousand."""

    def generate(self, rng, batch_size, length):
        return rng.choice(3, size=(batch_size, length), p=[0.5, 0.499, 0.001])

    def encode(self, inputs):
        return inputs % 2


class GlobalNumPy(Right):
    """Draw from np.random."""

    def generate(self, rng, batch_size, length):
        return np.random.randint(2, size=(batch_size, length))


class GlobalPython(Right):
    """Draw from random."""

    def generate(self, rng, batch_size, length):
        drawn = super().generate(rng, batch_size, length)
        drawn[:, 0] = random.randrange(2)
        return drawn


class OwnGenerator(Right):
    """Draw from a generator made of the system's randomness."""

    def generate(self, rng, batch_size, length):
        return np.random.default_rng().integers(2, size=(batch_size, length))


class KeepsItsGenerator(Right):
    """Draw from a generator that goes on from call to call."""

    own = np.random.default_rng(0)

    def generate(self, rng, batch_size, length):
        return self.own.integers(2, size=(batch_size, length))


class KeepsWhatItDrew(Right):
    """Draw other bits after fifty calls."""

    drawn: ClassVar = []

    def generate(self, rng, batch_size, length):
        self.drawn.append(length)
        return (super().generate(rng, batch_size, length) + len(self.drawn) // 50) % 2


class Clock(Right):
    """Draw other bits each hour."""

    def generate(self, rng, batch_size, length):
        return (super().generate(rng, batch_size, length) + int(time.time() / 3600)) % 2


class SameEachTime(Right):
    """Draw from a seed of its own."""

    def generate(self, rng, batch_size, length):
        return np.random.default_rng(0).integers(2, size=(batch_size, length))


class SameRows(Right):
    """Draw one row and repeat it."""

    def generate(self, rng, batch_size, length):
        return np.tile(rng.integers(2, size=(1, length)), (batch_size, 1))


class OddLengthsFail(Right):
    """Fail at odd lengths, which it claims to have."""

    def encode(self, inputs):
        pairs = inputs.reshape(len(inputs), -1, 2)
        return np.cumsum(pairs.reshape(inputs.shape), axis=1) % 2


class LongLengthsFail(Right):
    """Fail at lengths above 64, which it claims to have."""

    def generate(self, rng, batch_size, length):
        return rng.integers(2, size=(batch_size, 64))[:, :length]


class DrawsWhatItRefuses(Right):
    """Draw lengths that it says it does not have."""

    lengths = st.AllowedLengths(minimum=2, step=2)
    settings = st.Settings(length="2..10")

    def draw(self, rng, batch_size, length):
        return self.generate(rng, batch_size, length)


class OneFewer(Listed):
    """List one input fewer than there are."""

    def enumerate(self, length):
        return super().enumerate(length)[1:]


class ListsOtherSymbols(Listed):
    """List inputs of symbols that are none."""

    def enumerate(self, length):
        return super().enumerate(length) + 1


class Repeats(Listed):
    """List an input twice."""

    def enumerate(self, length):
        listed = super().enumerate(length)
        listed[-1] = listed[0]
        return listed


class DrawsUnlisted(Listed):
    """Draw inputs that are not listed."""

    def domain_size(self, length):
        return 2 ** (length - 1)

    def enumerate(self, length):
        return super().enumerate(length)[: 2 ** (length - 1)]


class SlightlyUnequal(Listed):
    """Draw ones a little more often."""

    def generate(self, rng, batch_size, length):
        return rng.random((batch_size, length)) < 0.54


class NotANumber(Listed):
    """Say that there are half as many inputs and a half."""

    def domain_size(self, length):
        return 2.5


INPUTS = {
    TooLong: ("generate-has-its-shape", "returned shape (1, 11); it was asked for (1, 10)"),
    ForgetsToReturn: ("generate-has-its-shape", "is a `return` missing?"),
    HalfIds: ("generate-has-its-shape", "ids must be whole numbers, got 0.5"),
    InputOutside: ("inputs-in-alphabet", "gives the id 2 among its inputs"),
    GlobalNumPy: ("generator-decides-draws", "NumPy's global generator (np.random)"),
    GlobalPython: ("generator-decides-draws", "Python's global generator (random)"),
    OwnGenerator: ("generator-decides-draws", "randomness of the system"),
    KeepsItsGenerator: ("generator-decides-draws", "keeps something from one call to the next"),
    KeepsWhatItDrew: ("generator-decides-draws", "keeps something from one call to the next"),
    Clock: ("generator-decides-draws", "the clock, time.time (inputs.py, line"),
    SameEachTime: ("draws-differ", "draws the same inputs from every generator"),
    SameRows: ("draws-differ", "the same input for all instances of a batch"),
    OddLengthsFail: ("lengths-are-as-claimed", "AllowedLengths(minimum=2, step=2)"),
    LongLengthsFail: ("lengths-are-as-claimed", "AllowedLengths(minimum=1, step=1, maximum=64)"),
    DrawsWhatItRefuses: ("lengths-are-as-claimed", "refuses the length 1, but it is drawn"),
    OneFewer: ("all-inputs-are-listed", "domain_size says 2 inputs, enumerate lists 1"),
    ListsOtherSymbols: ("all-inputs-are-listed", "draws an input that enumerate does not list"),
    Repeats: ("all-inputs-are-listed", "enumerate lists an input twice"),
    DrawsUnlisted: ("all-inputs-are-listed", "draws an input that enumerate does not list"),
    SlightlyUnequal: ("inputs-are-equally-likely", "or say `equally_likely = False`"),
    NotANumber: ("all-inputs-are-listed", "must be a whole number of inputs or None, got 2.5"),
}
