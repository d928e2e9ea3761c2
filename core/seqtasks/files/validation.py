"""Describe the shape that data from a file must have; name the field that differs.

A shape is a function from data and the name of its field to the data in the form that is used:
`real` reads the text `Infinity` as the number. Shapes are composed of shapes:

    SCORE = fields({"length": whole(1), "metrics": table(real)})
    score = checked(data, SCORE, "result.json")
"""

import math
import os
from collections.abc import Callable, Mapping
from reprlib import Repr
from typing import Any

from seqtasks.errors import UsageError

__all__ = [
    "Shape",
    "anything",
    "checked",
    "fields",
    "flag",
    "listed",
    "optional",
    "real",
    "seconds",
    "table",
    "text",
    "whole",
]

Shape = Callable[[Any, str], Any]

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_short = Repr()
_short.maxlevel, _short.maxdict, _short.maxstring = 2, 3, 60


class MisshapenError(Exception):
    """Data does not fit a shape; the text names the field, the expectation and the value."""


def checked(data: Any, shape: Shape, origin: object, where: str = "") -> Any:
    """Return data in the form that a shape reads.

    Args:
        data: the content of a file.
        shape: the shape that the data must have.
        origin: the file, for messages.
        where: the place in the file, such as ` at line 3`.

    Raises:
        UsageError: naming the file and the field.
    """
    try:
        return shape(data, "")
    except MisshapenError as error:
        raise UsageError(f"{origin} is damaged{where}: {error}") from None


def anything(data: Any, field: str) -> Any:
    """Accept any data, for another function to check."""
    return data


def text(data: Any, field: str) -> str:
    """Accept text that can be a file's name: without NUL and halves of characters."""
    if not isinstance(data, str):
        raise _wrong(field, "text", data)
    try:
        possible = b"\0" not in os.fsencode(data)
    except UnicodeEncodeError:
        possible = False
    if not possible:
        raise _wrong(field, "text without NUL and without lone surrogates", data)
    return data


def flag(data: Any, field: str) -> bool:
    """Accept true or false."""
    if not isinstance(data, bool):
        raise _wrong(field, "true or false", data)
    return data


def whole(least: int, most: int | None = None) -> Shape:
    """Return the shape of a whole number in a range."""
    wanted = f"a whole number, at least {least}" + ("" if most is None else f" and at most {most}")

    def read(data: Any, field: str) -> int:
        fits = isinstance(data, int) and not isinstance(data, bool)
        if not fits or data < least or (most is not None and data > most):
            raise _wrong(field, wanted, data)
        return data

    return read


def real(data: Any, field: str) -> float:
    """Accept a number; one that is not finite is the text `NaN`, `Infinity` or `-Infinity`."""
    if isinstance(data, str) and data in _NOT_FINITE:
        return _NOT_FINITE[data]
    if isinstance(data, bool) or not isinstance(data, int | float):
        raise _wrong(field, "a number", data)
    try:
        return float(data)
    except OverflowError:
        raise _wrong(field, "a number of double precision", data) from None


def seconds(data: Any, field: str) -> float:
    """Accept a duration: a finite number, at least 0."""
    value = real(data, field)
    if not 0 <= value < math.inf:
        raise _wrong(field, "a finite number of seconds, at least 0", data)
    return value


def optional(shape: Shape) -> Shape:
    """Return the shape of a value that may also be null."""
    return lambda data, field: None if data is None else shape(data, field)


def listed(item: Shape, length: int | None = None) -> Shape:
    """Return the shape of a list, with a fixed length if one is given."""

    def read(data: Any, field: str) -> list[Any]:
        if not isinstance(data, list) or (length is not None and len(data) != length):
            raise _wrong(field, "a list" if length is None else f"a list of {length}", data)
        return [item(one, f"{field}[{number}]") for number, one in enumerate(data)]

    return read


def table(item: Shape, least: int = 0) -> Shape:
    """Return the shape of an object with free keys, and at least `least` of them."""

    def read(data: Any, field: str) -> dict[str, Any]:
        if not isinstance(data, dict) or len(data) < least:
            raise _wrong(field, "an object that holds something" if least else "an object", data)
        return {key: item(value, _inner(field, text(key, field))) for key, value in data.items()}

    return read


def fields(required: Mapping[str, Shape], others: Mapping[str, Shape] | None = None) -> Shape:
    """Return the shape of an object with required keys and optional keys.

    Keys that the shape does not know are left unchanged: a later version may write more.
    """
    others = others or {}

    def read(data: Any, field: str) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise _wrong(field, "an object", data)
        for key in required:
            if key not in data:
                raise MisshapenError(f"{f'its {field}' if field else 'it'} lacks {key}")
        made = dict(data)
        for key, shape in (*required.items(), *others.items()):
            if key in data:
                made[key] = shape(data[key], _inner(field, key))
        return made

    return read


def _inner(field: str, key: str) -> str:
    key = key if key.isidentifier() and len(key) < 40 else _short.repr(key)
    return f"{field}.{key}" if field else key


def _wrong(field: str, wanted: str, data: Any) -> MisshapenError:
    return MisshapenError(
        f"{f'its {field}' if field else 'it'} must be {wanted}, got {_short.repr(data)}"
    )
