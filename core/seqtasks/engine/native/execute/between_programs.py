"""What is done in C between the programs of many replicas: put values at places, count answers."""

import ctypes
from typing import Any

import numpy as np

from seqtasks.engine.native.execute.call_each import address_of, library_of

__all__ = ["Counting", "Placing", "count_right", "kind_of_placing", "place_values"]

_KINDS: dict[tuple[Any, Any], int] = {
    (np.int8, np.int64): 0,
    (np.int64, np.int64): 1,
    (np.bool_, np.bool_): 2,
    (np.float32, np.float32): 3,
    (np.float32, np.float64): 4,
}


class Placing(ctypes.Structure):
    """Values to put at their places among the steps of a batch, for `place_values`.

    `from_` holds (rows, steps, features) values, and `to` has room for (rows, time, features).
    """

    _fields_ = [
        ("from_", ctypes.c_void_p),
        ("to", ctypes.c_void_p),
        *((name, ctypes.c_long) for name in ("rows", "steps", "features", "time")),
        *((name, ctypes.c_long) for name in ("first", "stride")),
        ("kind", ctypes.c_int),
    ]


class Counting(ctypes.Structure):
    """Predictions to count, and the counts, for `count_right`.

    `logits` holds (rows, time, made) numbers, the logits of the symbols first, and `targets` has
    (rows, time) symbols.
    """

    _fields_ = [
        ("logits", ctypes.c_void_p),
        ("targets", ctypes.c_void_p),
        *((name, ctypes.c_long) for name in ("rows", "time", "symbols", "made")),
        ("unscored", ctypes.c_int64),
        ("doubles", ctypes.c_int),
        ("right_symbols", ctypes.c_long),
        ("right_rows", ctypes.c_long),
    ]


def place_values() -> int:
    """Return the address of the function that puts values at their places.

    Raises:
        CompilerError: if there is no compiler, or it fails.
    """
    return address_of(library_of("place_values.h").seqtasks_place_values)


def count_right() -> int:
    """Return the address of the function that counts the symbols and rows that are right.

    Raises:
        CompilerError: if there is no compiler, or it fails.
    """
    return address_of(library_of("count_right.h").seqtasks_count_right)


def kind_of_placing(narrow: np.dtype[Any], wide: np.dtype[Any]) -> int:
    """Return the number of a kind of placing: from which type to which."""
    return _KINDS[narrow.type, wide.type]
