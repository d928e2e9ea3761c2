"""The limit of the folder of kept programs: those that were least recently used go first.

The time of access of a program's file is when it was last used: `mark_used` sets it, because many
file systems do not. A process loads its own copy of a program, so a file may go at any time; only a
process that needs it once more would have to compile it again. Therefore no process removes what it
has used itself.
"""

import fcntl
import os
import re
import stat
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from seqtasks.errors import UsageError

__all__ = [
    "LIMIT_VARIABLE",
    "KeptProgram",
    "cache_limit",
    "kept_programs",
    "make_room",
    "mark_used",
    "remove_programs",
]

LIMIT_VARIABLE = "SEQTASKS_CACHE_LIMIT"
"""Names the most bytes of all kept programs, such as `500MB`."""
MOST_BYTES = 10**9

_PROGRAM = re.compile(r"[0-9a-f]{32}\.so")
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([kmgt]?)(i?)(b?)", re.IGNORECASE)
_used_here: set[str] = set()
"""The names of the programs that this process has used."""


@dataclass(frozen=True)
class KeptProgram:
    """The file of a program.

    Attributes:
        name: the file's name.
        size: its bytes.
        used: when it was last used, in seconds since 1970.
    """

    name: str
    size: int
    used: float


def cache_limit() -> int:
    """Return the most bytes of all kept programs.

    Raises:
        UsageError: if the variable is no size.
    """
    text = os.environ.get(LIMIT_VARIABLE, "").strip()
    if not text:
        return MOST_BYTES
    found = _SIZE.fullmatch(text)
    if found is None or (found[3] and not found[2]):
        raise UsageError(f"{LIMIT_VARIABLE} must be a size such as 500MB or 2GB, got {text!r:.60}")
    power = " kmgt".index(found[2].lower() or " ")
    return int(float(found[1]) * (1024 if found[3] else 1000) ** power)


def mark_used(
    path: Path, descriptor: int | None = None, about: os.stat_result | None = None
) -> None:
    """Note that this process uses a program, and now.

    Args:
        path: the program's file.
        descriptor: the opened file; None for one that was just written.
        about: what `fstat` says of it.
    """
    _used_here.add(path.name)
    if descriptor is not None and about is not None:
        with suppress(OSError):  # a cache that can only be read is never made smaller either
            os.utime(descriptor, ns=(time.time_ns(), about.st_mtime_ns))


def kept_programs(folder: Path) -> list[KeptProgram]:
    """Return the programs in a folder, the least recently used first; no link is followed.

    Raises:
        OSError: if the folder cannot be read.
    """
    found: list[KeptProgram] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if _PROGRAM.fullmatch(entry.name):
                    with suppress(FileNotFoundError):  # another process was faster
                        about = entry.stat(follow_symlinks=False)
                        if stat.S_ISREG(about.st_mode):
                            used = max(about.st_atime, about.st_mtime)
                            found.append(KeptProgram(entry.name, about.st_size, used))
    except FileNotFoundError:
        return []
    return sorted(found, key=lambda program: (program.used, program.name))


def make_room(folder: Path, most: int) -> None:
    """Remove programs until the rest has at most a number of bytes.

    What this process has used stays, even if that is more. A folder that cannot be changed stays
    as it is.
    """
    with suppress(OSError), _alone(folder):
        programs = kept_programs(folder)
        size = sum(program.size for program in programs)
        for program in programs:
            if size <= most:
                break
            if program.name not in _used_here:
                size -= program.size
                (folder / program.name).unlink(missing_ok=True)


def remove_programs(folder: Path) -> list[KeptProgram]:
    """Remove all programs of a folder and return them; nothing else in it is touched.

    Raises:
        OSError: if one cannot be removed.
    """
    removed: list[KeptProgram] = []
    with _alone(folder):
        for program in kept_programs(folder):
            (folder / program.name).unlink(missing_ok=True)
            removed.append(program)
    return removed


@contextmanager
def _alone(folder: Path) -> Generator[None, None, None]:
    """Wait until no other process makes room, so that two do not remove twice as much.

    After a second, or where there are no locks, it goes on: a file may go at any time.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield
        return
    try:
        for _ in range(50):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.02)
            except OSError:
                break
            else:
                break
        yield
    finally:
        os.close(descriptor)
