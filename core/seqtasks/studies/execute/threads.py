"""Workers that are threads of this process, for engines that release the interpreter."""

import sys
import threading
import time
from collections.abc import Sequence

from seqtasks.experiments.experiment import Experiment
from seqtasks.studies.execute.in_worker import Work, perform
from seqtasks.studies.execute.pools import Block, Done, Events

__all__ = ["NAME", "Threads"]

NAME = "seqtasks block"
"""The name of a thread. A process that ends while one computes must not wait for torch to leave."""

SECONDS_TO_CLOSE = 0.2
"""How long threads are waited for that were asked to end; a deaf one is left."""

SWITCH_SECONDS = 0.0005
"""How long a thread may hold the interpreter while another waits for it.

A replica leaves the interpreter for some ten milliseconds at a time. By default, its thread would
then wait up to 5 ms to come back, and a core would stand still.
"""


class _Switching:
    """Lets threads change places sooner while blocks of several threads are under way."""

    def __init__(self) -> None:
        self._before, self._users = 0.0, 0
        self._changing = threading.Lock()

    def begin(self) -> None:
        """Count one more user; the first one changes the setting of the interpreter."""
        with self._changing:
            self._users += 1
            if self._users == 1:
                self._before = sys.getswitchinterval()
                sys.setswitchinterval(min(SWITCH_SECONDS, self._before))

    def end(self) -> None:
        """Count one user less; the last one puts the setting back."""
        with self._changing:
            self._users -= 1
            if self._users == 0:
                sys.setswitchinterval(self._before)


_switching = _Switching()


class Threads:
    """Runs each block in a thread of its own.

    Args:
        work: trains the runs of a block.
        experiments: the experiment of each setting.
        jobs: how many blocks run at once.
        events: is told of every end.
    """

    def __init__(
        self, work: Work, experiments: Sequence[Experiment], jobs: int, events: Events
    ) -> None:
        self._work, self._experiments = work, experiments
        self.jobs, self._events = jobs, events
        self.names_the_guilty = True
        self._asked = threading.Event()
        self._running: dict[Block, threading.Thread] = {}
        self._switches = False

    def room(self) -> int:
        """Return how many more blocks begin at once."""
        return self.jobs - len(self._running)

    def submit(self, block: Block) -> None:
        """Begin a block in a new thread, which ends with this process."""
        if self.jobs > 1 and not self._switches:
            self._switches = True
            _switching.begin()
        thread = threading.Thread(target=self._perform, args=(block,), name=NAME, daemon=True)
        self._running[block] = thread
        thread.start()

    def _perform(self, block: Block) -> None:
        experiment, keep = self._experiments[block.setting], block.fresh.append
        report = perform(self._work, experiment, block.points, keep, self._asked.is_set)
        del self._running[block]
        self._events.put(Done(block, report))

    def leave(self, blocks: list[Block], seconds: float) -> None:
        """Ask the blocks under way to end, and wait for them."""
        self._asked.set()
        end = time.monotonic() + seconds
        for thread in list(self._running.values()):
            thread.join(max(0.0, end - time.monotonic()))

    def close(self, blocks: list[Block]) -> None:
        """Ask the threads that are left to end, and wait a while: nobody hears of them any more."""
        self.leave(blocks, SECONDS_TO_CLOSE)
        if self._switches:
            self._switches = False
            _switching.end()
