"""What the blocks of a study share in a process: groups that wait, and what was looked up once.

To make a group takes as long as to train several small replicas, and Python is held meanwhile, so
that other threads wait.
"""

import threading
from typing import Any

from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.replicas.group import Group
from seqtasks.studies.replicas.pattern import Pattern

__all__ = ["IdleGroups"]


class IdleGroups:
    """Keeps the groups of one pattern, at most one for each block that ran at once.

    Attributes:
        known: the ways of experiments that were looked up, each with its experiment, by the id of
            the experiment.

    A study has its own and drops them with its end: what a user's code does may change between two
    studies. A copy for another process is empty.
    """

    def __init__(self) -> None:
        self._groups: list[Group] = []
        self._held: list[Pattern] = []
        self.known: dict[int, tuple[Experiment, Any]] = {}
        self._changing = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return IdleGroups, ()

    def holds(self, pattern: Pattern) -> bool:
        """Say whether the code of a pattern is what it was; the study looks once."""
        with self._changing:
            if not any(one is pattern for one in self._held):
                if not pattern.still_holds():
                    return False
                self._held.append(pattern)
            return True

    def take(self, pattern: Pattern) -> Group | None:
        """Return a group of a pattern, which no one else has then; None if there is none."""
        with self._changing:
            for place, group in enumerate(self._groups):
                if group.pattern is pattern:
                    return self._groups.pop(place)
        return None

    def put(self, group: Group) -> None:
        """Keep a group that ended in order, and drop those of other patterns."""
        with self._changing:
            self._groups = [one for one in self._groups if one.pattern is group.pattern]
            self._groups.append(group)
