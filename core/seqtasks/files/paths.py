"""Tell a path from what is none, and the folder of a run or study from another."""

import os
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError, did_you_mean, one_line

__all__ = ["as_path", "folder_with"]


def as_path(given: Any, what: str) -> Path:
    """Return a path that a user gave.

    Args:
        given: the text or the path object.
        what: the name of the argument in messages.

    Raises:
        UsageError: if it is something else, such as a number or bytes.
    """
    path: Any = given.__fspath__() if isinstance(given, os.PathLike) else given
    if not isinstance(path, str):
        raise UsageError(f"{what} must be a path, got {given!r:.60}")
    return Path(path)


def folder_with(given: Any, file: str, what: str, kind: str) -> Path:
    """Return a folder that a user gave and that holds a certain file.

    Args:
        given: the text or the path object.
        file: the name of the file, such as `experiment.json`.
        what: the name of the argument in messages.
        kind: what such a folder is, in messages.

    Raises:
        UsageError: if it is no such folder; it names the nearest one beside it.
    """
    path = as_path(given, what)
    try:
        there = (path / file).is_file()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or one_line(error)}") from None
    if not there:
        known = [found.parent.name for found in path.parent.glob(f"*/{file}")]
        why = f"it has no {file}" if path.is_dir() else "there is no such folder"
        if os.path.lexists(path) and not path.is_dir():
            why = "it is no folder"
        raise UsageError(f"{path} is not a {kind}: {why}.{did_you_mean(path.name, known)}")
    return path
