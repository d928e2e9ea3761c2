"""From a program's text to a loaded library: a compiler is found, and what it makes is kept."""

import ctypes
import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import platformdirs

__all__ = ["CACHE_VARIABLE", "CompilerError", "cache_folder", "find_compiler", "load"]

CACHE_VARIABLE = "SEQTASKS_CACHE"
"""Names the folder of kept programs; empty for none to be kept or used."""
FLAGS_VARIABLE = "SEQTASKS_CFLAGS"
"""Further flags for the compiler."""
NAMES = ("cc", "gcc", "clang")
FLAGS = ("-std=gnu11", "-O2", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast")
LIBRARY_FLAGS = ("-shared", "-fPIC", "-pthread")
ZIG_CACHES = ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")
UNFINISHED = "making-"
PATIENCE = 300
"""Seconds a compiler may take."""


class CompilerError(Exception):
    """No program could be had, and why."""


@dataclass(frozen=True)
class Compiler:
    """A C compiler.

    Attributes:
        command: how it is called.
        identity: what tells it from another, or from itself at another version.
    """

    command: tuple[str, ...]
    identity: str


def find_compiler() -> Compiler:
    """Return the compiler that $CC names, else the first of cc, gcc, clang and ziglang.

    Raises:
        CompilerError: if there is none.
    """
    command = _words("CC")
    if command:
        named = os.environ["CC"]
        path = shutil.which(command[0])
        if path is None:
            raise CompilerError(f"the compiler that CC names, '{named}', is not there")
        return Compiler((path, *command[1:]), _identity(path))
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return Compiler((path,), _identity(path))
    zig = _zig()
    if zig is not None:
        return Compiler((str(zig), "cc"), _identity(str(zig)))
    raise CompilerError("there is no C compiler: neither cc, gcc, clang nor ziglang")


def _zig() -> Path | None:
    """Return ziglang's program: `python -m ziglang` would import what lies in the user's folder."""
    found = importlib.util.find_spec("ziglang")
    for folder in (found and found.submodule_search_locations) or ():
        program = Path(folder) / "zig"
        if os.access(program, os.X_OK) and program.is_file():
            return program
    return None


def _identity(path: str) -> str:
    real = Path(path).resolve()
    about = real.stat()
    return f"{real} {about.st_size} {about.st_mtime_ns}"


def load(source: str) -> ctypes.CDLL:
    """Return a program's library, compiled now or kept from before.

    Raises:
        CompilerError: if there is no compiler, it fails, or there is no room for what it makes.
    """
    compiler = find_compiler()
    flags = [*FLAGS, _processor_flag(), *_words(FLAGS_VARIABLE)]
    about = "\0".join([source, compiler.identity, *compiler.command, *flags, _processor()])
    name = hashlib.sha256(about.encode()).hexdigest()[:32] + ".so"
    try:
        folder = cache_folder()
        if folder is None:
            with tempfile.TemporaryDirectory(prefix="seqtasks-") as temporary:
                target = Path(temporary) / name
                return ctypes.CDLL(str(_compiled(compiler, flags, source, target, target.parent)))
        kept = folder / name
        if _is_ours(kept):
            with suppress(OSError):  # it is damaged, and made again
                return ctypes.CDLL(str(kept))
        _sweep(folder)
        with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=folder) as temporary:
            made = _compiled(compiler, flags, source, Path(temporary) / name, folder)
            made.replace(kept)
        return ctypes.CDLL(str(kept))
    except OSError as error:
        about = f" ({error.filename})" if error.filename is not None else ""
        raise CompilerError(f"{error.strerror or error}{about}") from error


def cache_folder() -> Path | None:
    """Return the folder of kept programs, made if need be; None if none are to be kept.

    Raises:
        CompilerError: if others can write into it: loading what they put there would run it.
        OSError: if it cannot be made.
    """
    named = os.environ.get(CACHE_VARIABLE)
    if named == "":
        return None
    folder = (
        Path(named).absolute()
        if named
        else Path(platformdirs.user_cache_dir("seqtasks")) / "programs"
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = folder.stat()
    if about.st_uid != os.getuid() or about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CompilerError(f"others can write into the cache folder {folder}")
    if not os.access(folder, os.W_OK):
        raise CompilerError(f"the cache folder {folder} cannot be written")
    return folder


def _words(variable: str) -> list[str]:
    """Return the words of a variable, as a shell would part them."""
    try:
        return shlex.split(os.environ.get(variable, ""))
    except ValueError as error:
        raise CompilerError(f"{variable} cannot be read: {error}") from error


def _sweep(folder: Path) -> None:
    """Remove what processes left unfinished that were killed while they compiled."""
    for left in folder.glob(f"{UNFINISHED}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > 2 * PATIENCE:
                shutil.rmtree(left)


def _is_ours(path: Path) -> bool:
    try:
        about = path.lstat()
    except FileNotFoundError:
        return False
    writable = about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISREG(about.st_mode) and about.st_uid == os.getuid() and not writable


def _compiled(
    compiler: Compiler, flags: list[str], source: str, target: Path, folder: Path
) -> Path:
    # zig waits for ever for a cache that it cannot write, as in a home that is read-only
    own = {variable: str(folder / "zig") for variable in ZIG_CACHES}
    text = target.with_suffix(".c")
    text.write_text(source, encoding="utf-8")
    command = [*compiler.command, *flags, *LIBRARY_FLAGS, "-o", str(target), str(text), "-lm"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
            env={**own, **os.environ},
        )
    except subprocess.TimeoutExpired as error:
        raise CompilerError(f"{compiler.command[0]} took over {PATIENCE} seconds") from error
    if done.returncode != 0 or not target.exists():
        lines = [line for line in done.stderr.splitlines() if "error" in line] or [
            done.stderr.strip() or f"it ended with {done.returncode}"
        ]
        raise CompilerError(f"{compiler.command[0]} failed: {lines[0][:200]}")
    target.chmod(0o600)
    return target


def _processor_flag() -> str:
    arm = platform.machine().lower() in ("arm64", "aarch64")
    return "-mcpu=native" if arm else "-march=native"


def _processor() -> str:
    """Return what a program made for one processor must find in another."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith(("flags", "Features")):
                    return line
    except OSError:
        pass
    return f"{platform.machine()} {platform.processor()}"
