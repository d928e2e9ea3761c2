"""Walk the arguments of a call, which may be nested tuples, lists and dictionaries."""

from collections.abc import Callable
from typing import Any

import torch

__all__ = ["flat_arguments", "mapped_arguments"]


def flat_arguments(values: Any) -> list[Any]:
    """Return everything that nested arguments hold, as one list."""
    if isinstance(values, tuple | list):
        return [leaf for value in values for leaf in flat_arguments(value)]
    if isinstance(values, dict):
        return flat_arguments(list(values.values()))
    return [values]


def mapped_arguments(values: Any, function: Callable[[Any], Any]) -> Any:
    """Return nested arguments with a function applied to each value they hold."""
    if isinstance(values, tuple) and hasattr(values, "_fields"):
        return values
    if isinstance(values, torch.Size):  # `x.new` takes a tuple for numbers, and this for a shape
        return values
    if isinstance(values, tuple | list):
        mapped = [mapped_arguments(value, function) for value in values]
        return mapped if isinstance(values, list) else tuple(mapped)
    if isinstance(values, dict):
        return {key: mapped_arguments(value, function) for key, value in values.items()}
    return function(values)
