"""Choose a pool of workers by its name, and open it."""

import functools
import importlib.util
from collections.abc import Sequence
from typing import Literal, get_args

from seqtasks.errors import UsageError, did_you_mean
from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.execute.in_worker import Parcel, Work, pack
from seqtasks.studies.execute.pools import Events, Pool

__all__ = ["BACKENDS", "BackendName", "check_backend", "chosen", "cores", "open_pool"]

BackendName = Literal["auto", "threads", "loky", "dask", "ray"]
BACKENDS: tuple[BackendName, ...] = get_args(BackendName)

_NEEDS = {"dask": "distributed", "ray": "ray"}
"""The package of each backend that is an extra of the same name."""


def check_backend(backend: str, jobs: int | None, address: str | None) -> None:
    """Check, before anything is made, that a backend can be asked for.

    Raises:
        UsageError: if there is no such backend, it is not installed, or an option does not fit it.
    """
    if backend not in BACKENDS:
        known = did_you_mean(backend, BACKENDS) or f" Known: {', '.join(BACKENDS)}."
        raise UsageError(f"there is no backend '{backend}'.{known}")
    if jobs is not None and (isinstance(jobs, bool) or jobs < 1):
        raise UsageError(f"jobs must be at least 1, got {jobs}")
    package = _NEEDS.get(backend)
    if package is None:
        if address is not None:
            raise UsageError(
                f"address names a cluster, and the backend {backend} has none: "
                "choose the backend dask or ray"
            )
    elif importlib.util.find_spec(package) is None:
        raise UsageError(
            f"the backend {backend} needs the package {package}: pip install 'seqtasks[{backend}]'"
        )


def chosen(backend: str, in_threads: bool) -> str:
    """Return the backend for `auto`: threads where they help or are needed, else processes."""
    if backend != "auto":
        return backend
    return "threads" if in_threads else "loky"


def cores() -> int:
    """Return how many cores this process may use, by its affinity and its control group."""
    from joblib import cpu_count

    return cpu_count()


def open_pool(
    backend: str,
    work: Work,
    experiments: Sequence[Experiment],
    jobs: int | None,
    most: int,
    address: str | None,
    events: Events,
) -> Pool:
    """Open a pool of workers.

    Args:
        backend: the name of a backend, not `auto`.
        work: trains the runs of a block.
        experiments: the experiment of each setting.
        jobs: how many blocks run at once; None for one on each core.
        most: the most blocks that there can be at once.
        address: of a cluster that is there; None for this machine.
        events: is told of every end.

    Raises:
        UsageError: if there is no cluster at the address, or it cannot be reached in time.
    """
    if backend == "threads":
        from seqtasks.studies.execute.threads import Threads

        return Threads(work, experiments, min(jobs or cores(), most), events)

    @functools.lru_cache(maxsize=4)  # blocks of a setting follow each other
    def parcel(setting: int) -> Parcel:
        return pack(work, experiments[setting])

    if backend == "loky":
        from seqtasks.studies.execute.loky_workers import LokyWorkers

        return LokyWorkers(parcel, min(jobs or cores(), most), events)
    here = min(jobs or cores(), most)
    if backend == "dask":
        from seqtasks.studies.execute.dask_cluster import DaskCluster

        return DaskCluster(parcel, jobs, address, here, events)
    from seqtasks.studies.execute.ray_cluster import RayCluster

    return RayCluster(parcel, jobs, address, here, events)
