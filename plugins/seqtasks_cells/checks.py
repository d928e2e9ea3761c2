"""Checks of the values that a cell's parameters are given."""

from collections.abc import Sequence
from typing import Any

from seqtasks.errors import UsageError

__all__ = ["check_choice", "check_positive"]


def check_positive(name: str, value: Any) -> None:
    """Raise UsageError unless a value is a whole number from 1 up."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UsageError(f"{name} must be a whole number from 1 up, got {value!r}")


def check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    """Raise UsageError unless a value is one of the choices."""
    if value not in choices:
        raise UsageError(f"{name} must be {' or '.join(choices)}, got {value!r}")
