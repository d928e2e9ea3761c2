"""Read the small files of many runs fast; what is odd about one is left to the slow reader."""

import errno
import json
import os
import stat
from typing import Any

__all__ = ["ABSENT", "ODD", "quick_bytes", "quick_object"]

ABSENT = "absent"
"""There is no such file."""
ODD = "odd"
"""The file is not a small regular file with a plain JSON object: `files.atomic` says what it is."""

MOST = 4 * 2**20
"""The most bytes that are read at once."""
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW


def quick_bytes(path: str) -> bytes | str:
    """Return the content of a regular file, or ABSENT, or ODD."""
    try:
        descriptor = os.open(path, _FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except (OSError, ValueError) as error:
        circle = getattr(error, "errno", None) == errno.ELOOP and not os.path.islink(path)  # noqa: PTH114
        return ABSENT if circle else ODD
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > MOST:
            return ODD
        content = os.read(descriptor, about.st_size + 1)
        return content if len(content) == about.st_size else ODD
    except OSError:
        return ODD
    finally:
        os.close(descriptor)


def quick_object(path: str, until: str | None = None) -> dict[str, Any] | str:
    """Return the object in a JSON file, or ABSENT, or ODD.

    Text in it holds neither NUL nor halves of characters: without escapes, UTF-8 and JSON allow
    none.

    Args:
        path: the file.
        until: a key of the object, as `write_json` lays it out; it and what follows are left out.
    """
    content = quick_bytes(path)
    if isinstance(content, str):
        return content
    if until is not None:
        # Text in JSON holds no line end, so this is the key; two spaces deep, of the object itself.
        # In another layout the rest is no whole object.
        end = content.find(f',\n  "{until}": '.encode())
        if end >= 0 and content.endswith((b"\n}\n", b"\n}")):
            content = content[:end] + b"}"
    if b"\\u" in content:
        return ODD
    try:
        data = _DECODER.decode(content.decode())
    except (ValueError, RecursionError):  # also for text that is not UTF-8
        return ODD
    return data if isinstance(data, dict) else ODD


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key is there twice")
    return made


_DECODER = json.JSONDecoder(object_pairs_hook=_without_repeats)
