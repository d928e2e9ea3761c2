"""How often something is due: every n steps, or every n minutes of the clock."""

import math
import re
from numbers import Integral
from typing import Any

from seqtasks.errors import UsageError

__all__ = ["read_cadence", "seconds_between"]

_UNITS = {"s": 1, "m": 60, "h": 3600}
_TIME = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([smh])")


def read_cadence(name: str, value: Any) -> int | str:
    """Return a cadence: a whole number of steps, or a time such as `30s`, `5m` or `1.5h`.

    Args:
        name: the name of the setting, for messages.
        value: the number, or text.

    Raises:
        UsageError: if it is neither, or not above 0.

    Example:
        >>> read_cadence("checkpoint_every", "500"), read_cadence("checkpoint_every", "5m")
        (500, '5m')
    """
    if isinstance(value, str):
        if value.isascii() and value.isdecimal() and len(value) < 20:
            value = int(value)
        elif (found := _TIME.fullmatch(value)) and float(found[1]) > 0:
            return value
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise UsageError(
            f"{name} must be a whole number of steps or a time such as 30s, 5m or 2h, got {value!r}"
        )
    if int(value) < 1:
        raise UsageError(f"{name} must be at least 1, got {value}")
    return int(value)


def seconds_between(cadence: int | str) -> float:
    """Return the seconds of a time, or infinity for a number of steps.

    Example:
        >>> seconds_between("1.5h"), seconds_between(500)
        (5400.0, inf)
    """
    found = _TIME.fullmatch(cadence) if isinstance(cadence, str) else None
    return math.inf if found is None else float(found[1]) * _UNITS[found[2]]
