"""Strings that may lie outside a language, as the literature draws them."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import Array, UsageError
from seqtasks_languages.drawing import coins, uniforms, whole_numbers

__all__ = ["MEANINGS", "Negatives", "check_negatives", "edited", "uniform_strings"]

Negatives = Literal["near", "random", "mixed"]

MEANINGS = {
    "near": """
        The non-members among strings to recognise are near misses, as described for the mode. They
        are the hardest to tell from members. But symbol counts alone decide some languages, and a
        network that tells near misses from members may fail on other strings.
    """,
    "random": """
        The non-members among strings to recognise are uniform: each symbol at each place is drawn
        uniformly. A string is drawn again until it lies outside the language.
    """,
    "mixed": """
        Half of the non-members among strings to recognise are uniform, as with random. The other
        half are members with k edits, where k is 1 with chance 1/2, 2 with 1/4, and so on. An edit
        puts another symbol in a place. Or, equally often, it takes a symbol out and puts any symbol
        in somewhere, so that the length stays. This is the mixture of Butoi et al. 2025, Training
        neural networks as recognizers of formal languages, except that their edits change the
        length.
    """,
}
"""The description of each kind of negatives, for `seqtasks show`."""


def check_negatives(negatives: str, mode: str) -> None:
    """Check the kind of negatives against the mode.

    Raises:
        UsageError: for an unknown kind, or one that does not fit the mode.
    """
    if negatives not in get_args(Negatives):
        raise UsageError(f"negatives must be one of near, random, mixed, got {negatives!r}")
    if negatives != "near" and mode != "recognise":
        raise UsageError(f"negatives={negatives} needs mode=recognise: members alone are predicted")


def uniform_strings(rng: np.random.Generator, symbols: int, count: int, length: int) -> Array:
    """Draw strings uniformly: each symbol is equally likely, (count, length)."""
    return whole_numbers(rng, symbols, count, length)


def edited(rng: np.random.Generator, members: Array, symbols: int) -> Array:
    """Return members with k edits, k geometric with parameter 1/2; see MEANINGS.

    Args:
        rng: draws the edits.
        members: (batch, length) ids.
        symbols: the number of symbols of the alphabet.
    """
    count = len(members)
    edits = 1 + np.floor(-np.log2(1.0 - uniforms(rng, count))).astype(np.int64)
    found = members.copy()
    for done in range(int(edits.max(initial=0))):
        rows = np.flatnonzero(edits > done)
        replaced = coins(rng, len(rows))
        changed = found[rows]
        changed[replaced] = _replaced(rng, changed[replaced], symbols)
        changed[~replaced] = _moved(rng, changed[~replaced], symbols)
        found[rows] = changed
    return found


def _replaced(rng: np.random.Generator, strings: Array, symbols: int) -> Array:
    """Put another symbol, drawn uniformly, at a uniform place of each string."""
    rows = np.arange(len(strings))
    places = whole_numbers(rng, strings.shape[1], len(strings))
    others = 1 + whole_numbers(rng, symbols - 1, len(strings))
    strings[rows, places] = (strings[rows, places] + others) % symbols
    return strings


def _moved(rng: np.random.Generator, strings: Array, symbols: int) -> Array:
    """Remove the symbol at a uniform place of each string, and insert any at a uniform place."""
    count, length = strings.shape
    out, into = whole_numbers(rng, length, 2, count)[..., None]
    places: NDArray[np.int64] = np.arange(length) - (np.arange(length) > into)
    found = np.take_along_axis(strings, np.minimum(places + (places >= out), length - 1), axis=1)
    found[np.arange(count), into[:, 0]] = whole_numbers(rng, symbols, count)
    return found
