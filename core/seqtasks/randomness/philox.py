"""Random numbers that are a function of their place: Philox 4x32-10.

A generator with a state gives other numbers when draws come in another order, by other threads, or
for a part of a batch. A counter-based generator has no state: the number at a place is a function
of a key and of the place. Philox 4x32-10 maps a counter of four words of 32 bits and a key of two
to four random words (J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers:
as easy as 1, 2, 3", SC 2011). The native engine has the same functions in `native/c/draws.h`.

The word of an element of a draw lies at

    counter = (place // 4, number, time, row)    word place % 4

where `place` counts the elements of one row, and `number` the draws of one step of one part of a
model. A word w becomes

    uniform = (w + 1/2) / 2^32            within (0, 1)
    normal  = the inverse of the normal distribution function at (w + 1/2) / 2^32

so both types of numbers have the same draws up to rounding, and each draw takes one word.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqtasks.randomness.streams import stream

__all__ = ["NOWHERE", "StepKeys", "normals", "philox", "uniforms", "words"]

Words = NDArray[np.uint32]

NOWHERE = 2**32 - 1
"""The row of a draw that all rows share, and the time of a draw that is no step's."""

_FACTORS = np.array([[0xD2511F53], [0xCD9E8D57]], dtype=np.uint64)
_INCREMENTS = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_LOW, _HALF = np.uint64(2**32 - 1), np.uint64(32)
_PART = 2**14
"""How many counters go through the rounds together, so that they stay in the processor's caches."""


def philox(counters: NDArray[np.integer[Any]], key: int) -> Words:
    """Return the words of counters: Philox 4x32-10.

    Args:
        counters: (4, count), each number a word of 32 bits.
        key: of 64 bits; its lower half is the first word of the paper.

    Returns:
        The words, (4, count).

    Example:
        >>> import numpy as np
        >>> from seqtasks.randomness.philox import philox
        >>> [hex(word) for word in philox(np.zeros((4, 1), dtype=np.uint32), 0)[:, 0]]
        ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    found = np.empty(counters.shape, dtype=np.uint32)
    for first in range(0, counters.shape[1], _PART):
        part = slice(first, first + _PART)
        found[:, part] = _rounds(counters[:, part].astype(np.uint64), key)
    return found


def _rounds(c: NDArray[np.uint64], key: int) -> NDArray[np.uint64]:
    """Return the words of a few counters as numbers of 64 bits; the counters are overwritten."""
    product = np.empty((2, c.shape[1]), dtype=np.uint64)
    halves = [key & 0xFFFFFFFF, key >> 32]
    for _ in range(_ROUNDS):
        np.multiply(c[0::2], _FACTORS, out=product)
        c[0] = c[1]
        c[2] = c[3]
        c[0] ^= product[1] >> _HALF
        c[2] ^= product[0] >> _HALF
        c[0] ^= np.uint64(halves[0])
        c[2] ^= np.uint64(halves[1])
        np.bitwise_and(product, _LOW, out=product)
        c[1], c[3] = product[1], product[0]
        halves = [(h + more) & 0xFFFFFFFF for h, more in zip(halves, _INCREMENTS, strict=True)]
    return c


def words(
    key: int, number: int, rows: NDArray[np.int64], times: NDArray[np.int64], size: int
) -> Words:
    """Return the words of a draw, (rows, size).

    Args:
        key: of the training step, or of another pass through a model.
        number: of the draw.
        rows: (rows,), the number of each row; `NOWHERE` for a draw that all rows share.
        times: (rows,), the step of each; `NOWHERE` for a draw that is no step's.
        size: how many elements each row has.
    """
    blocks = -(-size // 4)
    counters = np.empty((4, len(rows), blocks), dtype=np.uint32)
    counters[0] = np.arange(blocks, dtype=np.uint32)
    counters[1] = number
    counters[2] = times[:, None]
    counters[3] = rows[:, None]
    found = philox(counters.reshape(4, -1), key).reshape(4, len(rows), blocks)
    return np.moveaxis(found, 0, -1).reshape(len(rows), 4 * blocks)[:, :size]


def uniforms(drawn: Words, dtype: Any = np.float64) -> NDArray[Any]:
    """Return uniform numbers within (0, 1).

    In float32 they are rounded twice, as in C: to the type, and when the half is added. The largest
    would be 1, and becomes the number below it.
    """
    numbers = drawn.astype(dtype)
    numbers *= dtype(2.0**-32)
    numbers += dtype(2.0**-33)
    return np.minimum(numbers, np.nextafter(dtype(1), dtype(0)))


def normals(drawn: Words, dtype: Any = np.float64) -> NDArray[Any]:
    """Return standard normal numbers, computed in float64 and rounded to the type."""
    return _inverse_normal(drawn).astype(dtype)


_CENTRE = (
    (
        *(3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3),
        *(1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4),
        *(3.3430575583588128105e4, 2.5090809287301226727e3),
    ),
    (
        *(1.0, 4.2313330701600911252e1, 6.8718700749205790830e2),
        *(5.3941960214247511077e3, 2.1213794301586595867e4, 3.9307895800092710610e4),
        *(2.8729085735721942674e4, 5.2264952788528545610e3),
    ),
)
_TAIL = (
    (
        *(1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0),
        *(3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1),
        *(2.27238449892691845833e-2, 7.74545014278341407640e-4),
    ),
    (
        *(1.0, 2.05319162663775882187e0, 1.67638483018380384940e0),
        *(6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2),
        *(5.47593808499534494600e-4, 1.05075007164441684324e-9),
    ),
)
"""Numerators and denominators, from the constant on, of M. J. Wichura, "Algorithm AS 241: the
percentage points of the normal distribution", Applied Statistics 37(3), 1988. No word reaches the
part beyond `_TAIL`, for less than exp(-25)."""


def _inverse_normal(drawn: Words) -> NDArray[np.float64]:
    """Return, for each word, the normal number below which its share of the distribution lies."""
    share = (drawn.astype(np.float64) + 0.5) * 2.0**-32
    off = share - 0.5
    near = 0.180625 - off * off
    found = off * _ratio(near, _CENTRE)
    tails = np.flatnonzero(np.abs(off) > 0.425)
    below = share.flat[tails] < 0.5
    share = np.where(below, share.flat[tails], 1 - share.flat[tails])
    size = _ratio(np.sqrt(-np.log(share)) - 1.6, _TAIL)
    found.flat[tails] = np.where(below, -size, size)
    return found


def _ratio(x: NDArray[np.float64], of: Any) -> NDArray[np.float64]:
    above, below = (np.polynomial.polynomial.polyval(x, coefficients) for coefficients in of)
    return above / below


class StepKeys:
    """The keys of training steps, or of passes: step k's key is a function of seed and k.

    Args:
        seed: of the experiment.
        purpose: of the numbers.
    """

    def __init__(self, seed: int, purpose: str) -> None:
        self._own = int(stream(seed, f"{purpose} draws").integers(2**64, dtype=np.uint64))

    def at(self, step: int) -> int:
        """Return the key of a step."""
        return int(self.between(step, 1)[0])

    def between(self, first: int, count: int) -> NDArray[np.uint64]:
        """Return the keys of steps that follow each other, (count,)."""
        counters = np.zeros((4, count), dtype=np.uint32)
        counters[0] = (np.arange(first, first + count) & 0xFFFFFFFF).astype(np.uint32)
        counters[1] = (np.arange(first, first + count) >> 32).astype(np.uint32)
        low, high = philox(counters, self._own)[:2].astype(np.uint64)
        return low | (high << _HALF)
