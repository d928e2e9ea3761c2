"""Hold a signal back while a checkpoint is written."""

from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["finished_savings", "is_saving", "saving"]

_under_way = _finished = 0


@contextmanager
def saving() -> Generator[None, None, None]:
    """Delay a signal that would end the process until this block has ended."""
    global _under_way, _finished
    _under_way += 1
    try:
        yield
        _finished += 1
    finally:
        _under_way -= 1


def is_saving() -> bool:
    """Say whether something is being saved."""
    return _under_way > 0


def finished_savings() -> int:
    """Return how many times this process has saved something."""
    return _finished
