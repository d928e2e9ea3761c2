"""Refuse a file that could not be written, before the work that it is to hold."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from seqtasks.errors import UsageError, one_line

__all__ = ["check_output"]


def check_output(path: Path, example: str = "file") -> None:
    """Check that `files.atomic.write_output` can write a file, by trying to make one beside it.

    Raises:
        UsageError: if there is no folder for it, it is a folder, or nothing can be written there.
    """
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder; name a file, such as {path / example}")
        target = path.resolve() if path.is_symlink() else path.absolute()
        if not target.parent.is_dir():
            raise UsageError(f"there is no folder {target.parent} for {target.name}")
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            if not os.access(path, os.W_OK):
                raise UsageError(f"cannot write {path}: it is not yours to write")
            return
        trial = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            with open(trial, "wb"):
                pass
        finally:
            with suppress(OSError):
                trial.unlink()
    except UsageError:
        raise
    except (OSError, ValueError) as error:
        cause = getattr(error, "strerror", None) or one_line(error)
        raise UsageError(f"cannot write {path}: {cause}") from error
