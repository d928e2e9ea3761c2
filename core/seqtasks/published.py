"""Published figures, to print beside the measured ones."""

from dataclasses import dataclass, fields
from typing import Any

from seqtasks.errors import UsageError, did_you_mean

__all__ = ["Published", "published_from_json"]


@dataclass(frozen=True, kw_only=True)
class Published:
    """A published figure to print beside the measured one.

    Attributes:
        metric: the metric's name, such as `token_accuracy`.
        length: the length it was measured at.
        value: the figure.
        source: where it was published.
        step: the training step it belongs to; None for the end.
    """

    metric: str
    length: int
    value: float
    source: str
    step: int | None = None


def published_from_json(item: Any) -> Published:
    """Read a figure from plain data.

    Raises:
        UsageError: for an unknown or missing key, or a value that does not fit.
    """
    if not isinstance(item, dict):
        raise UsageError("each published figure is an object")
    known = [field.name for field in fields(Published)]
    for key in item:
        if key not in known:
            raise UsageError(f"unknown key 'published.{key}'.{did_you_mean(key, known)}")
    for key in ("metric", "length", "value", "source"):
        if key not in item:
            raise UsageError(f"a published figure lacks '{key}'")
    figure = Published(**item)
    if isinstance(figure.value, bool) or not isinstance(figure.value, int | float):
        raise UsageError(f"published.value must be a number, got {figure.value!r}")
    for key, value in (("length", figure.length), ("step", figure.step)):
        if isinstance(value, bool) or not isinstance(value, int | None) or value == 0:
            raise UsageError(f"published.{key} must be a whole number above 0, got {value!r}")
    for key, value in (("metric", figure.metric), ("source", figure.source)):
        if not isinstance(value, str):
            raise UsageError(f"published.{key} must be text, got {value!r}")
    return figure
