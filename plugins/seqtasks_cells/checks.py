"""Check the values of a cell's parameters."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from seqtasks import UsageError

__all__ = ["check_choice", "check_positive", "check_share"]


def check_positive(name: str, value: Any) -> None:
    """Raise UsageError unless a value is a whole number from 1 up."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UsageError(f"{name} must be a whole number from 1 up, got {value!r}")


def check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    """Raise UsageError unless a value is one of the choices."""
    if value not in choices:
        raise UsageError(f"{name} must be {' or '.join(choices)}, got {value!r}")


def check_share(name: str, value: Fraction) -> None:
    """Raise UsageError unless a fraction is above 0 and at most 1."""
    if not 0 < value <= 1:
        raise UsageError(f"{name} must be a fraction above 0 and at most 1, got {value}")
