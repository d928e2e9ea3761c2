"""The task automaton."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import Array, Settings, Tokens, stream
from seqtasks_groups.following import FollowingTask, check_range, follow

__all__ = ["Automaton"]


@dataclass(frozen=True)
class Automaton(FollowingTask):
    """Say at each step the state of a deterministic automaton that reads the input.

    The automaton has states 0, 1, ..., and starts in state 0. Each symbol permutes the states. The
    permutations are drawn uniformly, once, from the seed `machine`, and drawn anew until every
    state can be reached. So the automaton never forgets: two states never become one, and the state
    depends on every symbol read. The symbols of the input are drawn uniformly.
    Length counts the symbols, from 1.

    `group-word` has the groups of the literature on state tracking.
    """

    states: int = 5
    symbols: int = 3
    machine: int = 0

    layout = "each"
    settings = Settings(cell="gru", hidden_size=32, length="1..10", learning_rate=0.01)
    source = "our own"
    redefined = "its machines were random maps, which forget, and now they permute the states"

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
    rng = stream(machine, "permutations", states, symbols)
    while True:
        arrows = np.stack([rng.permutation(states) for _ in range(symbols)], axis=1)
        if _reaches_every_state(arrows):
            return arrows


def _reaches_every_state(arrows: NDArray[np.int64]) -> bool:
    """Say whether every state can be reached from the first; with permutations, then from any."""
    reached = np.zeros(len(arrows), dtype=np.bool_)
    edge = np.array([0])
    while len(edge):
        reached[edge] = True
        after = np.unique(arrows[edge])
        edge = after[~reached[after]]
    return bool(reached.all())


def _letters(count: int) -> list[str]:
    """Return a, b, c, ...; if there are too few letters, a0, a1, a2, ..."""
    if count <= 26:
        return [chr(ord("a") + index) for index in range(count)]
    return [f"a{index}" for index in range(count)]
