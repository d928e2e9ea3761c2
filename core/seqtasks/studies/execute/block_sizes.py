"""Cut the points of a study into blocks that take about a second each."""

import itertools
from collections import deque
from collections.abc import Sequence

from seqtasks.studies.settings import Point

__all__ = ["Cutter"]

SECONDS = 1.5
"""How long a block is to take: long against the cost of a block, short against its loss."""
LEAST_SECONDS = 0.05
"""Blocks get shorter towards the end, so that all workers end together, but not below this."""
SECONDS_UNKNOWN = 0.2
"""How long the first block of a setting is to take, if its points are like the last one's."""
GROWTH = 8
"""How many times larger a block may be than the largest that has ended."""
PATIENCE = 2
"""A block that took less than this many times `SECONDS` is followed by one twice as large.

Part of its time is the cost of any block, however large; on a busy machine that part alone can pass
`SECONDS`, and blocks of one point would then never grow.
"""


class Cutter:
    """Hands out points in their order, in blocks of one setting that fit the time of a point.

    The sizes depend on the clock. What comes of a point depends on its seed alone, so the study is
    the same however it is cut.

    Args:
        points: the points; those of a setting lie together.
        jobs: how many workers share them.

    Attributes:
        left: how many points have not been handed out.
    """

    def __init__(self, points: Sequence[Point], jobs: int) -> None:
        together = itertools.groupby(points, key=lambda point: point.setting)
        self._settings = deque((setting, deque(group)) for setting, group in together)
        self._jobs, self.left = jobs, len(points)
        self._largest: dict[int, int] = {}
        self._seconds: dict[int, float] = {}
        self._twice: dict[int, int] = {}
        self._last = SECONDS_UNKNOWN

    def next(self) -> tuple[int, list[Point]] | None:
        """Return a setting and its next points, or None if none are left."""
        if not self._settings:
            return None
        setting, left = self._settings[0]
        count = min(self._size(setting), len(left))
        points = [left.popleft() for _ in range(count)]
        self.left -= count
        if not left:
            self._settings.popleft()
        return setting, points

    def ended(self, setting: int, count: int, seconds: float) -> None:
        """Learn from a block of a setting.

        The first block of a worker has its imports and compilations in it, so a lower time of a
        point is believed at once, and a higher one slowly.
        """
        if count == 0:
            return
        each = seconds / count
        known = self._seconds.get(setting, each)
        self._last = self._seconds[setting] = min(each, (known + each) / 2)
        self._largest[setting] = max(count, self._largest.get(setting, 0))
        self._twice[setting] = 2 * count if seconds < PATIENCE * SECONDS else 1

    def _size(self, setting: int) -> int:
        each = max(self._seconds.get(setting, self._last), 1e-6)
        share = max(self.left // (2 * self._jobs), round(LEAST_SECONDS / each))
        if setting not in self._seconds:
            return max(1, min(int(SECONDS_UNKNOWN / each), share, GROWTH))
        fitting = max(int(SECONDS / each), self._twice[setting])
        return max(1, min(fitting, share, GROWTH * self._largest[setting]))
