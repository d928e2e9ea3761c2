"""Bracketed expressions over the digits 0..4: drawn and evaluated, mod 5, a batch at a time."""

import itertools

import numpy as np
from numpy.typing import NDArray

from seqtasks_chomsky.draws import uniform_below, uniform_symbols

__all__ = [
    "CLOSE",
    "MALFORMED",
    "MINUS",
    "MODULUS",
    "OPEN",
    "OTHER",
    "PLUS",
    "TIMES",
    "draw_expressions",
    "evaluate",
]

MODULUS = 5
PLUS, MINUS, TIMES, OPEN, CLOSE = 5, 6, 7, 8, 9
OTHER = 10
"""Any symbol that does not belong in an expression."""

MALFORMED = 5
"""The value that `evaluate` returns for an input that is no expression."""

# The symbols left of a place, within the innermost open bracket, lead to one of 51 states.
# 0..24: an operand must follow; 5 x the sum so far + the factor of the operand.
# 25..49: an operand has just ended; 25 + 5 x the sum so far + the unfinished term. 50: no hope.
_ENDED = 25
_HOPELESS = 50
_STATES = 51
_START = 1  # nothing so far, and the first operand counts once


def draw_expressions(
    rng: np.random.Generator, batch_size: int, length: int, operators: int
) -> NDArray[np.uint8]:
    """Draw fully bracketed expressions, (batch, length), with the first of the operators + - *.

    An expression of length 1 is a digit d, of length 2 -d, of length 3 (d), of length 4 (-d), and a
    longer one (L op R), with the length of L uniform on 1 .. length - 4.
    """
    symbols = uniform_symbols(rng, batch_size * length, MODULUS)  # the digits; others come on top
    starts = np.arange(batch_size, dtype=np.int64) * length
    lengths = np.full(batch_size, length, dtype=np.int64)
    # Each round splits the expressions of one depth, all over the batch, into their parts.
    while starts.size:
        bracketed = lengths >= 3
        symbols[starts[bracketed]] = OPEN
        symbols[starts[bracketed] + lengths[bracketed] - 1] = CLOSE
        symbols[starts[lengths == 2]] = MINUS
        symbols[starts[lengths == 4] + 1] = MINUS
        split = lengths >= 5
        starts, lengths = starts[split], lengths[split]
        lefts = 1 + uniform_below(rng, lengths - 4)
        symbols[starts + 1 + lefts] = PLUS + uniform_symbols(rng, starts.size, operators)
        starts = np.concatenate([starts + 1, starts + 2 + lefts])
        lengths = np.concatenate([lefts, lengths - 3 - lefts])
    return symbols.reshape(batch_size, length)


def evaluate(symbols: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the values of expressions, (batch,); MALFORMED for an input that is none.

    Brackets may be left out or repeated: * goes before + and -, and these go from left to right.
    A - at the place of an operand negates it.
    """
    # Time is the first axis, so that each step reads the batch from one stretch of memory.
    steps = np.ascontiguousarray(symbols.T)
    batch_size = symbols.shape[0]
    depths = _RISES.take(steps)
    for before, depth in itertools.pairwise(depths):  # faster than a sum over the first axis
        depth += before
    balanced = (depths >= 0).all(axis=0) & (depths[-1:] == 0).all(axis=0)
    # One stack for each row, its places `batch_size` apart: the states to continue from at a ).
    tops = np.zeros((len(steps) + 1, batch_size), dtype=np.int64)
    np.multiply(np.maximum(depths, 0), batch_size, out=tops[1:])
    tops += np.arange(batch_size)
    above = tops[:-1] + batch_size
    stacks = np.full(int(tops.max(initial=0)) + 1 + batch_size, _HOPELESS)
    states = np.full(batch_size, _START)
    for place, top, next_top in zip(_PLACES_OF_SYMBOLS.take(steps), tops[:-1], above, strict=True):
        place += stacks.take(top)
        stacks[next_top] = states  # read again only if this step opens a bracket
        states *= _STATES
        place += states
        states = _NEXT.take(place)
    values = (states // MODULUS + states) % MODULUS
    ended = (states >= _ENDED) & (states < _HOPELESS) & balanced
    return np.where(ended, values, MALFORMED).astype(np.uint8)


def _transitions() -> NDArray[np.int64]:
    """Return the state after a symbol, by (symbol, state, state saved at the open bracket)."""
    table = np.full((OTHER + 1, _STATES, _STATES), _HOPELESS, dtype=np.int64)
    digits, total, factor = np.indices((MODULUS, MODULUS, MODULUS))
    table[:PLUS, :_ENDED] = (_ENDED + MODULUS * total + factor * digits % MODULUS).reshape(
        MODULUS, _ENDED, 1
    )
    total, term = np.indices((MODULUS, MODULUS)).reshape(2, _ENDED, 1)
    table[MINUS, :_ENDED] = MODULUS * total + -term % MODULUS
    table[OPEN, :_ENDED] = _START
    added = MODULUS * ((total + term) % MODULUS)
    table[PLUS, _ENDED:_HOPELESS] = added + 1
    table[MINUS, _ENDED:_HOPELESS] = added + MODULUS - 1
    table[TIMES, _ENDED:_HOPELESS] = MODULUS * total + term
    outer_total, outer_factor = np.indices((MODULUS, MODULUS)).reshape(2, 1, _ENDED)
    table[CLOSE, _ENDED:_HOPELESS, :_ENDED] = (
        _ENDED + MODULUS * outer_total + outer_factor * (total + term) % MODULUS
    )
    return table.ravel()


_NEXT = _transitions()
_PLACES_OF_SYMBOLS = np.arange(OTHER + 1) * _STATES**2
_RISES = np.zeros(OTHER + 1, dtype=np.int32)
_RISES[[OPEN, CLOSE]] = 1, -1
