"""The comparisons of a condition: of a field of a run with a value."""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.files.json_text import write_text

__all__ = ["ORDERS", "Row", "Test", "Token", "equal_to", "is_yes", "ordered", "shown", "wrong"]

Row = Mapping[str, Any]
Test = Callable[[Row], bool]

ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NAMES_OF_VALUES = {"true": True, "false": False, "none": None}


@dataclass(frozen=True)
class Token:
    """A word, a sign or a quoted text of a condition, and its place there."""

    kind: str
    text: str
    at: int


def shown(value: Any) -> str:
    """Return the value of a field as text, as it is shown and compared.

    Example:
        >>> shown(0.001), shown([10, 20]), shown(True), shown(None)
        ('0.001', '10,20', 'true', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, list | tuple):
        return ",".join(shown(one) for one in value)
    if isinstance(value, dict):
        return str(value["class"]) if set(value) == {"class"} else write_text(value)
    return str(value)


def equal_to(text: str, name: str, value: Token) -> Test:
    """Return the test whether a field has a value; a number is compared as a number.

    Args:
        text: the whole condition, for messages.
        name: the field.
        value: the value as it is written.
    """
    special = value.text.lower() if value.kind == "word" else ""
    number = number_of(value)

    def test(row: Row) -> bool:
        found = row.get(name)
        if special == "none" and (found is None or not isinstance(found, str)):
            return found is None
        if found is None:
            return False
        if isinstance(found, bool):
            if special not in ("true", "false"):
                raise wrong(text, value.at, f"{name} is true or false, got '{value.text}'")
            return found == _NAMES_OF_VALUES[special]
        if isinstance(found, int | float):
            if number is None:
                raise wrong(text, value.at, f"{name} is a number, got '{value.text}'")
            return found == number
        return shown(found) == value.text

    return test


def ordered(text: str, name: str, order: Callable[[Any, Any], bool], value: Token) -> Test:
    """Return the test whether a field's number stands in an order to a number; see `equal_to`.

    Raises:
        UsageError: if the value is no number.
    """
    number = number_of(value)
    if number is None:
        raise wrong(text, value.at, f"only numbers are less or more, got '{value.text}'")

    def test(row: Row) -> bool:
        found = row.get(name)
        if isinstance(found, str):
            try:
                found = float(found)
            except ValueError:
                return False
        if found is None or isinstance(found, bool) or not isinstance(found, int | float):
            return False
        return order(found, number)

    return test


def is_yes(text: str, name: str, at: int) -> Test:
    """Return the test whether a field is yes; a field of another kind is a mistake."""

    def test(row: Row) -> bool:
        found = row.get(name)
        if found is None or isinstance(found, bool):
            return bool(found)
        raise wrong(
            text, at, f"{name} is no yes or no: compare it, as in `{name} = {shown(found)}`"
        )

    return test


def number_of(value: Token) -> float | int | None:
    if value.kind == "quoted":
        return None
    try:
        return int(value.text)
    except ValueError:
        pass
    try:
        number = float(value.text)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def wrong(text: str, at: int, why: str, hint: str = "") -> UsageError:
    """Return the error that names a place in a condition, and shows what stands around it."""
    start = max(0, at - 30)
    near = text[start : at + 30]
    cut = "..." if start else ""
    return UsageError(
        f"the condition is wrong at character {at + 1}: {why}.{hint} "
        f"In: {cut}{near[: at - start]}»{near[at - start :]}".rstrip()
    )
