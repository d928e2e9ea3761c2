"""Write files whole or not at all; read regular files of bounded size."""

import errno
import io
import logging
import os
import re
import stat
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from seqtasks.errors import RunError, UsageError, one_line
from seqtasks.files.json_text import read_text, write_text

__all__ = [
    "MOST_JSON",
    "appending",
    "open_owned",
    "open_regular",
    "read_json",
    "read_regular",
    "sweep",
    "sync",
    "sync_folder",
    "warn_once",
    "write_atomically",
    "write_json",
    "write_output",
    "writing",
]

logger = logging.getLogger("seqtasks")

MOST_JSON = 32 * 2**20
"""The largest JSON document that is read, in bytes."""

_NO_SYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF)
_TEMPORARY = re.compile(r"\.(?P<name>.+)\.\d+\.tmp")
_warned: set[str] = set()


@contextmanager
def writing(path: Path) -> Generator[None, None, None]:
    """Turn a write failure into an error for the user.

    Raises:
        RunError: naming the file and the cause, such as a full disk.
    """
    try:
        yield
    except OSError as error:
        cause = error.strerror or one_line(error)
        raise RunError(f"cannot write {path}: {cause}; what was saved before is intact") from error


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, flush it to the disk, and rename it.

    Raises:
        RunError: if it cannot be written; an existing file of that name is then intact.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            temporary.unlink(missing_ok=True)  # left by an earlier process with this number
            with open(temporary, "xb") as file:
                file.write(content)
                file.flush()
                sync(file.fileno(), path)
            temporary.replace(path)
            sync_folder(path.parent)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def write_output(path: Path, content: bytes) -> None:
    """Write a file that the user named, as a whole; see `write_atomically`.

    Through a symbolic link, what it leads to is written. A device or a pipe, such as `/dev/null`,
    is written into: to put a file in its place would take it away from everyone.

    Raises:
        RunError: if it cannot be written.
    """
    with writing(path):
        try:
            special = not stat.S_ISREG(path.stat().st_mode)
        except FileNotFoundError:
            special = False
        if special:
            with open(path, "wb") as file:
                file.write(content)
            return
        target = path.resolve() if path.is_symlink() else path
    write_atomically(target, content)


def sync(descriptor: int, path: Path) -> None:
    """Flush a file to the disk; if the file system cannot, warn once and go on."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
        warn_once(
            f"the file system of {path} cannot be asked to bring a file to the disk "
            f"({error.strerror}): after a power cut, the last checkpoint may be lost"
        )


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk; see `sync`."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder may be writable but not readable
        return
    try:
        sync(descriptor, folder)
    finally:
        os.close(descriptor)


def warn_once(message: str) -> None:
    """Warn of what a file system cannot do, once per process for each warning."""
    if message not in _warned:
        _warned.add(message)
        logger.warning(message)


def sweep(folder: Path, names: Iterable[str]) -> None:
    """Remove temporary files of `write_atomically` that a killed process left behind.

    Args:
        folder: the folder to search; nobody else may be writing these files there.
        names: the files whose temporary files are removed.
    """
    with suppress(OSError):
        for entry in list(folder.iterdir()):
            found = _TEMPORARY.fullmatch(entry.name)
            if found and found["name"] in names:
                entry.unlink()


def write_json(path: Path, data: Any) -> None:
    """Write a JSON document; see `write_atomically`."""
    write_atomically(path, (write_text(data, indent=2) + "\n").encode())


@contextmanager
def open_regular(path: Path, *, follow: bool = False) -> Generator[BinaryIO, None, None]:
    """Open a file that may come from a stranger for reading, without waiting for a pipe or device.

    Args:
        path: the file.
        follow: whether the path may be a symbolic link, as for a file that the user named.

    Raises:
        UsageError: if the file cannot be read or is not a regular file.
    """
    links = 0 if follow else os.O_NOFOLLOW
    try:
        descriptor = _open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | links)
    except ValueError:
        raise UsageError(f"cannot read {str(path)!a}: that cannot be a file's name") from None
    except (OSError, _NotRegularError) as error:
        raise UsageError(f"cannot read {path}: {_why(path, error)}") from None
    with open(descriptor, "rb") as file:
        try:
            yield file
        except OSError as error:
            raise UsageError(f"cannot read {path}: {_why(path, error)}") from error


@contextmanager
def appending(path: Path) -> Generator[io.TextIOWrapper, None, None]:
    """Open one of our files to append text; it must be a regular file without another name.

    Raises:
        UsageError: if it is not such a file.
        OSError: if it cannot be opened or written.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = open_owned(path, flags)
    with open(descriptor, "a", encoding="utf-8") as file:
        yield file


def open_owned(path: Path, flags: int) -> int:
    """Open a file to write it in place; it must be a regular file, not a link of any kind.

    Raises:
        UsageError: if it is not such a file.
        OSError: if it cannot be opened.
    """
    try:
        return _open(path, flags, links=1)
    except _NotRegularError as error:
        raise UsageError(f"cannot write {path}: {error}") from None
    except OSError as error:
        if path.is_symlink():
            raise UsageError(f"cannot write {path}: it is a symbolic link") from error
        raise


def read_regular(path: Path, most: int, *, follow: bool = False) -> bytes:
    """Read a whole file; see `open_regular`.

    Args:
        path: the file.
        most: the most bytes that the file may have.
        follow: whether it may be a symbolic link.

    Raises:
        UsageError: if the file cannot be read, is not regular, or is larger than `most`.
    """
    with open_regular(path, follow=follow) as file:
        large = os.fstat(file.fileno()).st_size > most
        content = b"" if large else file.read(most + 1)
    if large or len(content) > most:
        raise UsageError(f"cannot read {path}: it is larger than {most:,} bytes")
    return content


def read_json(path: Path, *, follow: bool = False) -> Any:
    """Read a JSON document; see `read_regular`.

    Raises:
        UsageError: if the file cannot be read or is not JSON; it names the place.
    """
    return read_text(read_regular(path, MOST_JSON, follow=follow), path)


class _NotRegularError(Exception):
    """The path leads to something other than a regular file."""


def _open(path: Path, flags: int, links: int | None = None) -> int:
    """Open a regular file that has at most `links` names, if that is given."""
    descriptor = os.open(path, flags, 0o666)
    about = os.fstat(descriptor)
    why = None
    if not stat.S_ISREG(about.st_mode):
        why = "it is not a regular file"
    elif links is not None and about.st_nlink > links:
        why = "it is a hard link to another file"
    if why is not None:
        os.close(descriptor)
        raise _NotRegularError(why)
    return descriptor


def _why(path: Path, error: Exception) -> str:
    if not isinstance(error, OSError):
        return str(error)
    if error.errno == errno.ELOOP and path.is_symlink():
        return "it is a symbolic link"
    return error.strerror or one_line(error)
