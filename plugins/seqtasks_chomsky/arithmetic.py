"""The tasks on binary numbers of any size: binary-addition, binary-multiplication, compute-sqrt.

Each row of a batch passes through one Python whole number. Its bits are packed and unpacked for all
rows at once, which costs more than the arithmetic.
"""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import IGNORE, AllowedLengths, Array, Task, Tokens
from seqtasks_bits.bits import BitTask
from seqtasks_chomsky.draws import fair_bits, uniform_below
from seqtasks_chomsky.protocol import BITS, checked, refuse, shorter_protocol
from seqtasks_chomsky.published import SOURCE, published

__all__ = ["BinaryAddition", "BinaryMultiplication", "ComputeSqrt"]

SUMS = Tokens("01+")
PRODUCTS = Tokens("01*")
OPERATOR = 2
END = 2


@dataclass(frozen=True)
class BinaryAddition(Task):
    """Say the sum of two binary numbers, least significant digit first.

    The first number has 1 .. length - 2 digits, uniformly, and the second the rest. A number is
    uniform among all nonzero numbers with its number of digits, so it may end in zeros. The answer
    has length + 1 places: the sum without zeros at its end, END, and then places that are not
    scored. A sum of 0, which is never drawn, is one digit 0. The published code also has numbers of
    length 1 and 2, without +; here these lengths are an error.
    """

    inputs = SUMS
    targets = Tokens(("0", "1", "END"))
    layout = "after"
    equally_likely = False
    lengths = AllowedLengths(3)
    source = SOURCE
    settings = shorter_protocol("3..10", evaluation_lengths=(10, 20, 40, 100))
    published = published("binary-addition", jump="1/2", has_end=True, shortest=3)

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw pairs of numbers, (batch, length)."""
        return _draw_pairs(rng, batch_size, length)

    def encode(self, inputs: Array) -> Array:
        """Return the sums, (batch, length + 1).

        Raises:
            UsageError: for an input other than two numbers with + between them.
        """
        symbols = _pairs(SUMS, inputs)
        return _results(symbols, operator.add, symbols.shape[1] + 1)

    def domain_size(self, length: int) -> int:
        """Return the number of pairs of numbers above 0."""
        return _count_pairs(length)

    def enumerate(self, length: int) -> Array:
        """Return every pair of numbers above 0, (pairs, length)."""
        return _every_pair(length)


@dataclass(frozen=True)
class BinaryMultiplication(Task):
    """Say the product of two binary numbers, least significant digit first.

    The numbers are drawn as in binary-addition, with * between them. The answer has length places:
    the product without zeros at its end, END, and then places that are not scored. A product of 0,
    which is never drawn, is one digit 0. The published code also has lengths 1 and 2, without *;
    here they are an error.
    """

    inputs = PRODUCTS
    targets = Tokens(("0", "1", "END"))
    layout = "after"
    equally_likely = False
    lengths = AllowedLengths(3)
    source = SOURCE
    settings = shorter_protocol("3..8", evaluation_lengths=(8, 16, 40, 100))
    published = published("binary-multiplication", jump="1/2", has_end=True, shortest=3)

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw pairs of numbers, (batch, length)."""
        return _draw_pairs(rng, batch_size, length)

    def encode(self, inputs: Array) -> Array:
        """Return the products, (batch, length).

        Raises:
            UsageError: for an input other than two numbers with * between them.
        """
        symbols = _pairs(PRODUCTS, inputs)
        return _results(symbols, operator.mul, symbols.shape[1])

    def domain_size(self, length: int) -> int:
        """Return the number of pairs of numbers above 0."""
        return _count_pairs(length)

    def enumerate(self, length: int) -> Array:
        """Return every pair of numbers above 0, (pairs, length)."""
        return _every_pair(length)


@dataclass(frozen=True)
class ComputeSqrt(BitTask):
    """Say the integer part of a number's square root, both most significant digit first.

    The number is uniform among all nonzero numbers of `length` binary digits. The root has half as
    many places, rounded up, with zeros in front. The published code has the most significant digit
    first too; the paper's text (A.3) says the least.
    """

    layout = "after"
    source = SOURCE
    settings = shorter_protocol("1..10", evaluation_lengths=(10, 20, 40, 100))
    published = published("compute-sqrt", jump="2/3")

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> NDArray[np.uint8]:
        """Draw numbers above 0, (batch, length)."""
        drawn = fair_bits(rng, batch_size, length)
        zeros = np.flatnonzero(~drawn.any(axis=1))
        while zeros.size:
            drawn[zeros] = fair_bits(rng, zeros.size, length)
            zeros = zeros[~drawn[zeros].any(axis=1)]
        return drawn

    def encode(self, inputs: Array) -> Array:
        """Return the roots, (batch, half the length, rounded up)."""
        bits = checked(BITS, inputs)
        places = (bits.shape[1] + 1) // 2
        packed = np.packbits(bits, axis=1)
        spare = 8 * packed.shape[1] - bits.shape[1]
        width = (places + 7) // 8
        octets = b"".join(
            math.isqrt(int.from_bytes(row) >> spare).to_bytes(width) for row in _rows(packed)
        )
        roots = np.frombuffer(octets, dtype=np.uint8).reshape(len(bits), width)
        return np.unpackbits(roots, axis=1)[:, 8 * width - places :]

    def domain_size(self, length: int) -> int:
        """Return 2^length - 1."""
        return 2**length - 1

    def enumerate(self, length: int) -> Array:
        """Return the numbers 1 .. 2^length - 1, (2^length - 1, length)."""
        return super().enumerate(length)[1:]


def _draw_pairs(rng: np.random.Generator, batch_size: int, length: int) -> NDArray[np.uint8]:
    """Draw pairs of numbers above 0 with an operator between them, (batch, length)."""
    between = 1 + uniform_below(rng, np.full(batch_size, length - 2))[:, None]
    drawn = fair_bits(rng, batch_size, length)
    places = np.arange(length)
    for operand in (places < between, places > between):
        # A number that comes out as 0 is drawn again, which leaves the others equally likely.
        zeros = np.flatnonzero(~(drawn.view(np.bool_) & operand).any(axis=1))
        while zeros.size:
            fresh = fair_bits(rng, zeros.size, length)
            drawn[zeros] = np.where(operand[zeros], fresh, drawn[zeros])
            zeros = zeros[~(fresh.view(np.bool_) & operand[zeros]).any(axis=1)]
    drawn[np.arange(batch_size), between[:, 0]] = OPERATOR
    return drawn


def _count_pairs(length: int) -> int:
    """Return how many pairs `_every_pair` returns: the sum of (2^m - 1) (2^n - 1) over its m + n.

    The operator is drawn uniformly over its places, though fewer pairs have it where one number is
    short. So these pairs are drawn more often than others.
    """
    return (length - 2) * (2 ** (length - 1) + 1) - 2 * (2 ** (length - 1) - 2)


def _every_pair(length: int) -> NDArray[np.uint8]:
    """Return the pairs that can be drawn, by the operator's place and then by the two numbers."""
    found: list[NDArray[np.uint8]] = []
    for between in range(1, length - 1):
        first, second = (
            np.arange(1, 2**digits)[:, None] >> np.arange(digits) & 1
            for digits in (between, length - 1 - between)
        )
        pairs = np.full((len(first), len(second), length), OPERATOR, dtype=np.uint8)
        pairs[:, :, :between] = first[:, None]
        pairs[:, :, between + 1 :] = second
        found.append(pairs.reshape(-1, length))
    return np.concatenate(found)


def _pairs(alphabet: Tokens, inputs: Array) -> NDArray[np.uint8]:
    """Return the symbols of pairs of numbers, after checking that they are such pairs."""
    symbols = checked(alphabet, inputs)
    operators = symbols == OPERATOR
    wrong = operators.sum(axis=1) != 1
    wrong |= operators[:, 0] | operators[:, -1]
    refuse(alphabet, inputs, wrong, f"two binary numbers with {alphabet.symbols[OPERATOR]} between")
    return symbols


def _results(
    symbols: NDArray[np.uint8], operation: Callable[[int, int], int], places: int
) -> NDArray[np.int8]:
    """Return an operation's result for each row's two numbers, then END, (batch, places)."""
    between: list[int] = (symbols == OPERATOR).argmax(axis=1).tolist()
    # The lowest bit of the operator's id is 0, so a row's bits are first + 2^(between + 1) second.
    packed = np.packbits(symbols & 1, axis=1, bitorder="little")
    width = (places + 7) // 8
    results: list[int] = []
    for row, place in zip(_rows(packed), between, strict=True):
        both = int.from_bytes(row, "little")
        results.append(operation(both & ((1 << place) - 1), both >> (place + 1)))
    octets = b"".join(result.to_bytes(width, "little") for result in results)
    packed = np.frombuffer(octets, dtype=np.uint8).reshape(len(symbols), width)
    digits = np.unpackbits(packed, axis=1, count=places, bitorder="little").view(np.int8)
    ends = np.array([max(1, result.bit_length()) for result in results], dtype=np.int64)
    digits[np.arange(places) > ends[:, None]] = IGNORE
    digits[np.arange(len(symbols)), ends] = END
    return digits


def _rows(packed: NDArray[np.uint8]) -> list[bytes]:
    """Return the bytes of each row."""
    octets, width = packed.tobytes(), packed.shape[1]
    return [octets[start : start + width] for start in range(0, len(octets), width)]
