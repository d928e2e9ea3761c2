"""Mistakes in parameters, in copies, and in other processes."""

from dataclasses import dataclass

import numpy as np

import seqtasks as st
from planted_tasks.right import BITS, Right

__all__ = ["PARAMETERS"]


class NotADataclass(Right):
    """Take a parameter and keep it."""

    def __init__(self, shift=3):
        self.shift = shift


@dataclass
class NotFrozen(Right):
    """Change at any time."""

    shift: int = 3


@dataclass(frozen=True)
class ChangesItsParameter(Right):
    """Keep another value than the one it was given."""

    shift: int = 3

    def __post_init__(self):
        object.__setattr__(self, "shift", self.shift + 1)


@dataclass(frozen=True)
class AlphabetAsParameter(Right):
    """Annotate the alphabet."""

    inputs: st.Tokens = BITS


@dataclass(frozen=True)
class HoldsAGenerator(Right):
    """Hold what cannot be copied."""

    def __post_init__(self):
        object.__setattr__(self, "numbers", (number for number in range(3)))


@dataclass(frozen=True)
class HoldsAFunction(Right):
    """Hold what cannot be pickled."""

    def __post_init__(self):
        object.__setattr__(self, "last", lambda row: row[-1])


class OrderOfASet(Right):
    """Say a bit by the order of a set of words."""

    def encode(self, inputs):
        place = list({"zero", "one", "two", "three", "four"}).index("one")
        return (super().encode(inputs) + place) % 2


class DrawnOnImport(Right):
    """Say a bit by a table that was drawn when the module was imported."""

    table = np.random.default_rng().permutation(1000)

    def encode(self, inputs):
        return (np.cumsum(inputs, axis=1) + self.table[: inputs.shape[1]]) % 2


PARAMETERS = {
    NotADataclass: ("parameters-round-trip", "make it a frozen dataclass"),
    NotFrozen: ("parameters-round-trip", "may change after a run has recorded its parameters"),
    ChangesItsParameter: ("parameters-round-trip", "makes shift=5 where 4 is written"),
    AlphabetAsParameter: ("parameters-round-trip", "write alphabets without an annotation"),
    HoldsAGenerator: ("deep-copies", "keep no generator, lock or open file"),
    HoldsAFunction: ("pickles", "keep no function, generator or open file"),
    OrderOfASet: ("same-in-other-processes", "sort what comes from a set"),
    DrawnOnImport: ("same-in-other-processes", "draw nothing when the module is imported"),
}
