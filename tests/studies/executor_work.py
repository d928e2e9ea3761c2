"""Work for executors: what a study does with a block, made small, raising, deadly or greedy."""

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from seqtasks.studies.execute import execute
from seqtasks.studies.finished import Finished
from seqtasks.studies.settings import Point

NO_EXPERIMENTS = [None] * 4
"""What the work of these tests is given, which looks at the points alone."""


def points(count, setting=0, first=0):
    """Return the points of a setting, whose seeds are their numbers."""
    return [Point(number, setting, number) for number in range(first, first + count)]


def ended(point, **more):
    """Return a run that ended, with more in its line than a study has."""
    return Finished({"point": point.number, "seed": point.seed, "status": "ended", **more}, None)


@dataclass(frozen=True)
class Square:
    """Gives the square of each seed, after some time, and notes each run in a folder."""

    seconds: float = 0.0
    notes: str | None = None

    def __call__(self, experiment, block, stop):
        for point in block:
            self.before(point)
            time.sleep(self.seconds)
            if self.notes is not None:
                with (Path(self.notes) / f"{os.getpid()}-{point.number}").open("a") as file:
                    file.write("x")
            yield ended(point, square=point.seed**2, process=os.getpid())

    def before(self, point):
        """Do nothing: others raise or die here."""


@dataclass(frozen=True)
class Deadly(Square):
    """Ends its process by a signal at some points."""

    at: tuple[int, ...] = ()
    by: int = signal.SIGKILL

    def before(self, point):
        if point.number in self.at:
            os.kill(os.getpid(), self.by)


@dataclass(frozen=True)
class DeadlyOnce(Square):
    """Ends its process at some points, unless it has done so before."""

    at: tuple[int, ...] = ()
    marks: str = ""

    def before(self, point):
        mark = Path(self.marks) / f"killed-{point.number}"
        if point.number in self.at and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Raising(Square):
    """Raises an error at some points."""

    at: tuple[int, ...] = ()
    error: BaseException | None = None

    def before(self, point):
        if point.number in self.at:
            assert self.error is not None
            raise self.error


@dataclass(frozen=True)
class AllAtOnce:
    """Gives no line before the whole block has been run, as vectorised work does."""

    inner: Square

    def __call__(self, experiment, block, stop):
        return list(self.inner(experiment, block, stop))


@dataclass(frozen=True)
class Greedy(Square):
    """Limits its own memory, and takes more of it at some points."""

    at: tuple[int, ...] = ()

    def before(self, point):
        if point.number in self.at:
            import resource

            used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
            before = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, before[1]))
            try:
                bytearray(2**28)
            finally:
                resource.setrlimit(resource.RLIMIT_AS, before)


class Delivered(list):
    """Takes the lines in the order in which they come."""

    def __call__(self, finished):
        self.extend(one.line for one in finished)

    @property
    def table(self):
        """The status and the square of each point; fails if a point has two lines."""
        assert max(Counter(one["point"] for one in self).values()) == 1
        return {one["point"]: (one["status"], one.get("square")) for one in self}

    def problem(self, number):
        (found,) = [one["problem"] for one in self if one["point"] == number]
        return found


def ran(asked, work, **options):
    delivered = Delivered()
    execute(asked, NO_EXPERIMENTS, work, deliver=delivered, **options)
    return delivered


def squares(numbers, without=(), status="killed"):
    return {n: (status, None) if n in without else ("ended", n**2) for n in numbers}
