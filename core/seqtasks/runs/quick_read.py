"""Read the small files of many runs fast; what is odd about one is left to the slow reader."""

import errno
import json
import os
import stat
from typing import Any

__all__ = ["ABSENT", "ODD", "Head", "quick_bytes", "quick_object"]

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


class Head:
    """The beginning of a document that `write_json` laid out.

    Args:
        until: the key of the object from which on nothing is read.
        needed: the keys that are read. If one of them follows, the whole document is read.
    """

    def __init__(self, until: str, *needed: str) -> None:
        self._end = f',\n  "{until}": '.encode()
        self._needed = [f'\n  "{key}": '.encode() for key in needed]

    def of(self, content: bytes) -> bytes:
        """Return the beginning of a document, or all of it, as JSON.

        Text in JSON holds no line end, so what is found is a key, and with two spaces before it, of
        the object itself. In another layout the rest is no whole object.
        """
        end = content.find(self._end)
        if end < 0 or not content.endswith((b"\n}\n", b"\n}")):
            return content
        rest = content[end:]
        return content if any([key in rest for key in self._needed]) else content[:end] + b"}"  # noqa: C419 - faster


def quick_object(path: str, head: Head) -> dict[str, Any] | str:
    """Return the object in a JSON file, or its beginning; or ABSENT, or ODD.

    Text in it holds neither NUL nor halves of characters: without escapes, UTF-8 and JSON allow
    none.
    """
    content = quick_bytes(path)
    if isinstance(content, str):
        return content
    content = head.of(content)
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
