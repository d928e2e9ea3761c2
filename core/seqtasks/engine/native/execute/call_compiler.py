"""Call the compiler in a process group of its own, which ends when the run does."""

import logging
import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from seqtasks.engine.native.execute.find_compiler import Compiler, CompilerError
from seqtasks.errors import RunError

__all__ = ["PATIENCE", "compiled"]

logger = logging.getLogger("seqtasks")

LIBRARY_FLAGS = ("-shared", "-fPIC", "-pthread")
ZIG_CACHES = ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")
PATIENCE = 300
"""The most seconds that a compiler may take."""
SILENCE = 12
"""Seconds between lines of a compiler that takes long."""
TRIES = 2
OUTSIDE = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGKILL,
    signal.SIGPIPE,
    signal.SIGTERM,
    signal.SIGXCPU,
)
"""Signals that reach a compiler from outside; a compiler that crashes ends by another signal."""
_PART_KILLED = re.compile(
    r"(Hangup|Interrupt|Quit|Killed|Terminated|CPU time limit exceeded) signal terminated program"
)
"""gcc's message that one of its own parts was killed."""


def compiled(
    compiler: Compiler, flags: Sequence[str], source: str, name: str, making: Path, zig: Path
) -> bytes:
    """Return the library that the compiler makes from a program's text.

    Args:
        compiler: the compiler.
        flags: further flags beside those for a library.
        source: the program's text.
        name: a file name for the program, without a suffix.
        making: an empty folder for all temporary files.
        zig: a folder in which `ziglang` may keep any files.

    Raises:
        CompilerError: if the compiler fails.
        RunError: if the compiler was killed, which says nothing about the program.
        OSError: if there is no room.
    """
    text, target = making / f"{name}.c", making / f"{name}.so"
    text.write_text(source, encoding="utf-8")
    command = [*compiler.command, *flags, *LIBRARY_FLAGS, "-o", str(target), str(text), "-lm"]
    # zig waits forever for a cache that it cannot write, for example in a read-only home
    environment = {variable: str(zig) for variable in ZIG_CACHES} | os.environ
    environment |= {"LC_ALL": "C", "TMPDIR": str(making)}
    killed_by = None
    for _ in range(TRIES):
        code, said = _call(command, environment)
        if code == 0 and target.exists():
            return target.read_bytes()
        killed_by = _killed_by(code, said)
        if killed_by is None:
            lines = [line for line in said.splitlines() if "error" in line] or [
                said.strip() or f"it ended with {code}"
            ]
            raise CompilerError(f"{compiler.command[0]} failed: {lines[0][:200]}")
    raise RunError(
        f"the compiler {compiler.command[0]} was killed ({killed_by}), twice; if memory is short, "
        "free some and run again, or choose another engine with --engine torch"
    )


def _call(command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Return a compiler's exit code and output; end it whenever this process ends the call.

    It runs in a session of its own and does not receive the Ctrl-C of a terminal: the run handles
    that.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )
    try:
        said = _said(process, command[0])
    finally:
        if process.returncode is None:
            _end(process)
    return process.wait(), said.decode(errors="replace")


def _said(process: "subprocess.Popen[bytes]", name: str) -> bytes:
    """Return what a compiler says until it ends; of one that takes long, tell now and then."""
    began = time.monotonic()
    for told_at in (*range(SILENCE, PATIENCE, SILENCE), PATIENCE):
        try:
            return process.communicate(timeout=max(0.0, began + told_at - time.monotonic()))[0]
        except subprocess.TimeoutExpired:
            if told_at < PATIENCE:
                logger.warning(
                    f"{name} has been compiling the program of this model for {told_at} seconds; "
                    f"after {PATIENCE} it is given up. The engine torch needs no compiler"
                )
    raise CompilerError(f"{name} took over {PATIENCE} seconds")


def _end(process: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):  # SIGTERM lets it remove its files
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
    if process.stdout is not None:
        process.stdout.close()


def _killed_by(code: int, said: str) -> str | None:
    """Return the outside signal that ended a compiler or a part of it, or None."""
    for number in OUTSIDE:
        if code in (-number, 128 + number):  # the latter comes from a shell
            return number.name
    part = _PART_KILLED.search(said)
    return part and part[1].lower()
