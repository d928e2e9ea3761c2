"""Append the lines of runs that have ended to a file, each whole."""

import os
import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from seqtasks.files.atomic import appending, sync, writing
from seqtasks.files.json_text import write_text
from seqtasks.studies.lines import STATUSES

__all__ = ["LineWriter"]

SECONDS_BETWEEN_SYNCS = 1.0


class LineWriter:
    """Appends lines to a file of its own, and brings them to the disk once a second.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._synced = 0.0
        self._points, self._starts, self._statuses = array("q"), array("q"), array("b")

    def places(self) -> Iterator[tuple[int, str, int]]:
        """Yield the point and the status of each line written, and where it begins in the file."""
        for point, status, start in zip(self._points, self._statuses, self._starts, strict=True):
            yield point, STATUSES[status], start

    def write(self, lines: Sequence[dict[str, Any]], last: bool = False) -> None:
        """Write lines, each whole.

        Raises:
            RunError: if they cannot be written, such as on a full disk.
        """
        written = [(write_text(line) + "\n").encode() for line in lines]
        content = b"".join(written)
        with writing(self.path), appending(self.path) as file:
            start = os.fstat(file.fileno()).st_size
            try:
                while content:  # without a buffer, which would write its rest later
                    content = content[os.write(file.fileno(), content) :]
            except OSError:
                with suppress(OSError):  # half a line would damage the line after it
                    os.ftruncate(file.fileno(), start)
                raise
            for line, octets in zip(lines, written, strict=True):
                self._points.append(line["point"])
                self._statuses.append(STATUSES.index(line["status"]))
                self._starts.append(start)
                start += len(octets)
            now = time.monotonic()
            if last or now - self._synced >= SECONDS_BETWEEN_SYNCS:
                sync(file.fileno(), self.path)
                self._synced = now
