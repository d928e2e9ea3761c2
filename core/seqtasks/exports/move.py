"""Put files and folders in place whole or not at all, never over another's."""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from seqtasks.errors import UsageError
from seqtasks.files.atomic import sync, sync_folder, writing

__all__ = ["check_free", "placing"]


def check_free(path: Path, manifest: Path, overwrite: bool) -> None:
    """Refuse a path that is taken or cannot be written.

    A folder is replaced only if it is an earlier export.

    Raises:
        UsageError: saying what is in the way.
    """
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent} to write {path.name} into")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(f"cannot write to the folder {path.parent}: permission denied")
    if path.is_dir() and not manifest.is_relative_to(path):
        raise UsageError(f"{path} is a folder; name a file")
    if path.is_dir() and any(path.iterdir()) and not manifest.is_file():
        raise UsageError(f"{path} is a folder with something else in it; choose another name")
    for place in (path, manifest):
        if place.exists() and not place.is_file() and not place.is_dir():
            raise UsageError(f"{place} is neither a file nor a folder; choose another name")
    for taken in (path, manifest):
        if taken.exists() and not overwrite:
            raise UsageError(f"{taken} is there already; choose another name, or overwrite it")


@contextmanager
def placing(path: Path) -> Generator[Path, None, None]:
    """Yield a temporary path for a file or a folder, and then move the result to `path`.

    Raises:
        RunError: if it cannot be written; the earlier content of `path` is then intact.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    replaced = path.with_name(f".{path.name}.{os.getpid()}.old")
    with writing(path):
        try:
            yield temporary
            for file in [temporary, *temporary.rglob("*")]:
                _sync(file)
            if path.is_dir():
                path.rename(replaced)  # a folder cannot be renamed onto one that is not empty
            try:
                temporary.replace(path)
            except BaseException:
                if replaced.exists():
                    replaced.rename(path)
                raise
            sync_folder(path.parent)
        finally:
            for left in (temporary, replaced):
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Flush a file's bytes, or a folder's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        sync(descriptor, path)
    finally:
        os.close(descriptor)
