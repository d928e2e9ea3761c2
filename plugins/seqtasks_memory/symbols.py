"""Share numbered symbols and parameter-dependent attributes among the tasks of this package."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from seqtasks.tasks import (
    IGNORE,
    AllowedLengths,
    Array,
    PublishedProtocol,
    Reals,
    Settings,
    Task,
    Tokens,
    UsageError,
)

__all__ = [
    "LONG_LAGS",
    "LONG_SHORT_TERM",
    "TURING_MACHINES",
    "answer_type",
    "check_range",
    "every_string",
    "id_type",
    "numerals",
    "portions",
    "refuse",
    "set_attributes",
]

TURING_MACHINES = PublishedProtocol(
    source="Graves, Wayne & Danihelka 2014, Neural Turing machines",
    missing=(
        (
            "Its symbols are vectors of bits; its RMSProp subtracts the mean gradient, each "
            "number clipped to 10."
        ),
        "Its Turing machine is no cell here, and its results are figures only.",
    ),
)
LONG_LAGS = PublishedProtocol(
    source="Arjovsky, Shah & Bengio 2016, Unitary evolution recurrent neural networks",
    missing=(
        "Its unitary network is no cell here, and its results are figures only.",
        "Its training can be set: --batch-size 20 --lr 0.001 --optimizer rmsprop:alpha=0.9.",
    ),
)
LONG_SHORT_TERM = PublishedProtocol(
    source="Hochreiter & Schmidhuber 1997, Long short-term memory",
    missing=(
        "Its memory cells have several blocks, no forget gate, and gradients cut off at the cell.",
        "It trains one sequence at a time until 2000 in a row are right.",
    ),
)
"""The requirements of the papers of these tasks that are missing here."""

_SHOWN = 20
"""The most ids of a wrong input in a message."""

_CACHED_NUMBERS = 2**17


def numerals(count: int) -> tuple[str, ...]:
    """Return the symbols 0, 1, ... of an alphabet, `count` of them."""
    return tuple(map(str, range(count)))


def set_attributes(task: Task, **attributes: Tokens | Reals | AllowedLengths | Settings) -> None:
    """Set the attributes of a frozen task that depend on its parameters."""
    for name, value in attributes.items():
        object.__setattr__(task, name, value)


def check_range(name: str, value: int, least: int, most: int) -> None:
    """Raise a UsageError for a parameter that is not a whole number from `least` to `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UsageError(f"{name} must be a whole number from {least} to {most}, got {value!r}")


def refuse(wrong: ArrayLike, inputs: Array, rule: str) -> None:
    """Raise a UsageError with the rule and the first input that breaks it, if there is one.

    Args:
        wrong: which inputs break the rule, (batch,).
        inputs: the inputs, (batch, length).
        rule: the rule for every input, in words.
    """
    rows = np.flatnonzero(wrong)
    if rows.size:
        ids = " ".join(map(str, inputs[rows[0], :_SHOWN].tolist()))
        more = " ..." if inputs.shape[1] > _SHOWN else ""
        raise UsageError(f"{rule}; this input has the ids {ids}{more}")


def id_type(ids: int) -> DTypeLike:
    """Return the smallest type that holds the ids 0 .. ids - 1: less memory takes less time."""
    return np.min_scalar_type(ids - 1)


def answer_type(ids: int) -> DTypeLike:
    """Return the smallest type that holds the ids 0 .. ids - 1 and IGNORE."""
    return np.promote_types(np.min_scalar_type(ids - 1), np.min_scalar_type(IGNORE))


def every_string(symbols: int, length: int) -> NDArray[np.int64]:
    """Return all strings of a length in alphabetical order, (symbols^length, length)."""
    places = np.arange(length - 1, -1, -1)
    return np.arange(symbols**length)[:, None] // symbols**places % symbols


def portions(rows: int, width: int) -> Iterator[slice]:
    """Yield slices of a few rows of a width: work on rows that fit in a cache is faster."""
    most = max(1, _CACHED_NUMBERS // width)
    for first in range(0, rows, most):
        yield slice(first, min(first + most, rows))
