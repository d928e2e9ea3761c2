"""Open a written program: find BLAS for it, compile it, and say what its functions take."""

import ctypes
from dataclasses import dataclass
from typing import Any

from seqtasks.engine.native.emit.source import Emitted
from seqtasks.engine.native.execute.blas import find_blas
from seqtasks.engine.native.execute.compiler import CompilerError, load
from seqtasks.engine.native.execute.interface import Call, Job, layouts_agree

__all__ = ["Opened", "open_program"]

MOST_SOURCE = 1_000_000
"""The longest program, in characters, compiled by default: a few million take a minute."""


@dataclass(frozen=True)
class Opened:
    """A program in memory: its functions, and the addresses it is given at each call.

    Attributes:
        train: makes training steps; takes a `Job`.
        passes: `forward`, `along` (without gradients), `backward`, and perhaps `constrain`; each
            takes a `Call`.
        memory_needed: the bytes for (batch, time, threads).
        blas: the address of the matrix product; 0 if the program needs none.
        one_thread: the address of what keeps BLAS to one thread, or 0.
    """

    train: Any
    passes: dict[str, Any]
    memory_needed: Any
    blas: int
    one_thread: int


def open_program(written: Emitted, number_size: int, patient: bool = False) -> Opened:
    """Compile a program, or find it in the cache, and load it.

    Args:
        written: the program's text.
        number_size: bytes of a number: 4 or 8.
        patient: whether to compile it however long it is.

    Raises:
        CompilerError: if it cannot be compiled, or if it would take long and need not be.
    """
    blas = one_thread = 0
    if written.needs_blas:
        found = find_blas()
        if found is None:
            raise CompilerError("no BLAS library was found for its large products")
        blas, one_thread = found.products[number_size], found.one_thread
    if len(written.source) > MOST_SOURCE and not patient:
        raise CompilerError(
            f"its program, of more than {MOST_SOURCE:,} characters, takes long to compile; to "
            "compile it nevertheless, name the engine native"
        )
    library = load(written.source)
    if not layouts_agree(library):
        raise CompilerError(
            "its structures in C differ from the structures of this version of seqtasks"
        )
    train = library.seqtasks_train
    train.argtypes, train.restype = [ctypes.POINTER(Job)], ctypes.c_int
    memory_needed = library.seqtasks_memory
    memory_needed.argtypes, memory_needed.restype = [ctypes.c_long] * 3, ctypes.c_long
    passes = {
        "forward": library.seqtasks_forward,
        "along": library.seqtasks_along,
        "backward": library.seqtasks_backward,
    }
    if written.constrains:
        passes["constrain"] = library.seqtasks_constrain
    for function in passes.values():
        function.argtypes, function.restype = [ctypes.POINTER(Call)], ctypes.c_int
    return Opened(train, passes, memory_needed, blas, one_thread)
