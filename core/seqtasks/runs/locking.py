"""Lock a run's folder, so that only one process at a time writes it."""

import errno
import fcntl
import os
import platform
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from seqtasks.errors import UsageError, one_line
from seqtasks.files.atomic import open_owned, read_regular, warn_once

__all__ = ["held", "is_held", "shared", "try_lock"]

# A network file system reports EBADF for a folder, which cannot be opened for writing.
_NO_LOCKS = (
    errno.ENOSYS,
    errno.ENOLCK,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.EINVAL,
    errno.EBADF,
)
_NOTE = 300
"""The most bytes of the file `lock`: the number of a process and the name of its machine."""


@contextmanager
def held(folder: Path) -> Generator[None, None, None]:
    """Hold a run. The lock ends with the process, however the process ends.

    The folder itself is locked, because the file `lock` may be removed. The file is locked as well,
    because some file systems cannot lock folders, and an earlier seqtasks looks only at the file.
    If nothing can be locked, the file names the process, and counts while that process lives.

    Raises:
        UsageError: if another process runs it.
    """
    with _descriptors() as opened:
        try:
            opened.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            flags = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
            opened.append(open_owned(folder / "lock", flags))
        except OSError as error:
            raise UsageError(f"cannot write to {folder}: {error.strerror}") from None
        note = opened[-1]
        answers = [try_lock(descriptor) for descriptor in opened]
        no_locks = answers == [None, None]
        if False in answers or (no_locks and _is_noted(folder)):
            raise UsageError(f"{folder} is already running (process {_noted(folder)[0]})")
        if no_locks:
            warn_once(
                f"the file system of {folder} has no locks: see to it that no other machine runs it"
            )
        with suppress(OSError):  # the holder's name is only for the message above
            os.ftruncate(note, 0)
            os.pwrite(note, f"{os.getpid()} {platform.node()}".encode()[:_NOTE], 0)
        try:
            yield
        finally:
            if no_locks:
                with suppress(OSError):
                    os.ftruncate(note, 0)


@contextmanager
def shared(folder: Path) -> Generator[None, None, None]:
    """Hold a folder together with others, so that nobody holds it alone; see `held`.

    Raises:
        UsageError: if a process holds it alone.
    """
    with _descriptors() as opened:
        try:
            opened.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            flags = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
            opened.append(open_owned(folder / "lock", flags))
        except OSError as error:
            raise UsageError(f"cannot write to {folder}: {error.strerror}") from None
        if False in [_flock(descriptor, fcntl.LOCK_SH) for descriptor in opened]:
            raise UsageError(f"{folder} is already running (process {_noted(folder)[0]})")
        yield


def is_held(folder: str | Path) -> bool:
    """Say whether a process holds a run."""
    answers: list[bool | None] = []
    for path, flags in ((folder, os.O_DIRECTORY), (f"{folder}/lock", os.O_NOFOLLOW)):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags)
        except OSError:
            continue
        try:
            answers.append(_flock(descriptor, fcntl.LOCK_SH))
        finally:
            os.close(descriptor)
    return False in answers or (not any(answers) and _is_noted(Path(folder)))


def try_lock(descriptor: int) -> bool | None:
    """Lock a descriptor: True if it was free, False if it is held, None if there are no locks.

    A process that checks whether a run is running holds it briefly, so this tries several times.
    """
    answer = None
    for _ in range(20):
        answer = _flock(descriptor, fcntl.LOCK_EX)
        if answer is not False:
            break
        time.sleep(0.02)
    return answer


@contextmanager
def _descriptors() -> Generator[list[int], None, None]:
    """Yield a list of descriptors, and close them at the end."""
    opened: list[int] = []
    try:
        yield opened
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _flock(descriptor: int, kind: int) -> bool | None:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return None
        raise UsageError(f"a run cannot be locked: {one_line(error)}") from error
    return True


def _noted(folder: Path) -> tuple[str, str]:
    """Return the process and the machine that the file `lock` names."""
    try:
        number, _, machine = read_regular(folder / "lock", _NOTE).decode().strip().partition(" ")
    except (UsageError, ValueError):
        return "unknown", ""
    return (number if number.isdecimal() else "unknown"), machine


def _is_noted(folder: Path) -> bool:
    """Say whether the file `lock` names a living process of this machine, not this one."""
    number, machine = _noted(folder)
    if not number.isdecimal() or machine != platform.node() or int(number) == os.getpid():
        return False
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
