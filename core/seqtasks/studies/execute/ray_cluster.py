"""Workers of a Ray cluster: one that is there, or one on this machine for the time of a study."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from seqtasks.errors import RunError, UsageError, one_line
from seqtasks.studies.execute.deaf_children import BLOCKED
from seqtasks.studies.execute.in_worker import Parcel, Report, perform_parcel
from seqtasks.studies.execute.pools import Block, Broken, Done, Events, Lost
from seqtasks.studies.execute.reachable import check_reachable
from seqtasks.studies.settings import Point

__all__ = ["RayCluster"]

SECONDS_TO_JOIN = 30
"""How long a process may take to import Ray and to join a cluster."""
_JOIN = "import sys, ray; ray.init(address=sys.argv[1], log_to_driver=False, logging_level=50)"
SECONDS_BETWEEN_COUNTS = 1.0
"""How often the cores of the cluster are counted."""
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
}
"""Set while Ray starts: it reports nothing to its makers, and does not warn of what it will do."""


class RayCluster:
    """Runs each block as a task of a Ray cluster, on one of its cores.

    Args:
        parcel: makes what a worker is sent for the points of a setting.
        jobs: how many blocks run at once; None for one on each core of the cluster.
        address: of the head node; None for a cluster on this machine.
        here: how many cores a cluster on this machine has.
        events: is told of every end.

    Raises:
        UsageError: if there is no cluster at the address.
    """

    def __init__(
        self,
        parcel: Callable[[int], Parcel],
        jobs: int | None,
        address: str | None,
        here: int,
        events: Events,
    ) -> None:
        import ray

        self._parcel, self._events, self._most = parcel, events, jobs
        self._running: dict[Block, Any] = {}
        self.names_the_guilty = True
        self._closing = False
        self._ours = not ray.is_initialized()
        if self._ours:
            _start(address, here)
        elif address not in (None, "auto", ray.get_runtime_context().gcs_address):
            raise UsageError(
                f"this process has already joined the Ray cluster at "
                f"{ray.get_runtime_context().gcs_address}: leave it by ray.shutdown(), or leave "
                f"out the address {address}"
            )
        self._prints = _let_print(lambda *_, **__: None) if self._ours else None
        self._perform = ray.remote(num_cpus=1, max_retries=0)(_perform)
        self._counted = 0.0
        self.jobs = 1
        self._count()

    def _count(self) -> None:
        import ray

        if time.monotonic() - self._counted > SECONDS_BETWEEN_COUNTS:
            try:
                cores = int(ray.cluster_resources().get("CPU", 0))
            except Exception as error:  # of the connection
                raise RunError(
                    "the Ray cluster is gone; what was finished before is kept"
                ) from error
            self.jobs = max(1, cores if self._most is None else min(self._most, cores))
            self._counted = time.monotonic()

    def room(self) -> int:
        """Return how many more blocks the cluster takes, by its present number of cores."""
        self._count()
        return self.jobs - len(self._running)

    def submit(self, block: Block) -> None:
        """Begin a block on a core."""
        reference = self._perform.remote(self._parcel(block.setting), block.points)
        self._running[block] = reference
        reference.future().add_done_callback(lambda ended: self._ended(block, ended))

    def _ended(self, block: Block, ended: Any) -> None:
        """Tell of a block's end; Ray calls this in a thread of its own."""
        if self._closing:
            return
        import ray.exceptions as of_ray

        self._running.pop(block, None)
        try:
            report = ended.result()
        except of_ray.OutOfMemoryError:
            self._events.put(Lost(block, [], "out of memory: Ray killed the worker"))
        except (
            of_ray.WorkerCrashedError,
            of_ray.NodeDiedError,
            of_ray.ObjectLostError,
            of_ray.LocalRayletDiedError,
        ):
            problem = "the worker process died; Ray does not say of what"
            self._events.put(Lost(block, [], problem))
        except of_ray.RayTaskError as error:
            why = UsageError(f"the workers of the Ray cluster cannot run it: {_cause(error)}")
            self._events.put(Broken(why))
        except Exception as error:
            self._events.put(Broken(RunError(f"the Ray cluster failed: {one_line(error)}")))
        else:
            self._events.put(Done(block, report))

    def leave(self, blocks: list[Block], seconds: float) -> None:
        """Wait for the blocks under way for a while."""
        end = time.monotonic() + seconds
        while self._running and time.monotonic() < end:
            time.sleep(0.01)

    def close(self, blocks: list[Block]) -> None:
        """End the blocks under way, and leave the cluster unless the caller had joined it."""
        import ray

        self._closing = True
        for reference in list(self._running.values()):
            with suppress(Exception):
                ray.cancel(reference, force=True)
        if self._ours:
            with suppress(Exception):
                ray.shutdown()
            _let_print(self._prints)


def _perform(parcel: Parcel, points: Sequence[Point]) -> Report:
    return perform_parcel(parcel, points)


def _start(address: str | None, here: int) -> None:
    """Join the cluster at an address, or start one on this machine."""
    import ray

    where: dict[str, Any] = {"address": address}
    if address is None:
        where = {"address": "local", "num_cpus": here, "include_dashboard": False}
    with _variables(_QUIET):
        if address is not None:
            _check_there(address)
        before = {number: signal.getsignal(number) for number in BLOCKED}
        try:
            # Ray's processes end with the thread that starts them.
            ray.init(**where, log_to_driver=False, logging_level=logging.CRITICAL)
        except (OSError, ValueError, RuntimeError) as error:
            raise UsageError(_absent(address, one_line(error))) from None
        finally:
            _put_back(before)


def _check_there(address: str) -> None:
    """Let another process join the cluster first: Ray ends a process that gets no answer."""
    if address != "auto":
        check_reachable(address, "Ray", "host:6379 or ray://host:10001")
    command = [sys.executable, "-c", _JOIN, address]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_TO_JOIN)
    except subprocess.TimeoutExpired:
        raise UsageError(_absent(address, f"no answer after {SECONDS_TO_JOIN} s")) from None
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1:] or ["Ray does not say why"]
        raise UsageError(_absent(address, why[0]))


def _absent(address: str | None, why: str) -> str:
    if address is None:
        return f"Ray cannot start on this machine: {why}"
    return f"there is no Ray cluster at {address}: {why}"


def _put_back(handlers: dict[signal.Signals, Any]) -> None:
    """Put back the handlers of signals that Ray replaces; only the main thread can."""
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers.items():
            if handler is not None:
                signal.signal(number, handler)


def _let_print(prints: Any) -> Any:
    """Set what prints Ray's news of dead workers, and return what did before.

    Ray prints them on the standard output, whatever its logging is set to; a table or JSON that
    other programs read is written there.
    """
    from ray._private import worker

    before = getattr(worker, "print_to_stdstream", None)
    if before is not None and prints is not None:
        worker.print_to_stdstream = prints
    return before


@contextmanager
def _variables(values: dict[str, str]) -> Generator[None, None, None]:
    """Set environment variables that are not set, and remove them again."""
    new = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)


def _cause(error: Any) -> str:
    return one_line(error.cause) if getattr(error, "cause", None) else one_line(error)
