"""Files that are either wholly written or untouched, and errors that say what to do."""

import json
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from seqtasks.errors import RunError, UsageError, one_line

__all__ = [
    "MOST_JSON",
    "read_json",
    "read_regular",
    "sync_folder",
    "write_atomically",
    "write_json",
    "writing",
]

MOST_JSON = 64 * 2**20
"""Bytes of the largest JSON document that is read."""


@contextmanager
def writing(path: Path) -> Generator[None, None, None]:
    """Turn a failure to write into an error for the user.

    Raises:
        RunError: naming the file and the cause, such as a full disk.
    """
    try:
        yield
    except OSError as error:
        cause = error.strerror or one_line(error)
        raise RunError(f"cannot write {path}: {cause}; what was saved before is intact") from error


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, bring it to the disk, and rename it.

    Raises:
        RunError: if it cannot be written; a file of that name is then as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            with open(temporary, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, data: Any) -> None:
    """Write a JSON document; see `write_atomically`."""
    write_atomically(path, (json.dumps(data, indent=2, ensure_ascii=False) + "\n").encode())


def read_regular(path: Path, most: int, *, follow: bool = False) -> bytes:
    """Read a file that may come from a stranger; a pipe or a device is not waited for.

    Args:
        path: the file.
        most: the number of bytes that it may have.
        follow: whether it may be a symbolic link, as a file that the user named may be.

    Raises:
        UsageError: if the file cannot be read, is no regular file, or is larger than `most`.
    """
    links = 0 if follow else os.O_NOFOLLOW
    content = None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | links)
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise UsageError(f"cannot read {path}: it is not a regular file")
            if about.st_size <= most:
                with open(descriptor, "rb", closefd=False) as file:
                    content = file.read(most + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        if not follow and path.is_symlink():
            raise UsageError(f"cannot read {path}: it is a symbolic link") from None
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except ValueError:
        raise UsageError(f"cannot read {str(path)!r}: its name holds a NUL character") from None
    if content is None or len(content) > most:
        raise UsageError(f"cannot read {path}: it is larger than {most:,} bytes")
    return content


def read_json(path: Path, *, follow: bool = False) -> Any:
    """Read a JSON document; see `read_regular`.

    Raises:
        UsageError: if the file cannot be read or is not JSON, with the place.
    """
    content = read_regular(path, MOST_JSON, follow=follow)
    try:
        return json.loads(content.decode("utf-8"))
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{path} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not JSON: it is not text in UTF-8") from None
    except (RecursionError, ValueError) as error:
        raise UsageError(f"{path} is not JSON: {one_line(error)}") from None
