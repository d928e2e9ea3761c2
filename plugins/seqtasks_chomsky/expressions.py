"""Bracketed expressions over the digits 0..4: drawn and evaluated, mod 5, a batch at a time."""

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
"""Any symbol that has no place in an expression."""

MALFORMED = 5
"""What `evaluate` returns for what is no expression."""

# What is known left of a place, within the innermost open bracket, is one of 51 states.
# 0..24: an operand must follow; 5 x the sum so far + what the operand will be multiplied by.
# 25..49: an operand has just ended; 25 + 5 x the sum so far + the unfinished term. 50: no hope.
_ENDED = 25
_HOPELESS = 50
_STATES = 51
_START = 1  # nothing so far, and the first operand counts once


def draw_expressions(
    rng: np.random.Generator, batch_size: int, length: int, operators: int
) -> NDArray[np.uint8]:
    """Draw fully bracketed expressions, (batch, length), with the first of the operators + - *.

    One of length 1 is a digit d, of 2 -d, of 3 (d), of 4 (-d), and a longer one (L op R), with the
    length of L uniform on 1 .. length - 4.
    """
    symbols = uniform_symbols(rng, batch_size * length, MODULUS)  # the digits; others come on top
    starts = np.arange(batch_size, dtype=np.int64) * length
    lengths = np.full(batch_size, length, dtype=np.int64)
    # Each round splits the expressions of one depth, all over the batch, into those they hold.
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
    """Return the values of expressions, (batch,); MALFORMED for what is none.

    Brackets may be left out or be many: * goes before + and -, which go from left to right, and a
    - where an operand is due negates it.
    """
    # Steps come first, so that each takes the whole batch from one stretch of memory.
    steps = np.ascontiguousarray(symbols.T)
    batch_size = symbols.shape[0]
    highest = int((steps == OPEN).sum(axis=0).max(initial=0))
    # One stack for each row, its places `batch_size` apart: the states to go on from at a ). At the
    # bottom of each lies what makes a ) without its ( hopeless.
    stacks = np.full((highest + 2) * batch_size, _HOPELESS, dtype=np.uint8)
    bottoms = np.arange(batch_size)
    tops = bottoms.copy()
    states = np.full(batch_size, _START, dtype=np.uint8)
    for step in steps:
        saved = stacks[tops]
        stacks[tops + batch_size] = states  # read again only if this step opens a bracket
        states = _NEXT[_PLACES_OF_SYMBOLS[step] + _PLACES_OF_STATES[states] + saved]
        tops += _RISES[step] * batch_size
        np.maximum(tops, bottoms, out=tops)
    values = (states // MODULUS + states) % MODULUS
    ended = (states >= _ENDED) & (states < _HOPELESS) & (tops == bottoms)
    return np.where(ended, values, MALFORMED)


def _transitions() -> NDArray[np.uint8]:
    """Return the state after a symbol, by (symbol, state, state saved at the open bracket)."""
    table = np.full((OTHER + 1, _STATES, _STATES), _HOPELESS, dtype=np.uint8)
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
_PLACES_OF_STATES = np.arange(_STATES) * _STATES
_RISES = np.zeros(OTHER + 1, dtype=np.int64)
_RISES[[OPEN, CLOSE]] = 1, -1
