"""Decide who may run code that came with a run: trust contents, remember them."""

import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from seqtasks.errors import UsageError

__all__ = ["STATE_VARIABLE", "Code", "check_trust", "is_trusted", "remember", "state_folder"]

STATE_VARIABLE = "SEQTASKS_STATE"
"""The variable that names the folder of remembered consent; if empty, nothing is remembered."""

_TRUSTED = "trusted"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_allowed: set[str] = set()
"""The code that this process ran or was allowed to run."""


@dataclass(frozen=True)
class Code:
    """Code that is executed together.

    Attributes:
        digest: the SHA-256 of all the code.
        files: the files, as the user knows them.
    """

    digest: str
    files: tuple[str, ...]


def check_trust(code: Iterable[Code], origin: str, allow: bool = False) -> None:
    """Raise unless this user ran or allowed all of the code before, or allows it now.

    Args:
        code: the code that would be executed.
        origin: the run or file that brought the code, for the message.
        allow: whether the user allows it; this is remembered.

    Raises:
        UsageError: if some code is not trusted, naming the files and the way to allow it.
    """
    unknown = [one for one in dict.fromkeys(code) if not is_trusted(one.digest)]
    if allow:
        for one in unknown:
            remember(one)
    elif unknown:
        files = ", ".join(dict.fromkeys(file for one in unknown for file in one.files))
        raise UsageError(
            f"{origin} brings code that you have not run or allowed before: {files}; if you trust "
            "it, allow it with --trust (in Python trust=True)"
        )


def is_trusted(digest: str) -> bool:
    """Say whether this user ran or allowed code with this SHA-256 before."""
    return digest in _allowed or _is_remembered(digest)


def remember(code: Code) -> None:
    """Trust code from now on. If the state folder cannot be written, that is no error."""
    _allowed.add(code.digest)
    state = state_folder()
    if state is None or _is_remembered(code.digest):
        return
    folder = state / _TRUSTED
    with suppress(OSError, ValueError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(folder / code.digest, flags, 0o600)
        with open(descriptor, "wb") as file:  # content is for readers; only the file's name counts
            file.write("\n".join([*code.files, ""]).encode(errors="backslashreplace"))


def state_folder() -> Path | None:
    """Return the folder of this user's remembered consent, or None if there is none."""
    named = os.environ.get(STATE_VARIABLE)
    if named is None:
        return platformdirs.user_state_path("seqtasks")
    folder = Path(os.path.expanduser(named))  # noqa: PTH111 - Path.expanduser may raise
    # A relative path would depend on the current folder, which may be a stranger's.
    return folder if named and folder.is_absolute() else None


def _is_remembered(digest: str) -> bool:
    """Say whether the state folder holds a digest, and nobody else can write to the folder."""
    state = state_folder()
    if state is None or not _DIGEST.fullmatch(digest):
        return False
    folder = state / _TRUSTED
    with suppress(OSError, ValueError):
        mark, inside = os.lstat(folder / digest), os.lstat(folder)
        return (
            stat.S_ISREG(mark.st_mode)
            and stat.S_ISDIR(inside.st_mode)
            and mark.st_uid == inside.st_uid == os.geteuid()
            and not inside.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            and not any(_is_open_to_all(parent) for parent in (state, *state.parents))
        )
    return False


def _is_open_to_all(folder: Path) -> bool:
    """Say whether others may rename the contents of a folder."""
    mode = folder.stat().st_mode
    return bool(mode & stat.S_IWOTH and not mode & stat.S_ISVTX)
