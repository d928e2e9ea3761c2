"""Say a warning once in a study, and not once for each of its thousand runs; hear what is said."""

import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["heard", "said_once"]

logger = logging.getLogger("seqtasks")


class _Once(logging.Filter):
    """Drops what one thread says again; other threads of the program are not concerned."""

    def __init__(self, said: set[str]) -> None:
        super().__init__()
        self._said, self._thread = said, threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.thread != self._thread:
            return True
        message = record.getMessage()
        if message in self._said:
            return False
        self._said.add(message)
        return True


@contextmanager
def said_once(said: set[str]) -> Generator[None, None, None]:
    """Drop what this thread says again to the end of a block.

    Args:
        said: what was said before; it grows.
    """
    once = _Once(said)
    logger.addFilter(once)
    try:
        yield
    finally:
        logger.removeFilter(once)


class _Ear(logging.Filter):
    """Notes what one thread says."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[int, str]] = []
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.thread == self._thread:
            self.heard.append((record.levelno, record.getMessage()))
        return True


@contextmanager
def heard() -> Generator[list[tuple[int, str]]]:
    """Note what this thread says to the end of a block, with its level, also what is dropped."""
    ear = _Ear()
    logger.filters.insert(0, ear)  # before those that drop
    try:
        yield ear.heard
    finally:
        logger.removeFilter(ear)
