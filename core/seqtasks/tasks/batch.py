"""A batch of instances: values of an alphabet, checked and laid out on its steps."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqtasks.display import card
from seqtasks.errors import TaskError, counted
from seqtasks.tasks.alphabets import (
    IGNORE,
    Reals,
    Tokens,
    TokenSets,
)
from seqtasks.tasks.metrics import (
    scored,
)

__all__ = [
    "END",
    "Array",
    "Batch",
    "checked",
    "expect_shape",
    "on_steps",
    "spread",
    "unscored",
    "zeros_after_end",
]
Array = NDArray[Any]
END = "END"
"""The symbol that ends an answer, where answers of one length would have different lengths."""


@dataclass(frozen=True, repr=False)
class Batch:
    """Instances laid out for training, right-padded where their lengths differ.

    Attributes:
        inputs: (batch, time) int64 ids, or (batch, time, features) float32.
        targets: (batch, time) int64 ids with IGNORE where nothing is scored, (batch, time, symbols)
            bool with empty sets there, or (batch, time, features) float32 with NaN there.
        lengths: (batch,) int64, the steps of each instance.
    """

    inputs: Array
    targets: Array
    lengths: NDArray[np.int64]

    def __repr__(self) -> str:
        """Return the sizes on one line."""
        parts = (f"{k} {v.shape} {v.dtype}" for k, v in self._arrays().items())
        return f"<Batch of {counted(len(self.inputs), 'instance')}: {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        rows = [
            (name, f"{array.shape} {array.dtype}", _first_values(array))
            for name, array in self._arrays().items()
        ]
        return card(f"Batch of {counted(len(self.inputs), 'instance')}", rows)

    def _arrays(self) -> dict[str, Array]:
        return {"inputs": self.inputs, "targets": self.targets, "lengths": self.lengths}

    @property
    def scored(self) -> NDArray[np.bool_]:
        """The scored positions, (batch, time) bool."""
        return scored(self.targets)


def _first_values(array: Array) -> str:
    """Return the first instance of an array, cut to a few numbers."""
    return "" if not len(array) else np.array2string(np.ravel(array[0])[:12], threshold=12)


def checked(alphabet: Tokens | TokenSets | Reals, values: Array, origin: str) -> Array:
    """Return values of the kind that an alphabet needs, whatever their type.

    Ids may be integers of any type, bools, or floats with whole values.
    """
    values = np.asarray(values)
    kind = values.dtype.kind
    if isinstance(alphabet, TokenSets):
        if kind != "b":
            raise TaskError(f"{origin}: sets of symbols must be bool, got {_named(values)}")
        return values
    if kind not in "biuf":
        if isinstance(alphabet, Reals):
            raise TaskError(f"{origin}: real vectors must be numbers, got {_named(values)}")
        hint = ": return the places of symbols in the alphabet" if kind in "US" else ""
        raise TaskError(f"{origin}: ids must be whole numbers, got {_named(values)}{hint}")
    if isinstance(alphabet, Tokens) and kind in "bf":
        wrong = values[~np.isfinite(values)] if kind == "f" else values[:0]
        whole = values if wrong.size else values.astype(np.int64)
        wrong = wrong if wrong.size else values[whole != values]
        if wrong.size:
            raise TaskError(f"{origin}: ids must be whole numbers, got {wrong[0]}")
        return whole
    return values


def _named(values: Array) -> str:
    """Return a description of values, for a message."""
    if values.dtype.kind in "US":
        return "text"
    if values.shape == () and values.dtype == np.object_:
        what: Any = values.item()
        return "None; is a `return` missing?" if what is None else type(what).__name__
    return str(values.dtype)


def on_steps(
    alphabet: Tokens | TokenSets | Reals, values: Array, steps: int, first: int, fill: Any
) -> Array:
    """Return values in the type of a batch, and the fill before a first step."""
    dtype = {Tokens: np.int64, TokenSets: np.bool_, Reals: np.float32}[type(alphabet)]
    if values.shape[1] == steps:
        return values.astype(dtype, order="C")
    array = np.empty((len(values), steps, *values.shape[2:]), dtype=dtype)
    last = first + values.shape[1]
    array[:, :first] = array[:, last:] = unscored(alphabet) if fill is None else fill
    array[:, first:last] = values
    return array


def spread(values: Array, each: int, place: int, fill: Any) -> Array:
    """Return `each` steps for each value, (batch, time * each, ...): the value stands at `place`.

    The fill stands at the other places.
    """
    array = np.full((len(values), values.shape[1] * each, *values.shape[2:]), fill, values.dtype)
    array[:, place::each] = values
    return array


def unscored(alphabet: Tokens | TokenSets | Reals) -> Any:
    """Return the value that marks unscored positions."""
    return {Tokens: IGNORE, TokenSets: False, Reals: np.nan}[type(alphabet)]


def zeros_after_end(alphabet: Tokens | TokenSets | Reals, answers: Array) -> Array:
    """Return answers with the first symbol wherever nothing is scored after an END."""
    if not isinstance(alphabet, Tokens) or END not in alphabet.symbols or answers.ndim != 2:
        return answers
    ended = np.logical_or.accumulate(answers == alphabet.symbols.index(END), axis=1)
    return np.where(ended & (answers == IGNORE), 0, answers)


def expect_shape(task: str, layout: str, answers: Array, shape: tuple[int, ...]) -> None:
    """Refuse answers of another shape than a layout needs; below 0 stands for any answer length."""
    if answers.shape != shape:
        wanted = tuple("answer length" if size < 0 else size for size in shape)
        raise TaskError(
            f"{task}.encode returned shape {answers.shape}; the layout '{layout}' needs {wanted}"
        )
