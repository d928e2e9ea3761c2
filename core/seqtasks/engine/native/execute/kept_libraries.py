"""The folder of kept programs: whose it must be, and that its files are as written.

To load a program is to run it. So nobody else may be able to write it. A damaged program must not
be loaded either, because the system would end the process. A digest follows each program in its
file.
"""

import hashlib
import os
import platform
import secrets
import shutil
import stat
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs

from seqtasks.engine.native.execute.cache_limit import mark_used
from seqtasks.engine.native.execute.call_compiler import PATIENCE
from seqtasks.engine.native.execute.find_compiler import CompilerError
from seqtasks.files.atomic import sync

__all__ = [
    "CACHE_VARIABLE",
    "cache_folder",
    "cache_path",
    "check_writable",
    "keep",
    "kept",
    "making",
]

CACHE_VARIABLE = "SEQTASKS_CACHE"
"""Names the folder of kept programs; if it is empty, no programs are kept or used."""
LARGEST = 2**28
"""The most bytes of a program that are read."""
UNFINISHED = "making-"
MOST_LINKS = 40
REMEDY = f"name another folder in {CACHE_VARIABLE}, or leave it empty to keep no programs"


def cache_folder() -> Path | None:
    """Return the folder of kept programs; make it if need be; None if none are kept.

    Raises:
        CompilerError: if others can write into it, or replace it or a folder above it.
        OSError: if it cannot be made.
    """
    folder = cache_path()
    if folder is None:
        return None
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    wrong = _not_ours_alone(folder)
    if wrong is not None:
        of = "" if wrong == folder else f", on the way to the cache folder {folder}"
        raise CompilerError(f"others can write into {wrong}{of}: {REMEDY}")
    return folder


def cache_path() -> Path | None:
    """Return the path of the folder of kept programs, made or not; None if none are kept."""
    named = os.environ.get(CACHE_VARIABLE)
    if named == "":
        return None
    return Path(named or Path(platformdirs.user_cache_dir("seqtasks")) / "programs").absolute()


def check_writable(folder: Path) -> None:
    """Check that the folder can keep a program.

    Raises:
        CompilerError: if it cannot.
    """
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CompilerError(f"the cache folder {folder} cannot be written: {REMEDY}")


def kept(path: Path) -> bytes | None:
    """Return a kept program, or None if there is none or its file has changed."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
        try:
            about = os.fstat(descriptor)
            regular = stat.S_ISREG(about.st_mode) and about.st_size <= LARGEST
            if not regular or about.st_uid not in _trusted() or _others_write(about):
                return None
            with open(descriptor, "rb", closefd=False) as file:
                content = file.read()
            mark_used(path, descriptor, about)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    program, digest = content[:-_DIGEST_SIZE], content[-_DIGEST_SIZE:]
    return program if program and _digest(program) == digest else None


def keep(path: Path, program: bytes, folder: Path) -> None:
    """Write a program and its digest through a folder on the same disk.

    Raises:
        OSError: if there is no room.
    """
    temporary = folder / path.name
    with open(temporary, "xb", opener=_private) as file:
        file.write(program + _digest(program))
        file.flush()
        sync(file.fileno(), path)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    temporary.replace(path)
    mark_used(path)


@contextmanager
def making(folder: Path) -> Generator[Path, None, None]:
    """Make a temporary folder, after removing the leftovers of killed processes."""
    _sweep(folder)
    made = folder / f"{UNFINISHED}{os.getpid()}-{_here()}-{secrets.token_hex(4)}"
    made.mkdir(mode=0o700)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove leftovers of dead processes, and old leftovers of other machines."""
    for left in folder.glob(f"{UNFINISHED}*"):
        with suppress(OSError):
            number, _, rest = left.name.removeprefix(UNFINISHED).partition("-")
            here = number.isdecimal() and rest.partition("-")[0] == _here()
            old = time.time() - left.lstat().st_mtime > 2 * PATIENCE
            if not _alive(int(number)) if here else old:
                shutil.rmtree(left)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _here() -> str:
    """Return an id of this machine and its process table, among all that share the folder."""
    about = [platform.node()]
    with suppress(OSError):
        about.append(Path("/proc/sys/kernel/random/boot_id").read_text())
        about.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("\0".join(about).encode()).hexdigest()[:12]


def _not_ours_alone(folder: Path) -> Path | None:
    """Return the first folder or link on a path that another user can change, or None."""
    done, left, links = Path("/"), list(folder.parts[1:]), 0
    while True:
        about = done.lstat()
        if about.st_uid not in _trusted():
            return done
        if stat.S_ISLNK(about.st_mode):
            links += 1
            if links > MOST_LINKS:
                raise CompilerError(f"the path of the cache folder {folder} has too many links")
            target = done.parent / done.readlink()
            done, left = Path("/"), [*target.parts[1:], *left]
            continue
        shared = bool(about.st_mode & stat.S_ISVTX) and bool(left)  # each moves only his own
        if _others_write(about) and not shared:
            return done
        if not left:
            return None
        part, *left = left
        done = done.parent if part == ".." else done / part


def _trusted() -> tuple[int, ...]:
    """Return the users who may write a program: this user and root."""
    return (os.getuid(), 0)


def _others_write(about: os.stat_result) -> bool:
    if about.st_mode & stat.S_IWOTH:
        return True
    return bool(about.st_mode & stat.S_IWGRP) and not _own_group(about.st_gid)


def _own_group(number: int) -> bool:
    """Say whether a group belongs to one user alone, as on many systems."""
    import grp
    import pwd

    try:
        user, group = pwd.getpwuid(os.getuid()), grp.getgrgid(number)
    except KeyError:
        return False
    alone = set(group.gr_mem) <= {user.pw_name}
    return user.pw_uid != 0 and alone and (user.pw_gid, user.pw_name) == (number, group.gr_name)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _digest(program: bytes) -> bytes:
    return hashlib.sha256(program).digest()


_DIGEST_SIZE = hashlib.sha256().digest_size
