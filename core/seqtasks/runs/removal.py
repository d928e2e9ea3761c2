"""Remove runs and studies, or put each into an archive of its own and remove it then.

A run disappears as a whole: its folder is renamed to a hidden name first. If a process is killed
then, the next removal removes such a folder. No link is followed.
"""

import os
import re
import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from seqtasks.errors import RunError, UsageError
from seqtasks.runs.bundle import write_bundle
from seqtasks.runs.locking import held, is_held
from seqtasks.runs.owned_folders import Owned, owned_folder

__all__ = ["ARCHIVE", "archive_run", "check_removable", "remove_run"]

ARCHIVE = "archive"
"""The folder of archives, beside the runs."""

_LEFT = re.compile(r"\..+\.[0-9a-f]{16}\.removed")


def check_removable(owned: Iterable[Owned], lossless: bool = False) -> None:
    """Check that folders hold nothing that must not be lost with them.

    Args:
        owned: the runs and studies.
        lossless: whether their files are kept in an archive.

    Raises:
        UsageError: if one holds folders that no run makes, or, to be archived, what is no file.
    """
    here, home = Path.cwd(), Path(os.path.expanduser("~"))  # noqa: PTH111 - never raises
    for one in owned:
        real = one.path.resolve()
        if real in (here, *here.parents, home, *home.parents):
            raise UsageError(f"{one.path} holds the current folder or your home: it stays")
        if one.strange and not lossless:
            raise UsageError(
                f"{one.path} holds the folder {one.strange[0]}, which no {one.kind} makes: move it "
                "away first"
            )
        if one.others and lossless:
            raise UsageError(
                f"{one.path / one.others[0]} is not a regular file, so no archive keeps it: remove "
                "it first"
            )


def remove_run(owned: Owned) -> None:
    """Remove a run or a study.

    Raises:
        UsageError: if it is running by now.
        RunError: if it cannot be removed; it is then still there as a whole.
    """
    with held(owned.path):
        _remove(owned)


def archive_run(owned: Owned) -> Path:
    """Put a run or a study into `archive/NAME.tar.gz` beside it, and remove it then.

    Returns:
        The archive.

    Raises:
        UsageError: if it is running by now, or the folder of archives is a link.
        RunError: if it cannot be archived or removed; the run is then as it was.
    """
    with held(owned.path):
        fresh = _unheld(owned)
        folder = owned.path.parent / ARCHIVE
        if folder.is_symlink():
            raise UsageError(f"{folder} is a symbolic link: archives go into a real folder")
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise RunError(f"cannot make {folder}: {error.strerror}") from None
        path = _free(folder, owned.name)
        write_bundle([fresh], path)
        if _unheld(owned).files != fresh.files:
            path.unlink()
            raise RunError(f"{owned.path} changed meanwhile: it stays, without an archive")
        _remove(owned)
    return path


def _unheld(owned: Owned) -> Owned:
    """Return what lies in a folder now, although this process holds it."""
    return owned_folder(owned.path, held_by_us=True)


def _free(folder: Path, name: str) -> Path:
    """Return a path for an archive that no other has: numbers of removed runs are given again."""
    path, number = folder / f"{name}.tar.gz", 1
    while os.path.lexists(path):
        number += 1
        path = folder / f"{name}.{number}.tar.gz"
    return path


def _remove(owned: Owned) -> None:
    folder = owned.path
    _sweep(folder.parent)
    hidden = folder.with_name(f".{owned.name[:100]}.{secrets.token_hex(8)}.removed")
    try:
        folder.rename(hidden)
    except OSError as error:
        raise RunError(f"cannot remove {folder}: {error.strerror}") from None
    try:
        shutil.rmtree(hidden)
    except OSError as error:
        raise RunError(f"cannot remove all of {hidden}: {error.strerror}") from None


def _sweep(parent: Path) -> None:
    """Remove what killed processes left of runs that they were removing."""
    with suppress(OSError):
        for entry in list(os.scandir(parent)):
            left = _LEFT.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)
            if left and not is_held(entry.path):
                shutil.rmtree(entry.path, ignore_errors=True)
