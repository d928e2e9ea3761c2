"""Workers that are processes of this machine, started by joblib's loky, each in a pool of its own.

In a common pool, the death of one worker would end the blocks of all others, and nobody would know
which block it was. A worker writes each run to a file too, so that what it finished outlives it.
"""

import concurrent.futures
import json
import os
import re
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from seqtasks.errors import RunError, one_line
from seqtasks.studies.execute.deaf_children import deaf_children
from seqtasks.studies.execute.in_worker import (
    Parcel,
    Report,
    perform_parcel,
)
from seqtasks.studies.execute.pools import Block, Broken, Done, Events, Lost
from seqtasks.studies.finished import Finished
from seqtasks.studies.settings import Point

__all__ = ["LokyWorkers", "as_bytes", "runs_in", "warm_workers"]

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""What libraries read, at their import, of the number of threads they may use."""
SECONDS_IDLE = 60
"""How long a worker that is kept waits for its next block."""
STOP = "stop"
"""The file whose presence asks the blocks to end."""
SECONDS_BETWEEN_LOOKS = 0.05
"""How often a worker looks for that file."""


_kept: list[Any] | None = None
"""Idle workers that wait for the next pool; None where none are kept."""


@contextmanager
def warm_workers() -> Generator[None, None, None]:
    """Keep worker processes from one study to the next, which spares the import of torch.

    A worker that is kept has modules as they were at its start, so they are kept in a block of code
    alone, and not for as long as this process lives.
    """
    global _kept
    if _kept is not None:
        yield
        return
    _kept = []
    try:
        yield
    finally:
        for worker in _kept:
            worker.shutdown(wait=False)
        _kept = None


class LokyWorkers:
    """Runs each block in one of several worker processes, which live as long as the pool.

    Args:
        parcel: makes what a worker is sent for the points of a setting.
        jobs: how many blocks run at once.
        events: is told of every end.
    """

    def __init__(self, parcel: Callable[[int], Parcel], jobs: int, events: Events) -> None:
        self._parcel, self.jobs, self._events = parcel, jobs, events
        self._idle: list[Any] = [] if _kept is None else _kept
        self._running: dict[Block, tuple[Any, concurrent.futures.Future[Report]]] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="seqtasks-study-"))
        self.names_the_guilty = True
        self._closing = False
        self._killed_for_memory = _kills_for_memory()

    def room(self) -> int:
        """Return how many more blocks begin at once."""
        return self.jobs - len(self._running)

    def submit(self, block: Block) -> None:
        """Begin a block in an idle worker, or in a new one."""
        parcel = self._parcel(block.setting)
        file, stop = self._folder / str(block.number), self._folder / STOP
        while True:
            worker = self._idle.pop() if self._idle else _new_worker()
            try:
                with deaf_children():  # the process may begin now
                    future = worker.submit(_perform, parcel, block.points, str(file), str(stop))
                break
            except concurrent.futures.BrokenExecutor:
                pass  # it died while it was idle
        self._running[block] = worker, future
        future.add_done_callback(lambda ended: self._ended(block, worker, ended))

    def _ended(self, block: Block, worker: Any, ended: "concurrent.futures.Future[Report]") -> None:
        """Tell of a block's end; loky calls this in a thread of its own."""
        self._running.pop(block, None)
        file = self._folder / str(block.number)
        try:
            report = ended.result()
        except concurrent.futures.CancelledError:
            return
        except concurrent.futures.BrokenExecutor as error:
            self._events.put(Lost(block, runs_in(file), self._cause(str(error))))
        except Exception as error:  # the block or its result cannot be sent
            problem = f"a block cannot be sent to a worker process, or back: {one_line(error)}"
            self._events.put(Broken(RunError(problem)))
        else:
            if self._closing:
                worker.shutdown(wait=False)
            else:
                self._idle.append(worker)
            with suppress(OSError):
                file.unlink()
            self._events.put(Done(block, report))

    def leave(self, blocks: list[Block], seconds: float) -> None:
        """Ask the blocks under way to end, and wait for them."""
        with suppress(OSError):
            (self._folder / STOP).touch()
        concurrent.futures.wait([future for _, future in self._running.values()], seconds)
        end = time.monotonic() + 0.1
        while time.monotonic() < end and any(f.done() for _, f in list(self._running.values())):
            time.sleep(0.002)  # a future is done just before its callback is called

    def close(self, blocks: list[Block]) -> None:
        """Kill the workers that still run a block, and end the idle ones."""
        self._closing = True
        left = dict(self._running)
        for worker, _ in left.values():
            worker.shutdown(wait=True, kill_workers=True)
        if self._idle is not _kept:
            for worker in self._idle:
                worker.shutdown(wait=False)
        for block in left.keys() & set(blocks):
            block.fresh.extend(runs_in(self._folder / str(block.number)))
        shutil.rmtree(self._folder, ignore_errors=True)

    def _cause(self, message: str) -> str:
        """Say what a worker died of, from loky's message and the system's count of its kills."""
        now = _kills_for_memory()
        if now > self._killed_for_memory:
            self._killed_for_memory = now
            return "out of memory: the system killed the worker"
        found = re.search(r"\{(\w+)\((-?\d+)\)", message)
        if found is None:
            return "the worker process died"
        name, code = found[1], int(found[2])
        if code >= 0:
            return f"the worker process ended with exit status {code}"
        more = ", perhaps for its memory" if -code == signal.SIGKILL else ""
        return f"the worker process was killed by {name}{more}"


def _new_worker() -> Any:
    """Return a pool of one process, which begins with the first block."""
    from joblib.externals.loky import ProcessPoolExecutor

    variables = dict.fromkeys(THREAD_VARIABLES, "1")
    return ProcessPoolExecutor(
        1, timeout=SECONDS_IDLE, env=variables, initializer=_begin, initargs=(os.getpid(),)
    )


def _begin(parent: int) -> None:
    """End soon after the coordinator."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _perform(parcel: Parcel, points: Sequence[Point], file: str, stop: str) -> Report:
    """Run a block in this process, and write each line to the block's file as well."""
    looked, asked = 0.0, False

    def stopped() -> bool:
        nonlocal looked, asked
        if not asked and time.monotonic() - looked > SECONDS_BETWEEN_LOOKS:
            looked = time.monotonic()
            asked = os.path.exists(stop)  # noqa: PTH110 - called often, and no path is needed
        return asked

    with open(file, "wb", buffering=0) as spool:

        def keep(finished: Finished) -> None:
            with suppress(OSError, TypeError, ValueError):  # then it comes with the block's end
                spool.write(as_bytes(finished))

        return perform_parcel(parcel, points, keep, stopped)


def as_bytes(finished: Finished) -> bytes:
    """Return a run for a file: its line, after the sizes of both parts, and its weights."""
    line, weights = json.dumps(finished.line).encode(), b""
    if finished.tensors is not None:
        from safetensors.torch import save

        weights = save(dict(finished.tensors))
    return b"%d %d\n%s%s" % (len(line), len(weights), line, weights)


def runs_in(file: Path) -> list[Finished]:
    """Return the runs in a block's file; the last may have been cut off."""
    found: list[Finished] = []
    with suppress(OSError), open(file, "rb") as spool:
        while head := spool.readline():
            sizes = [int(size) for size in head.split()] if head.endswith(b"\n") else []
            parts = [spool.read(size) for size in sizes]
            if len(parts) < 2 or [len(part) for part in parts] != sizes:
                break
            found.append(Finished(json.loads(parts[0]), _weights(parts[1])))
    return found


def _weights(content: bytes) -> dict[str, Any] | None:
    if not content:
        return None
    from safetensors.torch import load

    return load(content)


def _kills_for_memory() -> int:
    """Return how many processes the system has killed because memory ran out; 0 if unknown."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    return 0
