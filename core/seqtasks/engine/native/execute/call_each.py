"""Call a program's function many times from C: the interpreter is free for other threads meanwhile.

A call from Python waits for the interpreter when it returns, for up to 5 ms if another thread
computes in Python. The training of a small model takes less.
"""

import ctypes
import importlib.resources
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqtasks.engine.native.execute.compiler import load

__all__ = ["address_of", "call_each"]


def address_of(function: Any) -> int:
    """Return the address of a library's function."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def call_each(
    function: int, arguments: NDArray[np.uint64], results: NDArray[np.int32], seconds: float
) -> int:
    """Call a function with each argument in turn, until the time is over.

    Args:
        function: the address of a function of a pointer that returns an int.
        arguments: (count,) the addresses of its arguments, contiguous.
        results: (count,) gets what the calls return, contiguous.
        seconds: no call begins after this time, but the first one.

    Returns:
        How many calls were made.

    Raises:
        CompilerError: if there is no compiler, or it fails.
    """
    count = len(arguments)
    return _library()(function, arguments.ctypes.data, results.ctypes.data, count, seconds)


@cache
def _library() -> Any:
    folder = importlib.resources.files("seqtasks.engine.native") / "c"
    function = load((folder / "call_each.h").read_text(encoding="utf-8")).seqtasks_call_each
    pointer = ctypes.c_void_p
    function.argtypes = [pointer, pointer, pointer, ctypes.c_long, ctypes.c_double]
    function.restype = ctypes.c_long
    return function
