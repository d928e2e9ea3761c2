"""The tasks on bracketed expressions: modular-arithmetic-brackets and solve-equation."""

from dataclasses import dataclass

import numpy as np

from seqtasks.tasks import AllowedLengths, Array, Task, Tokens
from seqtasks_chomsky.draws import uniform_below
from seqtasks_chomsky.expressions import (
    CLOSE,
    MALFORMED,
    MINUS,
    MODULUS,
    OPEN,
    OTHER,
    PLUS,
    draw_expressions,
    evaluate,
)
from seqtasks_chomsky.protocol import checked, refuse, shorter_protocol
from seqtasks_chomsky.published import SOURCE, published

__all__ = ["ModularArithmeticBrackets", "SolveEquation"]

EXPRESSIONS = Tokens("01234+-*()x")
EQUATIONS = Tokens("01234+-()x=")


@dataclass(frozen=True)
class ModularArithmeticBrackets(Task):
    """Say the value, mod 5, of a fully bracketed expression over the digits 0..4 and + - *.

    An expression of length 1 is a digit d, of length 2 -d, of length 3 (d), of length 4 (-d). A
    longer one is (L op R), with op uniform and the length of L uniform on 1 .. length - 4. Digits
    are uniform. The symbol x has an id, as in the published code, but no use. Expressions with
    fewer or more brackets are also understood: * goes before + and -, and these from left to right.
    """

    inputs = EXPRESSIONS
    targets = Tokens("01234")
    layout = "end"
    source = SOURCE
    settings = shorter_protocol("1..9", evaluation_lengths=(9, 18, 40, 100))
    published = published("modular-arithmetic-brackets")

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw expressions, (batch, length)."""
        return draw_expressions(rng, batch_size, length, operators=3)

    def encode(self, inputs: Array) -> Array:
        """Return the values, (batch,).

        Raises:
            UsageError: for an input that is no expression.
        """
        values = evaluate(checked(EXPRESSIONS, inputs))
        refuse(EXPRESSIONS, inputs, values == MALFORMED, "an expression of digits, + - * and ( )")
        return values


# The alphabet of equations has no *, so its brackets have other ids than in expressions.
_OPEN_ID, _CLOSE_ID, _UNKNOWN, _EQUALS = 7, 8, 9, 10
_IDS = np.array([*range(MODULUS), PLUS, MINUS, OPEN, CLOSE, OTHER, OTHER], dtype=np.uint8)
_IDS_WITH_UNKNOWN = [np.where(np.arange(11) == _UNKNOWN, value, _IDS) for value in (0, 1)]


@dataclass(frozen=True)
class SolveEquation(Task):
    """Solve for x, mod 5, in an equation such as (2-(x+4))=1.

    It is an expression of length n - 2 as in modular-arithmetic-brackets, but without *, with x in
    place of one digit; then come = and its value. As in the published code, the digit is the first
    one at or after a uniformly drawn place, where the first place follows the last. The published
    code also has no equations shorter than 3; it returns zeros for them, here they are an error.
    """

    inputs = EQUATIONS
    targets = Tokens("01234")
    layout = "end"
    lengths = AllowedLengths(3)
    source = SOURCE
    settings = shorter_protocol("3..15", evaluation_lengths=(15, 30, 60, 150))
    published = published("solve-equation", shortest=3)

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw equations, (batch, length)."""
        places = length - 2
        expressions = draw_expressions(rng, batch_size, places, operators=2)
        drawn = np.full((batch_size, length), _EQUALS, dtype=np.uint8)
        drawn[:, -1] = evaluate(expressions)
        # Without * between them, both brackets come one id earlier.
        drawn[:, :places] = expressions - (expressions >= OPEN)
        firsts = uniform_below(rng, np.full(batch_size, places))
        is_digit = expressions < MODULUS
        after = is_digit & (np.arange(places) >= firsts[:, None])
        chosen = np.where(after.any(axis=1), after.argmax(axis=1), is_digit.argmax(axis=1))
        drawn[np.arange(batch_size), chosen] = _UNKNOWN
        return drawn

    def encode(self, inputs: Array) -> Array:
        """Return the values of x, (batch,).

        Raises:
            UsageError: for an input that is no equation with one x before = and a digit after it.
        """
        symbols = checked(EQUATIONS, inputs)
        left, right = symbols[:, :-2], symbols[:, -1]
        if not left.size:
            wrong = np.ones(len(symbols), dtype=np.bool_)
            refuse(EQUATIONS, inputs, wrong, _EQUATION)
        # x occurs once and nothing is multiplied, so the left side is a + x or a - x.
        both = np.concatenate([ids[left] for ids in _IDS_WITH_UNKNOWN])
        with_zero, with_one = evaluate(both).astype(np.int64).reshape(2, -1)
        wrong = (with_zero == MALFORMED) | (right >= MODULUS)
        wrong |= (symbols[:, -2] != _EQUALS) | ((left == _UNKNOWN).sum(axis=1) != 1)
        refuse(EQUATIONS, inputs, wrong, _EQUATION)
        sign = with_one - with_zero
        return (right - with_zero) * sign % MODULUS


_EQUATION = "an expression of digits, + - ( ) and one x, then = and a digit"
