"""Progress of work that is no run, on stderr."""

import time
from collections.abc import Callable

from seqtasks.cli.output import say

__all__ = ["instances_progress"]

_SECONDS_BETWEEN_LINES = 10.0


def instances_progress(count: int | None = None) -> Callable[[int], None]:
    """Return a function that reports every ten seconds, on stderr, how many instances are drawn."""
    of_all = "" if count is None else f" of {count:,}"
    next_line = time.monotonic() + _SECONDS_BETWEEN_LINES

    def progress(drawn: int) -> None:
        nonlocal next_line
        if time.monotonic() >= next_line:
            next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
            say(f"{drawn:,}{of_all} instances", err=True)

    return progress
