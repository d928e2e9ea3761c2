"""Lengths of sequences: the ranges a user writes (`5`, `1..20`), the lengths a task allows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from seqtasks.errors import UsageError

__all__ = ["AllowedLengths", "LengthRange", "check_number", "parse_length_list"]

MOST_SCORED = 10_000
"""The most lengths that one command scores at."""

_RANGE = re.compile(r"(-?\d{1,18})(?:\.\.(-?\d{1,18}))?")


@dataclass(frozen=True)
class LengthRange:
    """The lengths from `first` to `last`, both included; written `10` or `1..20`.

    Raises:
        UsageError: for a length below 1 or a reversed range.
    """

    first: int
    last: int

    def __post_init__(self) -> None:
        if min(self.first, self.last) < 1:
            raise UsageError(f"a length must be at least 1, got {min(self.first, self.last)}")
        if self.last < self.first:
            raise UsageError(
                f"the range {self.first}..{self.last} is reversed; write {self.last}..{self.first}"
            )

    @classmethod
    def parse(cls, text: "str | int | LengthRange") -> "LengthRange":
        """Read `10`, `"10"` or `"1..20"`."""
        if isinstance(text, LengthRange):
            return text
        match = _RANGE.fullmatch(str(text).strip())
        if match is None or isinstance(text, bool):
            raise UsageError(f"'{text}' is not a length; write a number (10) or a range (1..20)")
        first = int(match[1])
        return cls(first, first if match[2] is None else int(match[2]))

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}..{self.last}"


@dataclass(frozen=True)
class AllowedLengths:
    """The lengths a task can have: `minimum`, `minimum + step`, ... up to `maximum`."""

    minimum: int = 1
    step: int = 1
    maximum: int | None = None

    def __post_init__(self) -> None:
        if self.minimum < 1 or self.step < 1:
            raise ValueError(f"minimum and step must be at least 1, got {self!r}")

    def __contains__(self, length: int) -> bool:
        return (
            length >= self.minimum
            and (length - self.minimum) % self.step == 0
            and (self.maximum is None or length <= self.maximum)
        )

    def within(self, wanted: LengthRange) -> range:
        """Return the allowed lengths of a wanted range, smallest first. The result may be empty."""
        skipped = max(0, -((self.minimum - wanted.first) // self.step))
        first = self.minimum + self.step * skipped
        last = wanted.last if self.maximum is None else min(wanted.last, self.maximum)
        return range(first, max(first, last + 1), self.step)

    def at_least(self, length: int) -> int | None:
        """Return the smallest allowed length that is at least `length`, or None."""
        found = self.within(LengthRange(length, length + self.minimum + self.step))
        return found[0] if found else None

    def nearest(self, length: int) -> int:
        """Return the nearest allowed length. If two are equally near, return the shorter."""
        below = self.within(LengthRange(1, max(1, length)))
        above = self.at_least(max(1, length))
        candidates = [*below[-1:], *([] if above is None else [above])]
        return min(candidates, key=lambda one: abs(one - length))

    def describe(self) -> str:
        """Return the rule in words, such as "odd lengths from 1"."""
        if self.step == 1:
            text = f"lengths from {self.minimum}"
        elif self.step == 2:
            text = f"{'odd' if self.minimum % 2 else 'even'} lengths from {self.minimum}"
        else:
            text = f"lengths {self.minimum}, {self.minimum + self.step}, ..."
        return text if self.maximum is None else f"{text} to {self.maximum}"

    def select(self, wanted: LengthRange, task_name: str) -> range:
        """Return the allowed lengths of a wanted range.

        Raises:
            UsageError: if the task has none of them.
        """
        selected = self.within(wanted)
        if not selected:
            raise UsageError(f"{task_name} cannot have length {wanted}: it has {self.describe()}")
        return selected


def describe_lengths(lengths: range) -> str:
    """Return some lengths in words, such as "2..40", "odd 1..39" or "3..60 in steps of 3"."""
    if len(lengths) == 1:
        return str(lengths[0])
    ends = f"{lengths[0]}..{lengths[-1]}"
    if lengths.step == 1:
        return ends
    if lengths.step == 2:
        return f"{'odd' if lengths[0] % 2 else 'even'} {ends}"
    return f"{ends} in steps of {lengths.step}"


def check_number(number: int) -> None:
    """Refuse to score at too many lengths, before a list of them is made.

    Raises:
        UsageError: if there are more than 10,000.
    """
    if number > MOST_SCORED:
        raise UsageError(
            f"{number:,} lengths are too many to score at: choose {MOST_SCORED:,} at most"
        )


def parse_length_list(text: str | int | Sequence[str | int]) -> tuple[LengthRange, ...]:
    """Read lengths and ranges separated by commas: `"10,20,50..60"`, or a sequence of them."""
    parts = str(text).split(",") if isinstance(text, str | int) else [str(part) for part in text]
    parts = [piece for part in parts for piece in part.split(",")]
    return tuple(LengthRange.parse(part) for part in parts)
