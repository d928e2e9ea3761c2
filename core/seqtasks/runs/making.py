"""Make a folder whole under a temporary name, then give it the next free number."""

import os
import re
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from seqtasks.errors import RunError, UsageError
from seqtasks.files.atomic import sync_folder, write_atomically, writing
from seqtasks.runs.locking import try_lock

__all__ = ["make_folder", "write_sources"]

_HALF_MADE = re.compile(r"\..+-[0-9a-f]{16}")
_HELD_THERE = re.compile(r"source|(experiment|study)\.json|\..+\.tmp")


def make_folder(parent: Path, name: str, fill: Callable[[Path], None]) -> Path:
    """Make the folder `parent/name-N`, N the next free number, with the content that `fill` writes.

    Two runs that start at once get different numbers. A folder never appears half made. Half-made
    folders of killed processes are removed.

    Raises:
        UsageError: if the parent folder cannot be written.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _sweep(parent)
        temporary, descriptor = _held_folder(parent, name)
    except OSError as error:
        raise UsageError(f"cannot write to the folder {parent}: {error.strerror}") from None
    try:
        fill(temporary)
        return _take_next_number(temporary, parent / name)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    finally:
        os.close(descriptor)


def write_sources(folder: Path, sources: Mapping[str, bytes]) -> None:
    """Write copies of the user's files into `source/`, which is made if there are some.

    Args:
        folder: the folder of a run or study.
        sources: the content of each copy, by its name.

    Raises:
        RunError: if they cannot be written.
    """
    into = folder / "source"
    if sources and not into.is_dir():
        with writing(into):
            into.mkdir()
    for name, content in sources.items():
        write_atomically(into / name, content)


def _held_folder(parent: Path, name: str) -> tuple[Path, int]:
    """Make a temporary folder and lock it, so that no process removes it as abandoned."""
    while True:
        temporary = parent / f".{name}-{secrets.token_hex(8)}"
        temporary.mkdir()
        with suppress(FileNotFoundError):  # removed as abandoned before it was locked
            descriptor = os.open(temporary, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            free = try_lock(descriptor) is not False
            if free and temporary.exists():
                return temporary, descriptor
            os.close(descriptor)


def _sweep(parent: Path) -> None:
    """Remove half-made folders that no process holds, but none if there are no locks."""
    for entry in list(parent.iterdir()):
        if not _HALF_MADE.fullmatch(entry.name):
            continue
        with suppress(OSError):
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(entry, flags)
            try:
                known = all(_HELD_THERE.fullmatch(inner.name) for inner in entry.iterdir())
                if known and try_lock(descriptor):
                    shutil.rmtree(entry)
            finally:
                os.close(descriptor)


def _take_next_number(temporary: Path, stem: Path) -> Path:
    """Rename a finished folder to `stem-N`, N the first number that no other run has."""
    number = 1
    while True:
        final = stem.with_name(f"{stem.name}-{number}")
        if not os.path.lexists(final):
            try:
                temporary.rename(final)
            except OSError as error:
                if not final.exists():
                    raise RunError(f"cannot make {final}: {error.strerror}") from error
            else:
                sync_folder(final.parent)
                return final
        number += 1
