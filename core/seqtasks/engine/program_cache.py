"""The programs of one model, each kept under the key that says which calls it serves."""

from collections.abc import Hashable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from seqtasks.engine.contract.passes import Passes
from seqtasks.engine.record.start_fingerprint import Start

__all__ = ["ProgramCache", "unchanged"]

MOST_PROGRAMS = 64
"""The most programs kept at once, if different numbers of steps need different programs. The least
recently used program is dropped first."""

MOST_CHANGES = 16
"""The most signatures for which programs are made, and one more than the programs that are made
again because their constants changed: making more would take longer than the plain loop."""


@dataclass
class ProgramCache:
    """Programs by key, the least recently used first, and the initial states that keys name.

    A signature stands for the state in which the model's parts are. Numbers of steps that begin
    with the same initial state share a program; the initial state is numbered for the key.

    Attributes:
        starts: signature -> number of steps -> the number of the initial state.
        begun: the number of an initial state -> the state itself.
        replaced: how many programs were dropped because their constants had changed.
    """

    starts: dict[Hashable, dict[int, int]] = field(default_factory=dict[Hashable, dict[int, int]])
    begun: dict[int, Start] = field(default_factory=dict[int, Start])
    replaced: int = 0
    _programs: dict[Hashable, Passes] = field(default_factory=dict[Hashable, Passes])
    _numbers: dict[Hashable, int] = field(default_factory=dict[Hashable, int])

    def get(self, key: Hashable) -> Passes | None:
        """Return the program of a key, which becomes the most recently used one, or None.

        A program whose constants have changed is dropped, and counted in `replaced`.
        """
        program = self._programs.pop(key, None)
        if program is not None:
            if not unchanged(program.model_graph.constants):
                self.replaced += 1
                return None
            self._programs[key] = program
        return program

    def put(self, key: Hashable, program: Passes) -> None:
        """Keep a new program; drop the least recently used one if there are too many."""
        while len(self._programs) >= MOST_PROGRAMS:
            self._programs.pop(next(iter(self._programs)), None)
        self._programs[key] = program

    @property
    def replaces_too_often(self) -> bool:
        """Whether constants have changed so often that no program should be made again."""
        return self.replaced >= MOST_CHANGES

    def has_room_for(self, signature: Hashable) -> bool:
        """Say whether programs may be made for a signature."""
        return signature in self.starts or len(self.starts) < MOST_CHANGES

    def start(self, signature: Hashable, steps: int) -> int | None:
        """Return the number of the initial state for a loop of `steps` steps; None if unknown."""
        known = self.starts.get(signature)
        return None if known is None else known.get(steps)

    def note_start(self, signature: Hashable, steps: int, start: Start) -> int:
        """Note the initial state for a loop of `steps` steps, and return its number."""
        number = self._numbers.setdefault(start.likeness, len(self._numbers))
        self.starts.setdefault(signature, {})[steps] = number
        self.begun[number] = start
        return number


def unchanged(constants: list[tuple[Tensor, Tensor]]) -> bool:
    """Say whether constants are unchanged since a program was made with their values."""
    return not constants or all(_same(held, then) for held, then in constants)


def _same(held: Tensor, then: Tensor) -> bool:
    if held.dtype != then.dtype or held.shape != then.shape:
        return False
    with_nan = held.is_floating_point() and torch.allclose(held, then, 0, 0, equal_nan=True)
    return with_nan or torch.equal(held, then)
