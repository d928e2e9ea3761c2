"""Compile the text of a program, and load it."""

import ctypes
import hashlib
import itertools
import os
import platform
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from seqtasks.engine.native.execute.cache_limit import cache_limit, make_room
from seqtasks.engine.native.execute.call_compiler import compiled
from seqtasks.engine.native.execute.find_compiler import (
    Compiler,
    CompilerError,
    find_compiler,
    flags,
)
from seqtasks.engine.native.execute.kept_libraries import (
    CACHE_VARIABLE,
    cache_folder,
    check_writable,
    keep,
    kept,
    making,
)

__all__ = ["CACHE_VARIABLE", "CompilerError", "cache_folder", "find_compiler", "load"]

SANITIZERS = {
    "__asan_init": ("address", "libasan.so"),
    "__hwasan_init": ("hwaddress", "libhwasan.so"),
    "__tsan_init": ("thread", "libtsan.so"),
    "__msan_init": ("memory", "clang's runtime"),
}
"""Libraries that end the process if loaded after Python, by the symbol that shows the need."""

_loaded: dict[bytes, ctypes.CDLL] = {}
"""Loaded programs by digest: a program that is needed again is not loaded again."""
_numbers = itertools.count()
_compiling: dict[str, threading.Lock] = {}
"""A lock for each program that this process has compiled, by the program's name."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_compiling.clear)  # a fork has no thread to release them


def load(source: str) -> ctypes.CDLL:
    """Return the library of a program, compiled now or kept from before.

    Raises:
        CompilerError: if there is no compiler, it fails, or there is no room for its output.
        RunError: if the compiler was killed.
    """
    compiler = find_compiler()
    wanted = flags(compiler, len(source))
    about = "\0".join([source, compiler.identity, *compiler.command, *wanted, _processor()])
    name = hashlib.sha256(about.encode(errors="surrogateescape")).hexdigest()[:32]
    with _compiling.setdefault(name, threading.Lock()):  # one thread compiles, the others wait
        return _made(compiler, wanted, source, name)


def _made(compiler: Compiler, wanted: Sequence[str], source: str, name: str) -> ctypes.CDLL:
    """Return the library of a name: kept from before, else compiled now."""
    try:
        folder = cache_folder()
        if folder is None:
            with tempfile.TemporaryDirectory(prefix="seqtasks-") as temporary:
                path = Path(temporary)
                return _opened(compiled(compiler, wanted, source, name, path, path / "zig"))
        limit = cache_limit()
        program = kept(folder / f"{name}.so")
        if program is not None:
            try:
                return _opened(program)
            except OSError:
                pass  # made where other libraries are; compile it again
        check_writable(folder)
        with making(folder) as temporary:
            program = compiled(compiler, wanted, source, name, temporary, folder / "zig")
            library = _opened(program)
            (temporary / f"{name}.so").unlink()
            keep(folder / f"{name}.so", program, temporary)
        make_room(folder, limit)
        return library
    except OSError as error:
        about = f" ({error.filename})" if error.filename is not None else ""
        raise CompilerError(f"{error.strerror or error}{about}") from error


def _opened(program: bytes) -> ctypes.CDLL:
    """Load a program from a private copy, so that nobody can change it after the check.

    Raises:
        CompilerError: if it needs a library that had to be loaded before Python.
        OSError: if it is not a program for this machine.
    """
    digest = hashlib.sha256(program).digest()
    library = _loaded.get(digest)
    if library is None:
        _check_sanitizers(program)
        try:
            library = _from_memory(program)
        except OSError:  # unavailable, or not executable
            library = _from_file(program, digest.hex())
        _loaded[digest] = library
    return library


def _from_memory(program: bytes) -> ctypes.CDLL:
    if not hasattr(os, "memfd_create"):
        raise OSError("this system has no files in memory")
    descriptor = os.memfd_create("seqtasks")
    with open(descriptor, "wb", buffering=0) as file:
        if file.write(program) != len(program):
            raise OSError("there is no room in memory")
        # The loader treats a known name as the library it already loaded, and descriptors are
        # reused. So each load spells the path in another way.
        bits = f"{next(_numbers):b}"
        same = "".join(".//" if bit == "1" else "./" for bit in bits)
        return ctypes.CDLL(f"/proc/self/{same}fd/{descriptor}")


def _from_file(program: bytes, name: str) -> ctypes.CDLL:
    with tempfile.TemporaryDirectory(prefix="seqtasks-") as temporary:
        path = Path(temporary) / f"{name}.so"
        path.write_bytes(program)
        return ctypes.CDLL(str(path))


def _check_sanitizers(program: bytes) -> None:
    needed = [symbol for symbol in SANITIZERS if symbol.encode() + b"\0" in program]
    if not needed:
        return
    here = ctypes.CDLL(None)
    for symbol in needed:
        if not hasattr(here, symbol):
            name, library = SANITIZERS[symbol]
            raise CompilerError(
                f"the program uses the {name} sanitizer, and its library must be loaded before "
                f'Python: set LD_PRELOAD="$(gcc -print-file-name={library})"'
            )


def _processor() -> str:
    """Return the processor features for which a program is compiled."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith(("flags", "Features")):
                    return line
    except OSError:
        pass
    return f"{platform.machine()} {platform.processor()}"
