"""Choose what is drawn of many runs and many steps."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_STEPS", "lines_drawn", "places_drawn"]

MOST_STEPS = 60
"""The most points of a curve that are drawn."""


def places_drawn(count: int, most: int = MOST_STEPS) -> NDArray[np.int64]:
    """Return the places of a curve that are drawn: evenly spaced, with the first and the last.

    Example:
        >>> places_drawn(5, 3)
        array([0, 2, 4])
    """
    if count <= most:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, most).round().astype(np.int64))


def lines_drawn(values: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """Return the runs whose lines are drawn: evenly over their ranks, with the best and the worst.

    Args:
        values: (runs,) the number that ranks the runs; NaN ranks last.
        most: the most lines.

    Example:
        >>> lines_drawn(np.array([0.3, 0.1, 0.2, 0.5, 0.4]), 3)
        array([0, 1, 3])
    """
    if len(values) <= most:
        return np.arange(len(values))
    return np.sort(np.argsort(values, kind="stable")[places_drawn(len(values), most)])
