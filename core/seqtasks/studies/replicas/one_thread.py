"""Let torch compute in one thread for the time of a call, in any number of threads at once."""

import threading
from collections.abc import Generator
from contextlib import contextmanager

import torch

__all__ = ["one_thread"]

_lock = threading.Lock()
_inside = 0
_before = 1


@contextmanager
def one_thread() -> Generator[None, None, None]:
    """Let torch compute with one thread in this thread, and restore the number after.

    torch keeps a number for each thread, and one for threads that begin later. The first of several
    calls in threads notes the number, so that no call takes the 1 of another for it.

    Example:
        >>> import torch
        >>> from seqtasks.studies.replicas.one_thread import one_thread
        >>> with one_thread():
        ...     torch.get_num_threads()
        1
    """
    global _inside, _before
    with _lock:
        if not _inside:
            _before = torch.get_num_threads()
        _inside += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            torch.set_num_threads(_before)
