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
"""What is counted of each instance: arrays of (batch,) or (batch, numbers)."""


@dataclass(frozen=True)
class Metric:
    """A score that is a sum over instances divided by a sum of weights.

    Calling it with predictions and targets, both (batch, time) ids, (batch, time, symbols)
    sets or (batch, time, features) reals, returns two (batch,) arrays: each instance's share of
    the score, and its weight.

    Attributes:
        name: what tables and JSON call it.
        count: the function of predictions and targets.
        fraction: whether it lies in [0, 1] and counts rights among trials.
        settle: for a score in which an instance's share depends on all instances, such as one
            with the variance of the targets: `count` then returns whatever columns it needs of
            each instance, and `settle` makes shares and weights of those of all of them.
        lower_is_better: whether it is an error rather than a share of rights.
    """

    name: str
    count: Callable[[NDArray[np.generic], NDArray[np.generic]], Columns]
    fraction: bool = True
    settle: Callable[[Columns], Counts] | None = None
    lower_is_better: bool = False

    def __call__(self, predictions: NDArray[np.generic], targets: NDArray[np.generic]) -> Counts:
        """Return each instance's share of the score, and its weight, where these are all."""
        return self.shares([self.columns(predictions, targets)])

    def columns(self, predictions: NDArray[np.generic], targets: NDArray[np.generic]) -> Columns:
        """Return what is counted of each instance of a portion."""
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
    """Return a column of all portions; where one counted fewer numbers, with zeros for the rest.

    A portion without the last symbols of an alphabet counts fewer of them.
    """
    if parts[0].ndim == 1:
        return np.concatenate(parts)
    most = max(part.shape[1] for part in parts)
    return np.concatenate([np.pad(part, ((0, 0), (0, most - part.shape[1]))) for part in parts])


def scored(targets: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Return which positions count, (batch, time): no IGNORE, no empty set, for reals no NaN."""
    if targets.dtype == np.bool_:
        return np.asarray(targets.any(axis=-1))
    if np.issubdtype(targets.dtype, np.floating):
        return np.asarray(~np.isnan(targets).any(axis=-1))
    return targets != IGNORE


def _right(predictions: NDArray[np.generic], targets: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Return which positions are right, (batch, time); a set is right when it is the same set."""
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
    """Return for each instance and symbol how often it was said where due, and how often due."""
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
    """Return shares and weights by which each symbol that was due counts alike.

    The weights sum to the number of scored positions, which an interval takes for trials.
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
    """Return squares about the mean less squared errors, and squares about the mean."""
    errors, positions, sums, squares = columns
    mean = sums.sum(0) / positions.sum()
    about_mean = (squares - 2 * mean * sums + positions[:, None] * mean**2).sum(1)
    # What is left of targets that are all alike is a rounding error.
    if about_mean.sum() <= 1e-12 * squares.sum():
        return (errors == 0).astype(np.float64), np.ones(len(errors))
    return about_mean - errors, about_mean


token_accuracy = Metric("token_accuracy", _token_counts)
"""The share of scored symbols that are right."""

sequence_accuracy = Metric("sequence_accuracy", _sequence_counts)
"""The share of sequences whose every scored symbol is right."""

macro_accuracy = Metric("macro_accuracy", _symbol_counts, settle=_per_symbol)
"""The mean over the symbols that were due of the share of times each was said when it was due.

A symbol that is seldom due counts as much as any other. It is the macro average of torchmetrics'
MulticlassAccuracy, by which M. Poli et al., "Mechanistic Design and Scaling of Hybrid
Architectures", ICML 2024, score; they average it over batches, here it is over all instances.
"""

mean_squared_error = Metric(
    "mean_squared_error", _squared_errors, fraction=False, lower_is_better=True
)
"""The mean over scored positions and features of the squared error."""

r_squared = Metric("r_squared", _moments, fraction=False, settle=_explained)
"""The share of the targets' variance that is explained: 1 - squared errors / squared deviations.

Both are summed over scored positions and features; deviations are from each feature's mean over
all that is scored. It is 1 where there is no error, 0 for always answering that mean, and below 0
for worse. Where the targets are all alike, the share of instances without an error.
"""
