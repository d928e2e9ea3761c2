"""Standard streams that survive being closed, full, or abandoned by their reader.

Text that cannot be written to stderr is dropped: a run does not end because of a progress line.
A failure to write to stdout is an error, reported once. A character that the stream's encoding
lacks is written as its escape.
"""

import errno
import io
import os
import select
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["OutputError", "settled_streams"]


class OutputError(OSError):
    """Something could not be written to stdout."""


class _Raw(io.FileIO):
    """A descriptor that stays open; text is written to it in full, or given up."""

    failed = False

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)

    def write(self, data: Any, /) -> int:
        size = memoryview(data).nbytes
        while not self.failed:
            try:
                written = super().write(data)
            except OSError as error:
                self.failed = True
                self.fail(error)
            else:
                if written is not None:
                    return written
                select.select([], [self], [])  # a non-blocking one that is full
        return size  # the rest of a text must not fail again at the end

    def fail(self, error: OSError) -> None:
        """Go on without the stream."""


class _RawOutput(_Raw):
    def fail(self, error: OSError) -> None:
        """Report the loss."""
        raise OutputError(error.errno, error.strerror) from error


class _Text(io.TextIOWrapper):
    """A stream that a user's code cannot take from the command: to close it flushes it."""

    def close(self) -> None:
        if not self.closed:
            self.flush()


@contextmanager
def settled_streams() -> Generator[None, None, None]:
    """Replace the process's own streams by ours; other streams, such as a test's, stay."""
    before = sys.stdin, sys.stdout, sys.stderr
    _open_descriptors()
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - it is a stream
    elif sys.stdin is sys.__stdin__ and isinstance(sys.stdin, io.TextIOWrapper):
        with suppress(io.UnsupportedOperation):  # something has read from it
            sys.stdin.reconfigure(errors="backslashreplace")
    if sys.stdout is sys.__stdout__:
        sys.stdout = _text(_RawOutput(1), sys.stdout)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(_Raw(2), sys.stderr)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        sys.stdin, sys.stdout, sys.stderr = before


def _open_descriptors() -> None:
    """Put /dev/null in place of a closed standard stream, so that no file takes its number.

    In place of stdout it is opened for reading alone, so that writing there is an error.
    """
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError as error:
            if error.errno == errno.EBADF:
                opened = os.open(os.devnull, mode)
                if opened != number:
                    os.dup2(opened, number)
                    os.close(opened)


def _text(raw: _Raw, before: Any) -> _Text:
    # If PYTHONUNBUFFERED is set, Python does not buffer the stream; we write it line by line.
    return _Text(
        io.BufferedWriter(raw),
        encoding="utf-8" if before is None else before.encoding,
        errors="backslashreplace",
        line_buffering=before is None or before.line_buffering or before.write_through,
    )
