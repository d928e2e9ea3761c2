"""Files that are either wholly written or untouched, and errors that say what to do."""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from seqtasks.errors import RunError, UsageError, one_line

__all__ = ["read_json", "sync_folder", "write_atomically", "write_json", "writing"]


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


def read_json(path: Path) -> Any:
    """Read a JSON document.

    Raises:
        UsageError: if the file cannot be read or is not JSON, with the place.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{path} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not JSON: it is not text in UTF-8") from None
    except (RecursionError, ValueError) as error:
        raise UsageError(f"{path} is not JSON: {one_line(error)}") from None
