"""Find a C compiler and its flags."""

import importlib.util
import os
import platform
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FLAGS_VARIABLE", "Compiler", "CompilerError", "find_compiler", "flags"]

FLAGS_VARIABLE = "SEQTASKS_CFLAGS"
"""The environment variable with further flags for the compiler."""
NAMES = ("cc", "gcc", "clang")
FLAGS = ("-std=gnu11", "-O2", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast")


class CompilerError(Exception):
    """No compiled program is available; the message says why."""


@dataclass(frozen=True)
class Compiler:
    """A C compiler.

    Attributes:
        command: how to call it.
        identity: distinguishes it from other compilers and from other versions of itself.
    """

    command: tuple[str, ...]
    identity: str


def find_compiler() -> Compiler:
    """Return the compiler that $CC names, else the first of cc, gcc, clang and ziglang.

    Raises:
        CompilerError: if there is no compiler.
    """
    command = _words("CC")
    if command:
        named = os.environ["CC"]
        path = shutil.which(command[0])
        if path is None:
            raise CompilerError(f"CC is set to '{named}', but no such compiler was found")
        return Compiler((path, *command[1:]), _identity(path))
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return Compiler((path,), _identity(path))
    zig = _zig()
    if zig is not None:
        return Compiler((str(zig), "cc"), _identity(str(zig)))
    raise CompilerError("no C compiler was found: neither cc, gcc, clang nor ziglang")


def flags() -> list[str]:
    """Return the compiler's flags: ours, the flags for this processor, and the user's.

    Raises:
        CompilerError: if the user's flags cannot be read.
    """
    arm = platform.machine().lower() in ("arm64", "aarch64")
    processor = "-mcpu=native" if arm else "-march=native"
    return [*FLAGS, processor, *_words(FLAGS_VARIABLE)]


def _zig() -> Path | None:
    """Return ziglang's program; `python -m ziglang` would import from the current folder."""
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


def _words(variable: str) -> list[str]:
    """Return the words of a variable, split as in a shell."""
    try:
        return shlex.split(os.environ.get(variable, ""))
    except ValueError as error:
        raise CompilerError(f"{variable} cannot be read: {error}") from error
