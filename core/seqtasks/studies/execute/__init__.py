"""Make the runs of a study on threads, processes or a cluster."""

from collections.abc import Callable, Sequence

from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.settings import Point
from seqtasks.studies.work import Finished, Work

__all__ = ["execute"]


def execute(
    points: Sequence[Point],
    experiments: Sequence[Experiment],
    work: Work,
    *,
    backend: str,
    jobs: int | None,
    address: str | None,
    releases_the_interpreter: bool,
    stop: Callable[[], bool],
    deliver: Callable[[Sequence[Finished]], None],
) -> None:
    """Make runs, and deliver each as it ends.

    Args:
        points: the runs to make.
        experiments: the experiment of each setting.
        work: what trains the runs of one experiment.
        backend: `auto`, `threads`, `loky`, `dask` or `ray`.
        jobs: how many runs at once; None for one on each core.
        address: the address of a cluster that is there.
        releases_the_interpreter: whether all runs use an engine that lets other threads run.
        stop: asked between runs; true ends the work in order.
        deliver: takes runs that have ended, in this process and in one thread.
    """
    for point in points:
        if stop():
            return
        deliver(list(work(experiments[point.setting], [point], stop)))
