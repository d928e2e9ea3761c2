"""Decide what becomes of the points of a block whose worker died or whose work raised."""

from collections.abc import Iterator, Sequence

from seqtasks.studies.finished import Finished
from seqtasks.studies.settings import Point

__all__ = ["MOST_KILLS", "parts", "without_run"]

MOST_KILLS = 3
"""A point is named after this many dead workers: the first, and two more that tried it again."""
MOST_PARTS = 16


def parts(points: Sequence[Point]) -> Iterator[list[Point]]:
    """Divide points so that the guilty one is soon alone: the first by itself, the rest in parts.

    Where blocks run their points one after the other, the first one unfinished is the guilty one.
    """
    yield list(points[:1])
    rest = points[1:]
    size = -(-len(rest) // MOST_PARTS)
    for start in range(0, len(rest), max(size, 1)):
        yield list(rest[start : start + size])


def without_run(point: Point, status: str, problem: str, seconds: float = 0.0) -> Finished:
    """Return the line of a point that has no run to tell of: `failed` or `killed`."""
    line = {
        "point": point.number,
        "seed": point.seed,
        "status": status,
        "step": 0,
        "stopped": None,
        "scores": {},
        "history": {"loss": [], "validation": {}},
        "seconds": seconds,
        "problem": problem,
    }
    return Finished(line, None)
