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
    """Keeps the groups of one program, at most one for each block that ran at once.

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
            if not any(one.program is pattern.program for one in self._held):
                if not pattern.still_holds():
                    return False
                self._held.append(pattern)
            return True

    def take(self, pattern: Pattern) -> Group | None:
        """Return a group for a pattern, which no one else has then; None if there is none.

        Patterns of one program differ in their learning rates alone.
        """
        with self._changing:
            found = next((g for g in self._groups if g.pattern.program is pattern.program), None)
            if found is None:
                return None
            self._groups.remove(found)
        if found.pattern is not pattern:
            found.serve(pattern)
        return found

    def put(self, group: Group) -> None:
        """Keep a group that ended in order, and drop those of other programs."""
        program = group.pattern.program
        with self._changing:
            self._groups = [one for one in self._groups if one.pattern.program is program]
            self._groups.append(group)
