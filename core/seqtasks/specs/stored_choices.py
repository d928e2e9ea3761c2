"""Choices as plain data, so that a record can hold them without naming code to read them."""

from typing import Any

from seqtasks.errors import UsageError
from seqtasks.specs.lists import Choices, SweptSpec
from seqtasks.specs.ranges import Range, read_range

__all__ = ["choices_from_json", "choices_to_json"]

MOST_DEPTH = 20


def choices_to_json(choices: Choices) -> list[Any]:
    """Return choices as plain data; `choices_from_json` reads it.

    Raises:
        UsageError: for a value that plain data does not hold, such as a class.
    """
    return [_item_to_json(item) for item in choices.items]


def choices_from_json(data: Any, depth: int = 0) -> Choices:
    """Read the data that `choices_to_json` returned.

    Raises:
        UsageError: if it is something else.
    """
    if not isinstance(data, list) or not data or depth > MOST_DEPTH:
        raise UsageError(f"choices must be a list of values, got {data!a:.60}")
    return Choices(tuple(_item_from_json(item, depth) for item in data))


def _item_to_json(item: Any) -> Any:
    if isinstance(item, Range):
        return {"range": item.text, "whole": item.whole}
    if isinstance(item, SweptSpec):
        parameters = [[key, choices_to_json(choices)] for key, choices in item.parameters]
        return {"spec": item.text, "head": item.head, "parameters": parameters}
    if item is None or isinstance(item, str | int | float):
        return item
    raise UsageError(f"{item!r:.60} is no text and no number, so no record can hold it")


def _item_from_json(item: Any, depth: int) -> Any:
    if item is None or isinstance(item, str | int | float):
        return item
    try:
        if "range" in item:
            return read_range(str(item["range"]), whole=bool(item["whole"]))
        parameters = tuple(
            (str(key), choices_from_json(choices, depth + 1)) for key, choices in item["parameters"]
        )
        return SweptSpec(str(item["spec"]), str(item["head"]), parameters)
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"{item!a:.60} is no value of a list") from None
