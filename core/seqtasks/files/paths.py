"""Tell a path from what is none."""

import os
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError

__all__ = ["as_path"]


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
