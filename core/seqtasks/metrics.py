"""Scores of predictions against targets, counted instance by instance over scored positions."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.alphabet import IGNORE

__all__ = ["Metric", "mean_squared_error", "scored", "sequence_accuracy", "token_accuracy"]

Counts = tuple[NDArray[np.float64], NDArray[np.float64]]


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
    """

    name: str
    count: Callable[[NDArray[np.generic], NDArray[np.generic]], Counts]
    fraction: bool = True

    def __call__(self, predictions: NDArray[np.generic], targets: NDArray[np.generic]) -> Counts:
        """Return each instance's share of the score, and its weight."""
        if predictions.shape != targets.shape:
            raise ValueError(
                f"predictions {predictions.shape} and targets {targets.shape} differ in shape"
            )
        return self.count(predictions, targets)


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


def _squared_errors(predictions: NDArray[np.generic], targets: NDArray[np.generic]) -> Counts:
    counted = scored(targets)
    differences = np.asarray(predictions, dtype=np.float64) - np.asarray(targets, dtype=np.float64)
    errors = np.where(counted[..., None], differences, 0.0)
    return (errors**2).sum((1, 2)), counted.sum(1).astype(np.float64) * targets.shape[-1]


token_accuracy = Metric("token_accuracy", _token_counts)
"""The share of scored symbols that are right."""

sequence_accuracy = Metric("sequence_accuracy", _sequence_counts)
"""The share of sequences whose every scored symbol is right."""

mean_squared_error = Metric("mean_squared_error", _squared_errors, fraction=False)
"""The mean over scored positions and features of the squared error."""
