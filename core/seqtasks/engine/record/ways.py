"""Record a step that decides by numbers once for each way to go on, and choose among the results.

All instances of a batch share the numbers of Python in a module's state. A program has them for
each instance: it computes what the step does in each way, and takes the results of the way that the
instance's own numbers lead to.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.step_numbers import step_number

__all__ = ["Decisions", "OneRowError", "in_every_way"]

MOST_WAYS = 64
"""The most ways through a step that are recorded."""


class OneRowError(UnsupportedError):
    """A step takes one instance, or those that share its numbers: it is recorded on one row."""


class Decisions:
    """What a step decides by its numbers: the way that it is to take, and the way it took.

    Args:
        wanted: the first decisions, in order; all later ones are True.

    Attributes:
        taken: the conditions that the step decided by, and the decisions.
    """

    def __init__(self, wanted: Sequence[bool] = ()) -> None:
        self._wanted = wanted
        self.taken: list[tuple[Node, bool]] = []

    def decide(self, condition: Node) -> bool:
        """Return what a condition is on this way; asked again, it is the same."""
        known = dict(self.taken)
        if condition in known:
            return known[condition]
        if condition.operation == "constant":
            return bool(condition.value)
        place = len(self.taken)
        decided = self._wanted[place] if place < len(self._wanted) else True
        self.taken.append((condition, decided))
        return decided

    def following(self) -> list[bool] | None:
        """Return the first decisions of the way to take next; None after the last."""
        ways = [decided for _, decided in self.taken]
        while ways and not ways[-1]:
            ways.pop()
        return [*ways[:-1], False] if ways else None


def _chosen(graph: Graph, ways: Sequence[tuple[list[tuple[Node, bool]], list[Node]]]) -> list[Node]:
    """Return the results of a step: of its ways, those of the way that it takes.

    Args:
        graph: receives the nodes.
        ways: the decisions of each way, in the order of `Decisions.following`, and its results.
    """
    if len(ways) == 1:
        return ways[0][1]
    depth = 0
    while len({decisions[depth][1] for decisions, _ in ways}) == 1:
        depth += 1
    condition = ways[0][0][depth][0]
    first, second = (
        _chosen(graph, [way for way in ways if way[0][depth][1] is decided])
        for decided in (True, False)
    )
    return [
        a if a is b else graph.pointwise("where", condition, a, b)
        for a, b in zip(first, second, strict=True)
    ]


def in_every_way(recorder: Recorder, cell: Any, step: Callable[[], list[Node]]) -> list[Node]:
    """Record a step that decides by numbers that the instances of a batch share.

    Args:
        recorder: records the step.
        cell: the cell.
        step: runs a step once, and returns its results.
    """
    if not getattr(cell, "takes_one_row", False):
        return step()
    if recorder.rows:
        raise OneRowError("a call takes one instance, or those that share its numbers")
    ways: list[tuple[list[tuple[Node, bool]], list[Node]]] = []
    wanted: list[bool] | None = []
    while wanted is not None:
        if len(ways) == MOST_WAYS:
            raise UnsupportedError(f"its numbers decide among more than {MOST_WAYS} ways")
        decisions = Decisions(wanted)
        with cell.giving_numbers(partial(step_number, recorder, decisions)):
            found = step()
        ways.append((decisions.taken, found))
        wanted = decisions.following()
    if len(ways) > 1 and any(node.operation == "draw" for node in recorder.graph.nodes):
        raise UnsupportedError("it draws random numbers, and decides by a number of its state")
    return _chosen(recorder.graph, ways)
