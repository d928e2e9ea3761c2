"""Rows of charts: numbers that JSON has, short, and as the tooltips of charts name them."""

import math
from collections.abc import Iterable
from typing import Any

import altair as alt

__all__ = ["NOTHING_SELECTED", "Rows", "number", "percent", "powers"]

NOTHING_SELECTED = "selected"
"""The data of the run that a reader has chosen. It is empty until the page fills it."""


def number(value: float, digits: int = 5) -> float | None:
    """Return a number as charts draw it, with a few digits; None if it is not finite.

    Example:
        >>> number(1 / 3), number(float("nan"))
        (0.33333, None)
    """
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None


class Rows(dict[str, list[dict[str, Any]]]):
    """The data of a chart by their names.

    Layers name their data, which join the chart at its end: altair copies a layer whenever it is
    put into another.
    """

    def data(self, rows: Iterable[dict[str, Any]], name: str | None = None) -> alt.NamedData:
        """Keep rows, and return the data of a layer that draws them."""
        name = name or f"rows-{len(self)}"
        self[name] = list(rows)
        return alt.NamedData(name=name)


def powers(low: float, high: float) -> list[float]:
    """Return the numbers at the lines of a logarithmic axis: powers of 10, or more of few.

    Example:
        >>> powers(0.002, 3.0), powers(2.0, 30.0)
        ([0.01, 0.1, 1.0], [2.0, 5.0, 10.0, 20.0])
    """
    ends = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    factors = (1,) if high > 100 * low else (1, 2, 5)
    found = [float(f"{factor}e{power}") for power in ends for factor in factors]
    return [value for value in found if low <= value <= high]


def percent(fraction: bool) -> str:
    """Return the format of a share, or of another number."""
    return ".1%" if fraction else ".4~g"
