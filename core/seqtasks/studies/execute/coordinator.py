"""Run the points of a study: hand out blocks, deliver runs, outlive workers."""

import queue
import time
from collections import deque
from collections.abc import Callable, Sequence

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.files.critical_section import saving
from seqtasks.studies.execute.backends import check_backend, chosen, open_pool
from seqtasks.studies.execute.block_sizes import Cutter
from seqtasks.studies.execute.in_worker import Work
from seqtasks.studies.execute.lost_blocks import MOST_KILLS, parts, without_run
from seqtasks.studies.execute.pools import Block, Broken, Done, Events, Lost, Pool
from seqtasks.studies.finished import Finished
from seqtasks.studies.settings import Point

__all__ = ["SECONDS_TO_LEAVE", "Deliver", "execute"]

SECONDS_BETWEEN_LOOKS = 0.05
"""How often runs of threads are delivered, and `stop` is asked."""
SECONDS_TO_LEAVE = 0.5
"""How long blocks under way may take to end once `stop` has asked for the end."""


Deliver = Callable[[Sequence[Finished]], None]
"""Takes runs that have ended, in the coordinator's thread."""


def execute(
    points: Sequence[Point],
    experiments: Sequence[Experiment],
    work: Work,
    *,
    deliver: Deliver,
    backend: str = "auto",
    jobs: int | None = None,
    address: str | None = None,
    releases_the_interpreter: bool = False,
    stop: Callable[[], bool] = lambda: False,
    patience: float = SECONDS_TO_LEAVE,
) -> None:
    """Make runs on the cores of this machine or of a cluster, and deliver each as it ends.

    Args:
        points: the runs to make, in the order in which they begin; those of a setting lie together.
        experiments: the experiment of each setting.
        work: trains an experiment with the seeds of some points. It is pickled, unless the backend
            is `threads`. If it raises, or ends its process, then the point that it did so at gets a
            line with the status `failed` or `killed`, and all others go on.
        deliver: takes runs that have ended, in this thread.
        backend: `threads`, `loky`, `dask` or `ray`; `auto` is `threads` where all runs release the
            interpreter, or where observers of single runs are in this process, else `loky`.
        jobs: how many runs at once; None for one on each core.
        address: the address of a cluster that is there; None for workers on this machine.
        releases_the_interpreter: whether all runs use an engine that lets other threads run.
        stop: asked about every 50 ms; true ends the work in order: the blocks under way have some
            time to end, and what they finished is delivered.
        patience: the seconds that they have.

    Raises:
        UsageError: if there is no such backend or cluster, or its workers lack a package.
        RunError: if the cluster is gone; what was delivered before is intact.
    """
    check_backend(backend, jobs, address)
    watched = bool(getattr(work, "observers", None))
    backend = chosen(backend, releases_the_interpreter or watched)
    if watched and backend != "threads":
        raise UsageError(
            f"the backend {backend} makes the runs in other processes, where an observer of single "
            "runs does not see them: choose the backend threads"
        )
    if not points:
        return
    events = Events()
    pool = open_pool(backend, work, experiments, jobs, len(points), address, events)
    _Coordinator(points, pool, deliver, events).until_the_end(stop, patience)


class _Coordinator:
    """What is under way, and what is still to be done."""

    def __init__(
        self,
        points: Sequence[Point],
        pool: Pool,
        deliver: Deliver,
        events: Events,
    ) -> None:
        self._cutter, self._pool, self._deliver = Cutter(points, pool.jobs), pool, deliver
        self._events = events
        self._again: deque[Block] = deque()
        self._running: dict[Block, dict[int, Point]] = {}
        self._blocks = 0
        self._arrived: list[Finished] = []
        self._ending = False
        self._delivering = True

    def until_the_end(self, stop: Callable[[], bool], patience: float) -> None:
        """Hand out blocks until all runs are delivered or `stop` asks for the end.

        A worker that has ended its block gets the next one before the runs are delivered: to write
        them takes some milliseconds.
        """
        try:
            while (self._running or self._again or self._cutter.left) and not stop():
                self._hand_out()
                self._deliver_arrived()
                self._hear(SECONDS_BETWEEN_LOOKS)
            self._ending = True
            if self._running:
                self._pool.leave(list(self._running), patience)
        finally:
            self._ending = True
            try:
                self._pool.close(list(self._running))
            finally:
                if self._delivering:
                    with saving():
                        self._deliver_the_rest()

    def _deliver_the_rest(self) -> None:
        """Deliver what has come since, and what blocks left that were cut off."""
        while not self._events.empty():
            event = self._events.get()
            if not isinstance(event, Broken) and event.block in self._running:
                self._take(event)
        for block in self._running:
            self._arrive_fresh(block)
        self._deliver_arrived()

    def _hand_out(self) -> None:
        for _ in range(self._pool.room()):
            if any(self._is_alone(block) for block in self._running):
                return
            if self._again:
                if self._running and self._is_alone(self._again[0]):
                    return
                block = self._again.popleft()
            else:
                cut = self._cutter.next()
                if cut is None:
                    return
                block = self._block(*cut)
            self._running[block] = {point.number: point for point in block.points}
            self._pool.submit(block)

    def _is_alone(self, block: Block) -> bool:
        """Say whether nothing may run beside a block, for its next death would be its own fault."""
        return not self._pool.names_the_guilty and block.kills == MOST_KILLS - 1

    def _block(self, setting: int, points: list[Point], kills: int = 0) -> Block:
        self._blocks += 1
        return Block(self._blocks, setting, points, kills)

    def _hear(self, seconds: float) -> None:
        """Wait for an event, then take all that there are, and the runs of threads."""
        end = time.monotonic() + seconds
        while True:
            try:
                event = self._events.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                break
            end = 0.0
            if isinstance(event, Broken):
                raise event.error
            if event.block in self._running:
                self._take(event)
        for block in self._running:
            self._arrive_fresh(block)

    def _take(self, event: Done | Lost) -> None:
        block = event.block
        self._arrive_fresh(block)
        found = event.finished if isinstance(event, Lost) else event.report.finished
        self._arrive(block, found)
        missing = list(self._running.pop(block).values())
        if self._ending:
            return  # what is missing is unfinished
        if isinstance(event, Lost):
            self._lost(block, missing, event.problem)
            return
        report = event.report
        if report.unfit is not None:
            raise UsageError(f"the study cannot run there: {report.unfit}")
        self._cutter.ended(block.setting, len(block.points) - len(missing), report.seconds)
        if not missing:
            return
        problem = report.raised or "the work gave no line"
        if len(missing) == 1:
            self._arrived.append(without_run(missing[0], "failed", problem, report.seconds))
            return
        self._divide(block, missing, 0)

    def _lost(self, block: Block, missing: list[Point], problem: str) -> None:
        kills = block.kills + 1
        if len(missing) > 1:
            self._divide(block, missing, 1)
        elif missing and kills >= MOST_KILLS:
            self._arrived.append(without_run(missing[0], "killed", problem))
        elif missing:
            self._again.append(self._block(block.setting, missing, kills))

    def _divide(self, block: Block, points: list[Point], kills: int) -> None:
        self._again.extend(self._block(block.setting, part, kills) for part in parts(points))

    def _arrive_fresh(self, block: Block) -> None:
        """Note the runs that a thread has left; it may append more meanwhile."""
        fresh = block.fresh[:]
        del block.fresh[: len(fresh)]
        self._arrive(block, fresh)

    def _arrive(self, block: Block, finished: Sequence[Finished]) -> None:
        """Note the runs of points that have none yet."""
        missing = self._running[block]
        self._arrived += [
            one for one in finished if missing.pop(one.line["point"], None) is not None
        ]

    def _deliver_arrived(self) -> None:
        arrived, self._arrived = self._arrived, []
        if not arrived:
            return
        try:
            self._deliver(arrived)
        except Exception:
            self._delivering = False  # as on a full disk: it would fail again
            raise
