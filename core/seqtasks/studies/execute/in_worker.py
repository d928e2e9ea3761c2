"""What a worker does with a block: the same packages, each run kept, each error named."""

import functools
import os
import pickle
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from seqtasks import __version__
from seqtasks.errors import UsageError, explain, one_line
from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.finished import Finished
from seqtasks.studies.settings import Point

__all__ = ["Keep", "Parcel", "Report", "Stop", "Work", "pack", "perform", "perform_parcel"]

Stop = Callable[[], bool]
"""Says whether the study is to end."""

Work = Callable[[Experiment, Sequence[Point], Stop], Iterable[Finished]]
"""Trains an experiment with the seeds of points, and gives each run as soon as it has ended."""

Keep = Callable[[Finished], None]

_CARRIED = ("SEQTASKS_CACHE", "SEQTASKS_CACHE_LIMIT", "SEQTASKS_CFLAGS", "SEQTASKS_VERIFY")
"""Environment variables that workers elsewhere take from the study, unless they have their own."""

_LIBRARIES = ("torch", "numpy")
"""Packages whose version decides the bits of a run."""


@dataclass(frozen=True)
class Parcel:
    """All that a worker in another process needs besides the points, for the runs of a setting.

    Attributes:
        content: the work and the experiment, pickled.
        versions: of seqtasks and of the packages that decide the bits of a run.
        variables: environment variables for workers that lack them.
    """

    content: bytes
    versions: tuple[tuple[str, str], ...]
    variables: tuple[tuple[str, str], ...]


@dataclass
class Report:
    """What came of a block.

    Attributes:
        finished: the runs that ended, unless they were handed on one by one.
        seconds: how long the block took.
        raised: the error that ended the block early, in one line, or None.
        unfit: why this worker can run no block of the study, or None.
    """

    finished: list[Finished] = field(default_factory=list[Finished])
    seconds: float = 0.0
    raised: str | None = None
    unfit: str | None = None


def pack(work: Work, experiment: Experiment) -> Parcel:
    """Pickle work for other processes; classes made in a program go by their content.

    Raises:
        UsageError: if it cannot be pickled.
    """
    from joblib.externals.loky.cloudpickle_wrapper import dumps

    try:
        content: bytes = dumps((work, experiment))
    except Exception as error:  # of the user's own objects
        raise UsageError(
            f"the study cannot be sent to other processes: {one_line(error)}; the backend "
            "`threads` sends nothing"
        ) from error
    variables = tuple((name, os.environ[name]) for name in _CARRIED if name in os.environ)
    return Parcel(content, _versions(), variables)


def perform(
    work: Work, experiment: Experiment, points: Sequence[Point], keep: Keep, stop: Stop
) -> Report:
    """Run a block and hand on each run that has ended; an error is returned, never raised.

    Args:
        work: trains the runs.
        experiment: the experiment of the points' setting.
        points: the block.
        keep: is given each run as it ends.
        stop: says whether the study is to end.
    """
    began, report = time.perf_counter(), Report()
    try:
        for finished in work(experiment, points, stop):
            keep(finished)
            if stop():
                break
    except MemoryError:
        report.raised = "out of memory"
    except BaseException as error:  # a cell may also call sys.exit(), or raise KeyboardInterrupt:
        # Python raises it for Ctrl-C in the main thread of the coordinator alone
        report.raised = explain(error)
    report.seconds = time.perf_counter() - began
    return report


def perform_parcel(
    parcel: Parcel,
    points: Sequence[Point],
    keep: Keep = lambda _: None,
    stop: Stop = lambda: False,
) -> Report:
    """Run a block in a process that was sent a parcel, and return its runs too; see `perform`."""
    for name, value in parcel.variables:
        os.environ.setdefault(name, value)
    other = [
        f"{package} {here}, and the study has {wanted}"
        for (package, wanted), (_, here) in zip(parcel.versions, _versions(), strict=True)
        if here != wanted
    ]
    if other:
        return Report(unfit=f"the worker on {platform.node()} has {'; '.join(other)}")
    try:
        work, experiment = _unpacked(parcel.content)
    except Exception as error:  # a module is missing here, or it is of the user's own code
        return Report(unfit=f"the worker on {platform.node()} cannot read it: {one_line(error)}")
    finished: list[Finished] = []

    def both(one: Finished) -> None:
        finished.append(one)
        keep(one)

    report = perform(work, experiment, points, both, stop)
    report.finished = finished
    return report


@functools.lru_cache(maxsize=2)
def _unpacked(content: bytes) -> tuple[Work, Experiment]:
    """Return the work and the experiment; those of the last settings are read once."""
    return pickle.loads(content)


@functools.cache
def _versions() -> tuple[tuple[str, str], ...]:
    return ("seqtasks", __version__), *((name, _version(name)) for name in _LIBRARIES)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
