"""Start processes that signals of the terminal do not reach: the coordinator alone decides."""

import signal
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from multiprocessing.resource_tracker import ensure_running

__all__ = ["deaf_children"]

BLOCKED = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
"""Signals that a terminal or a batch system sends to all processes of a command at once."""


@contextmanager
def deaf_children(signals: Sequence[int] = BLOCKED) -> Generator[None, None, None]:
    """Let processes and threads that begin meanwhile never receive signals that ask for the end.

    A process inherits which signals are blocked. A signal that comes meanwhile reaches this process
    afterwards. Python's tracker of semaphores is started first: its start unblocks signals.
    """
    ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
