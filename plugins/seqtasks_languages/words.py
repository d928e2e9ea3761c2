"""All words of a length that can be finished, symbol by symbol."""

from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike, NDArray

from seqtasks.tasks import Array

__all__ = ["every_word"]


def every_word(
    length: int,
    start: Array,
    possible: Callable[[Array, int], NDArray[np.bool_]],
    advance: Callable[[Array, NDArray[np.integer]], Array],
    dtype: DTypeLike = np.int64,
) -> Array:
    """Return words in alphabetical order of ids, (words, length).

    Args:
        length: the length of the words.
        start: the state of a word before its first symbol, (1, ...).
        possible: from states, and the number of symbols after the next one, to the symbols that
            may come next in words that can still be finished, (words, symbols).
        advance: from states and a symbol for each to the states after it.
        dtype: the type of the ids.
    """
    words = np.empty((1, 0), dtype=dtype)
    states = start
    for left in reversed(range(length)):
        rows, symbols = np.nonzero(possible(states, left))
        words = np.column_stack([words[rows], symbols.astype(dtype)])
        states = advance(states[rows], symbols)
    return words
