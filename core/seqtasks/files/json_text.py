"""Write strict JSON: no NaN, no infinity, no control characters, no repeated key."""

import json
import math
import re
from typing import Any

from seqtasks.errors import UsageError, one_line

__all__ = ["read_text", "write_text"]

MOST_DEPTH = 100
"""How deep lists and objects may be nested in a document that is read."""

_NAMES = {math.inf: "Infinity", -math.inf: "-Infinity"}
# JSON itself escapes characters below the space. A lone surrogate cannot be encoded.
_RAW = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def write_text(data: Any, indent: int | None = None) -> str:
    """Return data as JSON.

    A number that is not finite becomes the text `NaN`, `Infinity` or `-Infinity`. Characters that
    could control a terminal are escaped.
    """
    try:
        text = json.dumps(data, indent=indent, ensure_ascii=False, allow_nan=False)
    except ValueError:  # a number is not finite
        text = json.dumps(_finite(data), indent=indent, ensure_ascii=False, allow_nan=False)
    return _RAW.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def read_text(content: bytes, origin: object, line: int | None = None) -> Any:
    """Read JSON from bytes.

    The numbers NaN and Infinity, which older files contain, are read as Python's reader does.

    Args:
        content: text in UTF-8.
        origin: the source of the bytes, for messages.
        line: the number of the line in it, if the bytes are one line.

    Raises:
        UsageError: if the bytes are not JSON, naming the place; if an object has a key twice; or if
            lists and objects are nested too deep.
    """
    shown = origin if line is None else f"{origin}, line {line},"
    try:
        data = json.loads(content.decode("utf-8"), object_pairs_hook=_without_repeats)
        _check_depth(data)
    except json.JSONDecodeError as error:
        number = error.lineno if line is None else line
        raise UsageError(
            f"{origin} is not JSON: line {number}, column {error.colno}: {error.msg}"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{shown} is not JSON: it is not text in UTF-8") from None
    except _RepeatedKeyError as error:
        key = ascii(error.args[0])
        raise UsageError(f"{shown} is ambiguous: it holds the key {key} twice") from None
    except (RecursionError, ValueError) as error:
        raise UsageError(f"{shown} is not JSON: {one_line(error)}") from None
    return data


class _RepeatedKeyError(Exception):
    """An object has a key twice: readers differ in which value they take."""


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        for key, _ in pairs:
            if key not in made:
                raise _RepeatedKeyError(key)
            del made[key]
    return made


def _check_depth(data: Any) -> None:
    level = [data]
    for _ in range(MOST_DEPTH):
        level = [item for one in level for item in _items(one)]
        if not level:
            return
    raise ValueError(f"lists and objects lie in one another more than {MOST_DEPTH} deep")


def _items(data: Any) -> list[Any]:
    """Return the lists and objects in a list or an object."""
    inner: Any = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return [item for item in inner if isinstance(item, list | dict)]


def _finite(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else _NAMES.get(data, "NaN")
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(item) for item in data]
    return data
