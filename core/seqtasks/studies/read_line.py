"""Read a line of `runs.jsonl`, quickly if it has the form in which this version writes lines.

A million lines hold some fifty million numbers. To call a shape for each number takes 300 µs a
line, five times as long as everything else. Nearly all lines are plain: they have the usual keys,
each once, and lists of numbers. A few calls say so for a whole line. Any other line goes through
the full shape, which accepts it or says what is wrong.
"""

import json
import re
from typing import Any

from seqtasks.files.json_text import read_text
from seqtasks.files.validation import checked
from seqtasks.studies.lines import LINE, MOST, STATUSES

__all__ = ["read_line"]

_KEY = re.compile(rb'"\s*:')
"""The end of each key; text may hold the same, so there are never fewer of these than keys."""
_KEYS = {"point", "seed", "status", "step", "stopped", "scores", "history", "seconds", "of"}
_NEEDED = _KEYS - {"stopped", "of"}
_PARTS = {"loss", "validation"}
_NUMBERS = {float, type(None)}
_NAME = re.compile(r"[A-Za-z0-9_.]{1,100}")
_CONSTANT = re.compile(rb"[NI]")
"""The first letter of NaN and Infinity, which a line holds as null."""


def read_line(content: bytes, file: object, number: int) -> dict[str, Any]:
    """Return a line as data of the shape `LINE`; null stays null in a plain line.

    Args:
        content: the line.
        file: the file, for messages.
        number: the number of the line in it, for messages.

    Raises:
        UsageError: if it is damaged.
    """
    try:
        data: Any = json.loads(content.decode())
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, dict) and _is_plain(data, content):
        return data
    text = read_text(content, file, number)
    return checked(text, LINE, file, f" at line {number}")


def _is_plain(data: Any, content: bytes) -> bool:
    """Say whether data fits `LINE` for certain, and whether no key stands twice in its text."""
    if type(data) is not dict or not _NEEDED <= data.keys() <= _KEYS:
        return False
    whole = data["point"], data["step"], data["seed"]
    if not all(type(one) is int and 0 <= one <= MOST for one in whole):
        return False
    if type(data["status"]) is not str or data["status"] not in STATUSES:
        return False
    stopped, mark = data.get("stopped"), data.get("of", "none")
    if not (stopped is None or _is_name(stopped)) or not _is_name(mark):
        return False
    scores, history, seconds = data["scores"], data["history"], data["seconds"]
    if type(seconds) is not float or not 0 <= seconds < 1e300:
        return False
    if type(scores) is not dict or type(history) is not dict or {*history} != _PARTS:
        return False
    losses, validation = history["loss"], history["validation"]
    if type(losses) is not list or type(validation) is not dict:
        return False
    curves = list(validation.values())
    tables = list(scores.values())
    if not all(type(one) is list for one in curves) or not all(type(one) is dict for one in tables):
        return False
    numbers = {type(one) for some in (losses, *curves) for one in some}
    numbers |= {type(one) for table in tables for one in table.values()}
    names = (*scores, *validation, *(name for table in tables for name in table))
    if not numbers <= _NUMBERS or not all(map(_is_name, names)):
        return False
    keys = len(data) + len(history) + len(names)
    return len(_KEY.findall(content)) == keys and not _CONSTANT.search(content)


def _is_name(data: Any) -> bool:
    """Say whether data is short text of letters, digits, dots and underlines."""
    return type(data) is str and _NAME.fullmatch(data) is not None
