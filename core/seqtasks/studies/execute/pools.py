"""What a pool of workers promises, and what it tells of the blocks that it runs."""

import queue
from dataclasses import dataclass, field
from typing import Protocol

from seqtasks.errors import SeqtasksError
from seqtasks.studies.execute.in_worker import Report
from seqtasks.studies.finished import Finished
from seqtasks.studies.settings import Point

__all__ = ["Block", "Broken", "Done", "Event", "Events", "Lost", "Pool"]


@dataclass(eq=False)
class Block:
    """Points of one setting that a worker runs together.

    Attributes:
        number: a number that no other block of the study has.
        setting: the index of their setting.
        points: its points, in the order of their numbers.
        kills: how many workers died while they ran these points.
        fresh: runs that ended and are not delivered yet; a thread appends to it.
    """

    number: int
    setting: int
    points: list[Point]
    kills: int = 0
    fresh: list[Finished] = field(default_factory=list[Finished])


@dataclass(frozen=True)
class Done:
    """A worker has come back from a block."""

    block: Block
    report: Report


@dataclass(frozen=True)
class Lost:
    """The worker of a block died.

    Attributes:
        block: the block.
        finished: the runs that it left.
        problem: what it died of, as far as that is known.
    """

    block: Block
    finished: list[Finished]
    problem: str


@dataclass(frozen=True)
class Broken:
    """The pool itself cannot go on."""

    error: SeqtasksError


Event = Done | Lost | Broken
Events = queue.SimpleQueue[Event]


class Pool(Protocol):
    """Workers that run blocks, each on one core.

    Attributes:
        jobs: how many blocks run at once, as far as that is known.
        names_the_guilty: whether a lost block is one that ran in the worker that died, and not one
            that only waited there.
    """

    jobs: int
    names_the_guilty: bool

    def room(self) -> int:
        """Return how many more blocks the pool takes now, so that no worker waits for work."""
        ...

    def submit(self, block: Block) -> None:
        """Begin a block; one event tells of its end."""
        ...

    def leave(self, blocks: list[Block], seconds: float) -> None:
        """Ask the blocks under way to end, and wait for them for a while; their events come."""
        ...

    def close(self, blocks: list[Block]) -> None:
        """End all workers of the pool, and leave in `fresh` the runs of the blocks cut off."""
        ...
