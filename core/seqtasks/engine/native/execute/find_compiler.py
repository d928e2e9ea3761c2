"""Find a C compiler and its flags."""

import importlib.util
import os
import platform
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FLAGS_VARIABLE", "Compiler", "CompilerError", "find_compiler", "flags"]

FLAGS_VARIABLE = "SEQTASKS_CFLAGS"
"""The environment variable with further flags for the compiler."""
NAMES = ("cc", "gcc", "clang")
FLAGS = ("-std=gnu11", "-O2", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast")
LONG = 150_000
"""From this many characters on, a program is compiled by fewer of gcc's passes."""
FEWER_PASSES = (
    "-O1",
    "-fexpensive-optimizations",  # without it, gcc fuses no products with sums
    *("-fstrict-aliasing", "-fschedule-insns2", "-ftree-pre", "-fgcse"),
)
"""In place of -O2: gcc takes an eighth to a fifth less time, and the programs of four published
cells took 0.93 to 1.08 times as long. With -O1 alone they took up to 1.7 times as long."""


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

    @property
    def is_gcc(self) -> bool:
        """Whether the program's own name, behind all links, says that it is gcc."""
        name = Path(self.command[0]).resolve().name
        return re.fullmatch(r"(.*-)?gcc(-[0-9.]+)?", name) is not None


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


def flags(compiler: Compiler | None = None, length: int = 0) -> list[str]:
    """Return the compiler's flags: ours, the flags for this processor, and the user's.

    Args:
        compiler: the compiler, which may take other flags for a long program.
        length: the length of the program in characters.

    Raises:
        CompilerError: if the user's flags cannot be read.
    """
    arm = platform.machine().lower() in ("arm64", "aarch64")
    processor = "-mcpu=native" if arm else "-march=native"
    fewer = FEWER_PASSES if compiler is not None and compiler.is_gcc and length >= LONG else ()
    return [*FLAGS, processor, *fewer, *_words(FLAGS_VARIABLE)]


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
