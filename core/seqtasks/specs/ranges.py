"""Read a range of numbers: `8..16`, `1e-4..1e-2:log5`, `0..1:lin5`."""

import math
import re
from dataclasses import dataclass
from typing import Literal

from seqtasks.errors import UsageError, did_you_mean

__all__ = ["MOST_VALUES", "Range", "read_number", "read_range"]

MOST_VALUES = 1_000_000
"""The most values of a range in a grid."""

SIGNIFICANT = 12
"""Values between the ends are rounded to this many digits: 0.001, not 0.0010000000000000002."""

DIGITS_DRAWN = 4
"""A random number has this many digits, so that a table shows the whole of it."""

Scale = Literal["lin", "log"]
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPACING = re.compile(r"([A-Za-z]*)([0-9]*)")


@dataclass(frozen=True)
class Range:
    """The numbers between two ends.

    Attributes:
        text: the range as written.
        first, last: the ends, which belong to it.
        scale: `lin` for values at equal distances, `log` for values at equal ratios.
        count: how many values a grid takes; None if the range does not say.
        whole: whether the values are whole numbers.

    Example:
        >>> from seqtasks.specs.ranges import read_range
        >>> read_range("1e-4..1e-2:log3").values()
        (0.0001, 0.001, 0.01)
        >>> read_range("8..64:log4", whole=True).values(), read_range("1..3", whole=True).values()
        ((8, 16, 32, 64), (1, 2, 3))
    """

    text: str
    first: float
    last: float
    scale: Scale
    count: int | None
    whole: bool

    def values(self) -> tuple[float, ...]:
        """Return the values of a grid, from the first to the last.

        Raises:
            UsageError: if the range does not say how many, or has fewer whole numbers.
        """
        if self.count is None:
            raise UsageError(
                f"the range {self.text} does not say how many values a grid takes; write "
                f"{self.first:g}..{self.last:g}:{self.scale}5 for five"
            )
        if self.count > MOST_VALUES:
            raise UsageError(
                f"the range {self.text} has {self.count:,} values; a list has at most "
                f"{MOST_VALUES:,}"
            )
        found = tuple(self.at(index / (self.count - 1 or 1)) for index in range(self.count))
        if len(set(found)) < self.count:
            kind = "whole numbers" if self.whole else "numbers"
            raise UsageError(f"the range {self.text} does not hold {self.count} different {kind}")
        return found

    def rounded(self, value: float) -> float:
        """Return a number of the range with four digits, or as many as a narrow range needs."""
        if self.whole:
            return round(value)
        wide = math.log10((self.last - self.first) / max(abs(self.first), abs(self.last)))
        digits = DIGITS_DRAWN + max(0, math.floor(-wide))
        return min(max(float(f"{value:.{digits}g}"), self.first), self.last)

    def at(self, share: float) -> float:
        """Return the value at a share of the way: 0 for the first, 1 for the last."""
        if share in (0.0, 1.0):
            end = self.last if share else self.first
            return round(end) if self.whole else end
        if self.scale == "lin":
            value = self.first + share * (self.last - self.first)
        else:
            low, high = math.log(self.first), math.log(self.last)
            value = math.exp(low + share * (high - low))
        rounded = float(f"{value:.{SIGNIFICANT}g}")
        value = min(max(rounded, self.first), self.last)
        return round(value) if self.whole else value

    def drawn(self, uniform: float) -> float:
        """Return the value that a random number from 0 to below 1 stands for.

        Each whole number of a `lin` range is equally likely.
        """
        if not self.whole:
            return self.rounded(self.at(uniform))
        if self.scale == "lin":
            return int(self.first) + int(uniform * (int(self.last) - int(self.first) + 1))
        low, high = math.log(self.first - 0.5), math.log(self.last + 0.5)
        drawn = round(math.exp(low + uniform * (high - low)))
        return min(max(drawn, int(self.first)), int(self.last))


def read_number(text: str) -> float | None:
    """Return the finite number that a text writes, or None if it writes none."""
    if _NUMBER.fullmatch(text) is None:
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def read_range(text: str, *, whole: bool = False) -> Range:
    """Read a range of numbers.

    Args:
        text: `A..B:logN` or `A..B:linN`; for whole numbers also `A..B`, for all of them. Without a
            count N, the range can be drawn from but makes no grid.
        whole: whether its values are whole numbers.

    Raises:
        UsageError: for a backwards range, an end that is no number, or an unknown spacing.
    """
    ends, colon, spacing = text.strip().partition(":")
    parts = [part.strip() for part in ends.split("..", 1)]
    numbers = [read_number(part) for part in parts]
    if len(parts) < 2 or None in numbers:
        wrong = next((p for p, n in zip(parts, numbers, strict=True) if n is None), ends)
        raise UsageError(
            f"'{text:.60}' is not a range: '{wrong:.40}' is not a number; "
            "write 8..16, 0..1:lin5 or 1e-4..1e-2:log5"
        )
    first, last = (float(number) for number in numbers if number is not None)
    if whole and not (first.is_integer() and last.is_integer()):
        raise UsageError(f"the range {text:.60} must have whole numbers at its ends")
    if last < first:
        turned = f"{parts[1]}..{parts[0]}{colon}{spacing.strip()}"
        raise UsageError(f"the range {text:.60} is backwards; write {turned:.60}")
    if first == last:
        raise UsageError(f"the range {text:.60} has one value; write {parts[0]}")
    if not colon and not whole:
        raise UsageError(
            f"the range {text:.60} does not say which numbers it takes; write {ends}:lin5 for five "
            f"at equal distances, or {ends}:log5 for five at equal ratios"
        )
    scale, count = _spacing(spacing, text) if colon else ("lin", None)
    if scale == "log" and first <= 0:
        raise UsageError(f"the range {text:.60} is logarithmic, so it must begin above 0")
    if whole and scale == "lin" and not count and not colon:
        count = int(last) - int(first) + 1
    return Range(text.strip(), first, last, scale, count, whole)


def _spacing(text: str, whole_text: str) -> tuple[Scale, int | None]:
    """Read `log5`: the scale and the number of values."""
    match = _SPACING.fullmatch(text.strip())
    names: dict[str, Scale] = {"lin": "lin", "log": "log"}
    if match is None or match[1] not in names or len(match[2]) > 9:
        nearest = did_you_mean(match[1] if match else text.strip(), names)
        raise UsageError(
            f"the range {whole_text:.60} ends in ':{text:.20}'; it must be :lin5 for five values "
            f"at equal distances, or :log5 at equal ratios.{nearest}"
        )
    count = int(match[2]) if match[2] else None
    if count is not None and count < 2:
        raise UsageError(f"the range {whole_text:.60} must take at least 2 values, got {count}")
    return names[match[1]], count
