"""The regular tasks: parity-check, even-pairs, cycle-navigation, modular-arithmetic."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import AllowedLengths, Array, Task, Tokens
from seqtasks_bits.bits import BitTask
from seqtasks_chomsky.draws import every_string, uniform_symbols
from seqtasks_chomsky.protocol import BITS, checked, protocol, refuse
from seqtasks_chomsky.published import SOURCE, published

__all__ = ["CycleNavigation", "EvenPairs", "ModularArithmetic", "ParityCheck"]

MOVES = Tokens(("-1", "0", "+1"))
EXPRESSIONS = Tokens("01234+-*_")
MODULUS = 5
OPERATORS = 3
PLUS, MINUS, TIMES, BLANK_ID = 5, 6, 7, 8


@dataclass(frozen=True)
class ParityCheck(BitTask):
    """Say after the last of some fair bits whether the number of ones is odd (1) or even (0)."""

    layout = "end"
    source = SOURCE
    settings = protocol("elman", clip=0.1, solved_after=10)
    published = published("parity-check")

    def encode(self, inputs: Array) -> Array:
        """Return the sums of the bits, mod 2, (batch,)."""
        return np.bitwise_xor.reduce(checked(BITS, inputs), axis=1)


@dataclass(frozen=True)
class EvenPairs(BitTask):
    """Say whether the number of places where neighbouring bits differ is odd (1) or even (0).

    This is the same question as whether the first of the fair bits differs from the last.
    """

    layout = "end"
    source = SOURCE
    settings = protocol("elman", clip=0.1, solved_after=10)
    published = published("even-pairs")

    def encode(self, inputs: Array) -> Array:
        """Return 1 where the first bit differs from the last, (batch,)."""
        return inputs[:, 0] ^ inputs[:, -1]


@dataclass(frozen=True)
class CycleNavigation(Task):
    """Say where a walk ends that begins at place 0 of a circle of five places.

    Each move is one place back (-1), none (0) or one ahead (+1), with equal chance.
    """

    inputs = MOVES
    targets = Tokens("01234")
    layout = "end"
    source = SOURCE
    settings = protocol("elman", clip=0.1, solved_after=10)
    published = published("cycle-navigation")

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw moves, (batch, length)."""
        return uniform_symbols(rng, batch_size * length, 3).reshape(batch_size, length)

    def encode(self, inputs: Array) -> Array:
        """Return the sums of the moves, mod 5, (batch,)."""
        moves = checked(MOVES, inputs)
        return (moves.sum(axis=1, dtype=np.int64) - moves.shape[1]) % MODULUS

    def domain_size(self, length: int) -> int:
        """Return 3^length."""
        return 3**length

    def enumerate(self, length: int) -> Array:
        """Return every walk of a length, (3^length, length)."""
        return every_string((3,) * length)


def _operations() -> NDArray[np.uint16]:
    """Return the state after an operator and a digit, by (operator, digit, state).

    A state is 5 x the sum of the finished terms + the product of the unfinished one, both mod 5.
    """
    operator, digit, finished, product = np.indices((OPERATORS + 1, MODULUS, MODULUS, MODULUS))
    times = operator == TIMES - PLUS
    signed = np.where(operator == MINUS - PLUS, -digit, digit)  # a blank adds, as + does
    finished = np.where(times, finished, finished + product) % MODULUS
    product = np.where(times, product * digit, signed) % MODULUS
    return (MODULUS * finished + product).astype(np.uint16).ravel()


@dataclass(frozen=True)
class ModularArithmetic(Task):
    """Say the value, mod 5, of digits 0..4 with one of + - * between neighbours.

    * goes before + and -, and these go from left to right, as in the published code. The language
    of this name in Butoi et al. 2025 goes strictly from left to right, so that 1+2*3 is 2 here and
    4 there. Digits and operators are drawn uniformly.
    The length is odd: the published code shortens an even length by one, here it is an error. The
    blank _ is never drawn. If one is given, it stands for 0 at a digit's place and for + at an
    operator's, as in the published code.
    """

    inputs = EXPRESSIONS
    targets = Tokens("01234")
    layout = "end"
    lengths = AllowedLengths(1, step=2)
    source = SOURCE
    settings = protocol("lstm", steps=20_000, clip=0.1, evaluation_lengths=(39, 101, 201, 499))
    published = published("modular-arithmetic", evaluation_lengths=(39, 101, 201, 499))

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw digits and operators in turn, (batch, length)."""
        operators = length // 2
        drawn = np.empty((batch_size, length), dtype=np.uint8)
        digits = uniform_symbols(rng, batch_size * (length - operators), MODULUS)
        drawn[:, ::2] = digits.reshape(batch_size, -1)
        drawn[:, 1::2] = uniform_symbols(rng, batch_size * operators, OPERATORS).reshape(
            batch_size, operators
        )
        drawn[:, 1::2] += PLUS
        return drawn

    def encode(self, inputs: Array) -> Array:
        """Return the values, (batch,).

        Raises:
            UsageError: if digits and operators do not take turns.
        """
        symbols = checked(EXPRESSIONS, inputs)
        digits, operators = symbols[:, ::2], symbols[:, 1::2]
        wrong = ((digits >= PLUS) & (digits != BLANK_ID)).any(1) | (operators < PLUS).any(1)
        if symbols.shape[1] % 2 == 0:
            wrong[:] = True
        refuse(EXPRESSIONS, inputs, wrong, "digits with one of + - * between neighbours")
        # Time is the first axis, so that each step reads the batch from one stretch of memory.
        numbers = np.ascontiguousarray((digits * (digits != BLANK_ID)).T)
        states = numbers[0].astype(np.uint16)
        steps = ((operators.T - PLUS) * MODULUS + numbers[1:]).astype(np.uint16) * MODULUS**2
        for step in steps:
            states = _OPERATIONS[step + states]
        return (states // MODULUS + states) % MODULUS

    def domain_size(self, length: int) -> int:
        """Return the number of expressions without blanks."""
        return MODULUS ** (length - length // 2) * OPERATORS ** (length // 2)

    def enumerate(self, length: int) -> Array:
        """Return every expression without blanks, (domain size, length)."""
        kinds = tuple(OPERATORS if place % 2 else MODULUS for place in range(length))
        strings = every_string(kinds)
        strings[:, 1::2] += PLUS
        return strings


_OPERATIONS = _operations()
