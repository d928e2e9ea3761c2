"""Make many calls from C: the interpreter is free for other threads meanwhile.

A call from Python waits for the interpreter when it returns, for up to 5 ms if another thread
computes in Python. The training of a small model takes less.
"""

import ctypes
import importlib.resources
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqtasks.engine.native.execute.compiler import load

__all__ = ["Calls", "address_of", "library_of"]


def address_of(function: Any) -> int:
    """Return the address of a library's function."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0


@cache
def library_of(name: str) -> Any:
    """Return the library of a file of C that is no part of a program, such as `call_each.h`.

    Raises:
        CompilerError: if there is no compiler, or it fails.
    """
    folder = importlib.resources.files("seqtasks.engine.native") / "c"
    return load((folder / name).read_text(encoding="utf-8"))


class Calls:
    """Calls of functions of a pointer that return an int, in the order in which they are made.

    Args:
        columns: functions by their addresses, each with the addresses of its arguments, (rows,).
            All functions are called with their first argument, then all with their second.
    """

    def __init__(self, columns: Sequence[tuple[int, NDArray[np.uint64]]]) -> None:
        functions = np.array([function for function, _ in columns], dtype=np.uint64)
        rows = len(columns[0][1])
        self._functions = np.tile(functions, rows)
        self._arguments = np.stack([arguments for _, arguments in columns], axis=1).reshape(-1)
        self._results = np.zeros(len(self._functions), dtype=np.int32)
        self._shape = rows, len(columns)
        self._made = 0

    @property
    def results(self) -> NDArray[np.int32]:
        """(rows, columns) what the calls returned."""
        return self._results.reshape(self._shape)

    def make(self, seconds: float) -> bool:
        """Make the calls that are left, until the time is over; at least one.

        Returns:
            Whether all have been made.

        Raises:
            CompilerError: if there is no compiler, or it fails.
        """
        first, count = self._made, len(self._functions)
        if first < count:
            self._made += _call_each()(
                self._functions[first:].ctypes.data,
                self._arguments[first:].ctypes.data,
                self._results[first:].ctypes.data,
                count - first,
                seconds,
            )
        return self._made == count


@cache
def _call_each() -> Any:
    function = library_of("call_each.h").seqtasks_call_each
    pointer = ctypes.c_void_p
    function.argtypes = [pointer, pointer, pointer, ctypes.c_long, ctypes.c_double]
    function.restype = ctypes.c_long
    return function
