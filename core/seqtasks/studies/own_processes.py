"""Call a function in processes that are ready, one or several at once, to measure the machine."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

from seqtasks.errors import one_line

__all__ = ["OwnProcesses"]

MakeCall = Callable[..., Callable[[], Any]]


class OwnProcesses:
    """Processes that wait for a word to do the same, each on its own.

    Args:
        count: how many processes.
        make: a function of a module that makes the call, once in each process.
        arguments: its arguments.

    Raises:
        RuntimeError: if a process cannot make the call.
    """

    def __init__(self, count: int, make: MakeCall, *arguments: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._ends: list[Connection] = []
        self._processes: list[Any] = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_wait, args=(theirs, make, arguments), daemon=True)
            process.start()
            theirs.close()
            self._ends.append(ours)
            self._processes.append(process)
        try:
            self._hear(self._ends)
        except BaseException:
            self.close()
            raise

    def run(self, count: int) -> None:
        """Let some of the processes call at once, and wait for all of them.

        Raises:
            RuntimeError: if a call fails, with its error.
        """
        ends = self._ends[:count]
        for end in ends:
            end.send(None)
        self._hear(ends)

    def _hear(self, ends: list[Connection]) -> None:
        for end in ends:
            try:
                problem = end.recv()
            except EOFError:
                problem = "the process has ended"
            if problem is not None:
                raise RuntimeError(problem)

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.terminate()
            process.join()

    def __enter__(self) -> "OwnProcesses":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _wait(end: Connection, make: MakeCall, arguments: tuple[Any, ...]) -> None:
    """Make the call, and call at each word."""
    try:
        call = make(*arguments)
        end.send(None)
        while True:
            end.recv()
            call()
            end.send(None)
    except EOFError:
        return
    except Exception as error:
        end.send(one_line(error))
