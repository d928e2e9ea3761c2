"""The task automaton."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from seqtasks.randomness import stream
from seqtasks.settings import Settings
from seqtasks.tasks import Array, Tokens
from seqtasks_groups.following import FollowingTask, check_range, follow

__all__ = ["Automaton"]


@dataclass(frozen=True)
class Automaton(FollowingTask):
    """Say at each step the state of a deterministic automaton that reads the input.

    The automaton has states 0, 1, ..., of which it starts in 0; for each state and each symbol the
    next state is drawn once, each state as likely as any other, from the seed `machine`. Each
    symbol of the input is as likely as any other. Length counts the symbols, from 1.
    """

    states: int = 5
    symbols: int = 3
    machine: int = 0

    layout = "each"
    settings = Settings(cell="gru", hidden_size=32, length="1..10", learning_rate=0.01)
    source = (
        "Liu et al. 2023, Transformers learn shortcuts to automata; Merrill, Petty & Sabharwal "
        "2024, The illusion of state in state-space models"
    )

    def __post_init__(self) -> None:
        """Check the parameters and set the alphabets."""
        check_range("states", self.states, 1, 1000)
        check_range("symbols", self.symbols, 1, 1000)
        check_range("machine", self.machine, 0, 2**63 - 1)
        self._set_alphabets(Tokens(_letters(self.symbols)), Tokens(map(str, range(self.states))))

    def encode(self, inputs: Array) -> Array:
        """Return the state after each symbol, (batch, length)."""
        return follow(_arrows(self.states, self.symbols, self.machine), inputs)


@lru_cache(maxsize=16)
def _arrows(states: int, symbols: int, machine: int) -> NDArray[np.int64]:
    """Return the next state of each state at each symbol, (states, symbols)."""
    shape = (states, symbols)
    return stream(machine, "automaton", *shape).integers(states, size=shape)


def _letters(count: int) -> list[str]:
    """Return a, b, c, ...; where the letters do not suffice, a0, a1, a2, ..."""
    if count <= 26:
        return [chr(ord("a") + index) for index in range(count)]
    return [f"a{index}" for index in range(count)]
