"""Scores of predictions against targets, counted instance by instance over scored positions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks.alphabets import IGNORE

__all__ = [
    "Metric",
    "macro_accuracy",
    "mean_squared_error",
    "r_squared",
    "scored",
    "sequence_accuracy",
    "token_accuracy",
]

Counts = tuple[NDArray[np.float64], NDArray[np.float64]]
Columns = tuple[NDArray[np.float64], ...]
"""Counts of each instance: arrays of (batch,) or (batch, numbers)."""


@dataclass(frozen=True)
class Metric:
    """A score that is a sum over instances divided by a sum of weights.

    Calling it with predictions and targets, both (batch, time) ids, (batch, time, symbols)
    sets or (batch, time, features) reals, returns two (batch,) arrays: each instance's share of
    the score, and its weight.

    Attributes:
        name: what tables and JSON call it.
        count: the function of predictions and targets.
        fraction: whether the score is a share of right answers, in [0, 1].
        settle: the second pass of a score in which each share depends on all instances, such as
            the variance of the targets. `count` then returns the columns that it needs of each
            instance, and `settle` computes shares and weights from the columns of all instances.
        lower_is_better: whether the score is an error rather than a share of right answers.
    """

    name: str
    count: Callable[[NDArray[np.generic], NDArray[np.generic]], Columns]
    fraction: bool = True
    settle: Callable[[Columns], Counts] | None = None
    lower_is_better: bool = False

    def __call__(self, predictions: NDArray[np.generic], targets: NDArray[np.generic]) -> Counts:
        """Return each instance's share of the score, and its weight, if these instances are all."""
        return self.shares([self.columns(predictions, targets)])

    def columns(self, predictions: NDArray[np.generic], targets: NDArray[np.generic]) -> Columns:
        """Return the counts of each instance of a portion."""
        if predictions.shape != targets.shape:
            raise ValueError(
                f"predictions {predictions.shape} and targets {targets.shape} differ in shape"
            )
        return self.count(predictions, targets)

    def shares(self, portions: Sequence[Columns]) -> Counts:
        """Return each instance's share of the score, and its weight, from all portions."""
        columns = tuple(_joined(column) for column in zip(*portions, strict=True))
        if self.settle is not None:
            return self.settle(columns)
        sums, weights = columns
        return sums, weights


def _joined(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Join a column of all portions, and pad those with fewer numbers with zeros.

    A portion that lacks the last symbols of an alphabet counts fewer symbols.
    """
    if parts[0].ndim == 1:
        return np.concatenate(parts)
    most = max(part.shape[1] for part in parts)
    return np.concatenate([np.pad(part, ((0, 0), (0, most - part.shape[1]))) for part in parts])


def scored(targets: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Return which positions are scored, (batch, time): no IGNORE, no empty set, no NaN."""
    if targets.dtype == np.bool_:
        return np.asarray(targets.any(axis=-1))
    if np.issubdtype(targets.dtype, np.floating):
        return np.asarray(~np.isnan(targets).any(axis=-1))
    return targets != IGNORE


def _right(predictions: NDArray[np.generic], targets: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Return which positions are right, (batch, time). A set must equal the target set."""
    same = np.asarray(predictions == targets)
    return np.asarray(same.all(axis=-1)) if targets.dtype == np.bool_ else same


def _token_counts(predictions: NDArray[np.generic], targets: NDArray[np.generic]) -> Counts:
    counted = scored(targets)
    right = _right(predictions, targets) & counted
    return right.sum(1).astype(np.float64), counted.sum(1).astype(np.float64)


def _sequence_counts(predictions: NDArray[np.generic], targets: NDArray[np.generic]) -> Counts:
    right = (_right(predictions, targets) | ~scored(targets)).all(axis=1)
    return np.asarray(right, dtype=np.float64), np.ones(len(targets))


def _symbol_counts(predictions: NDArray[np.generic], targets: NDArray[np.generic]) -> Columns:
    """Return, by instance and symbol, how often it was predicted where due, and how often due."""
    if not np.issubdtype(targets.dtype, np.integer):
        raise ValueError("macro_accuracy is of symbols, not of sets or reals")
    counted = scored(targets)
    ids = np.asarray(targets, dtype=np.int64)
    shape = len(targets), int(ids.max(initial=0)) + 1
    places = np.nonzero(counted)[0] * shape[1] + ids[counted]
    right = (np.asarray(predictions) == ids)[counted]
    due, said = (
        np.bincount(chosen, minlength=shape[0] * shape[1]).reshape(shape)
        for chosen in (places, places[right])
    )
    return said.astype(np.float64), due.astype(np.float64)


def _per_symbol(columns: Columns) -> Counts:
    """Return shares and weights that give each symbol of the targets the same influence.

    The weights sum to the number of scored positions, which an interval takes as trials.
    """
    said, due = columns
    each = due.sum(0)
    present = each > 0
    scale = each.sum() / present.sum() / each[present]
    return said[:, present] @ scale, due[:, present] @ scale


def _squared_errors(predictions: NDArray[np.generic], targets: NDArray[np.generic]) -> Counts:
    counted = scored(targets)
    differences = np.asarray(predictions, dtype=np.float64) - np.asarray(targets, dtype=np.float64)
    errors = np.where(counted[..., None], differences, 0.0)
    return (errors**2).sum((1, 2)), counted.sum(1).astype(np.float64) * targets.shape[-1]


def _moments(predictions: NDArray[np.generic], targets: NDArray[np.generic]) -> Columns:
    """Return squared errors, scored positions, and each feature's sum and squares of targets."""
    counted = scored(targets)
    reals = np.where(counted[..., None], np.asarray(targets, dtype=np.float64), 0.0)
    errors, _ = _squared_errors(predictions, targets)
    positions = counted.sum(1).astype(np.float64)
    return errors, positions, reals.sum(1), (reals**2).sum(1)


def _explained(columns: Columns) -> Counts:
    """Return squares about the mean minus squared errors, and squares about the mean."""
    errors, positions, sums, squares = columns
    mean = sums.sum(0) / positions.sum()
    about_mean = (squares - 2 * mean * sums + positions[:, None] * mean**2).sum(1)
    # If all targets are alike, the remainder is a rounding error.
    if about_mean.sum() <= 1e-12 * squares.sum():
        return (errors == 0).astype(np.float64), np.ones(len(errors))
    return about_mean - errors, about_mean


token_accuracy = Metric("token_accuracy", _token_counts)
"""The share of scored symbols that are right."""

sequence_accuracy = Metric("sequence_accuracy", _sequence_counts)
"""The share of sequences in which every scored symbol is right."""

macro_accuracy = Metric("macro_accuracy", _symbol_counts, settle=_per_symbol)
"""The mean, over the symbols of the targets, of the share of right predictions where it is due.

Rare symbols count as much as frequent ones. It is the macro average of torchmetrics'
MulticlassAccuracy. M. Poli et al., "Mechanistic Design and Scaling of Hybrid Architectures",
ICML 2024, score by it. They average it over batches; here it is taken over all instances.
"""

mean_squared_error = Metric(
    "mean_squared_error", _squared_errors, fraction=False, lower_is_better=True
)
"""The squared error, averaged over scored positions and features."""

r_squared = Metric("r_squared", _moments, fraction=False, settle=_explained)
"""The explained share of the targets' variance: 1 - squared errors / squared deviations.

Both are summed over scored positions and features. Deviations are from each feature's mean over
all scored positions. The score is 1 without errors, 0 if every answer is that mean, and below 0
for worse answers. If all targets are alike, it is the share of instances without an error.
"""
