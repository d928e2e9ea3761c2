"""Workers of a Dask cluster: one that is there, or one on this machine for the time of a study."""

import logging
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Any

from seqtasks.errors import RunError, UsageError, one_line
from seqtasks.studies.execute.deaf_children import deaf_children
from seqtasks.studies.execute.in_worker import Parcel, Report, perform_parcel
from seqtasks.studies.execute.pools import Block, Broken, Done, Events, Lost
from seqtasks.studies.execute.reachable import SECONDS_TO_CONNECT, check_reachable, in_time
from seqtasks.studies.settings import Point

__all__ = ["DaskCluster"]

SECONDS_BETWEEN_COUNTS = 1.0
"""How often the workers of the cluster are counted."""
SECONDS_WITHOUT_WORKERS = 60.0
"""How long the cluster may be without workers before the study ends."""
SECONDS_BETWEEN_LOOKS = 0.2
"""How often a worker looks whether its block is still wanted."""


class DaskCluster:
    """Runs each block as a task of a Dask cluster.

    Args:
        parcel: makes what a worker is sent for the points of a setting.
        jobs: how many blocks run at once; None for one on each thread of the cluster.
        address: of the scheduler; None for a cluster on this machine.
        here: how many workers a cluster on this machine has.
        events: is told of every end.

    Raises:
        UsageError: if there is no cluster at the address, or it has no workers.
    """

    def __init__(
        self,
        parcel: Callable[[int], Parcel],
        jobs: int | None,
        address: str | None,
        here: int,
        events: Events,
    ) -> None:
        self._parcel, self._events = parcel, events
        self._most, self._address = jobs, address or "this machine"
        self._running: dict[Block, Any] = {}
        self._stack = ExitStack()
        self.names_the_guilty = False
        self._closing = False
        try:
            self._client = _connected(address) if address else _local(here, self._stack)
            self._stack.callback(self._client.close, timeout=2)
            self.jobs = self._first_count()
        except BaseException:
            self._stack.close()
            raise
        self._workers, self._counted = self.jobs, time.monotonic()
        self._seen = time.monotonic()

    def _first_count(self) -> int:
        try:
            self._client.wait_for_workers(1, timeout=SECONDS_TO_CONNECT)
        except TimeoutError:
            raise UsageError(
                f"the Dask cluster at {self._address} has no worker after {SECONDS_TO_CONNECT} s"
            ) from None
        return self._limited(sum(self._client.nthreads().values()))

    def _limited(self, workers: int) -> int:
        return workers if self._most is None else min(self._most, workers)

    def room(self) -> int:
        """Return how many more blocks the cluster takes, by its present number of workers.

        Raises:
            RunError: if the cluster is gone, or has had no worker for a minute.
        """
        now = time.monotonic()
        if now - self._counted > SECONDS_BETWEEN_COUNTS:
            try:
                self._workers = self._limited(sum(self._client.nthreads().values()))
            except Exception as error:  # of the connection
                raise self._gone() from error
            self._counted = now
        if self._workers:
            self._seen = now
        elif now - self._seen > SECONDS_WITHOUT_WORKERS:
            raise RunError(
                f"the Dask cluster at {self._address} has had no worker for "
                f"{SECONDS_WITHOUT_WORKERS:.0f} s; what was finished before is kept"
            )
        return self._workers - len(self._running)

    def _gone(self) -> RunError:
        return RunError(
            f"the Dask cluster at {self._address} is gone; what was finished before is kept"
        )

    def submit(self, block: Block) -> None:
        """Begin a block; Dask itself tries it again if its worker dies, as often as it is set to.

        Raises:
            RunError: if the cluster is gone.
        """
        parcel = self._parcel(block.setting)
        try:
            future = self._client.submit(
                _perform,
                parcel,
                block.points,
                pure=False,
                key=f"seqtasks-{id(self)}-{block.number}",
            )
        except Exception as error:  # of the connection
            raise self._gone() from error
        self._running[block] = future
        future.add_done_callback(lambda ended: self._ended(block, ended))

    def _ended(self, block: Block, ended: Any) -> None:
        """Tell of a block's end; Dask calls this in a thread of its own."""
        if self._closing:
            return
        from distributed.scheduler import KilledWorker

        try:
            report = ended.result(timeout=SECONDS_WITHOUT_WORKERS)
        except KilledWorker:
            problem = "the worker died; Dask does not say of what, perhaps of too little memory"
            self._running.pop(block, None)
            self._events.put(Lost(block, [], problem))
        except Exception as error:
            self._events.put(Broken(self._why(ended, error)))
        else:
            self._running.pop(block, None)
            self._events.put(Done(block, report))
        with suppress(Exception):
            ended.release()

    def _why(self, ended: Any, error: Exception) -> RunError | UsageError:
        if ended.status in ("cancelled", "lost") or isinstance(error, TimeoutError):
            return self._gone()
        return UsageError(f"the workers of the Dask cluster cannot run it: {one_line(error)}")

    def leave(self, blocks: list[Block], seconds: float) -> None:
        """Wait for the blocks under way for a while."""
        end = time.monotonic() + seconds
        while self._running and time.monotonic() < end:
            time.sleep(0.01)

    def close(self, blocks: list[Block]) -> None:
        """Take back the blocks under way, and leave the cluster; end the one of this machine."""
        self._closing = True
        with suppress(Exception):
            self._client.cancel(list(self._running.values()))
        with suppress(Exception):
            self._stack.close()


def _perform(parcel: Parcel, points: Sequence[Point]) -> Report:
    """Run a block in a worker; it ends soon after it was taken back."""
    from distributed import get_worker

    worker = get_worker()
    key, looked, asked = worker.get_current_task(), time.monotonic(), False

    def stopped() -> bool:
        nonlocal looked, asked
        if not asked and time.monotonic() - looked > SECONDS_BETWEEN_LOOKS:
            looked = time.monotonic()
            task = worker.state.tasks.get(key)
            asked = task is None or task.state == "cancelled"
        return asked

    return perform_parcel(parcel, points, stop=stopped)


def _connected(address: str) -> Any:
    from distributed import Client

    check_reachable(address, "Dask", "tcp://host:8786")
    _silence()
    try:
        return in_time(
            lambda: Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False),
            SECONDS_TO_CONNECT + 1,
        )
    except (OSError, ValueError, ImportError) as error:
        raise UsageError(f"there is no Dask cluster at {address}: {one_line(error)}") from None


def _local(workers: int, stack: ExitStack) -> Any:
    """Start a cluster whose tasks are not tried again by Dask itself: the coordinator knows how."""
    import dask.config as dask_config
    from distributed import Client, LocalCluster

    _silence()
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="seqtasks-dask-"))
    settings: dict[str, Any] = {
        "n_workers": workers,
        "threads_per_worker": 1,
        "dashboard_address": None,
        "local_directory": folder,
        "silence_logs": logging.CRITICAL,
    }
    once = dask_config.set({"distributed.scheduler.allowed-failures": 0})
    with once, deaf_children((signal.SIGINT, signal.SIGHUP)):  # Dask ends its workers by SIGTERM
        cluster = LocalCluster(**settings)
        stack.callback(cluster.close, timeout=2)
        return Client(cluster, set_as_default=False)


def _silence() -> None:
    """Keep Dask's logs of workers that come and go from the terminal."""
    for name in ("distributed", "distributed.client", "distributed.comm", "distributed.nanny"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
