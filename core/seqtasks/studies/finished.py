"""A run of a study that has ended, as a worker sends it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Finished"]


class Finished(NamedTuple):
    """A run that has ended.

    Attributes:
        line: its line of `runs.jsonl`.
        tensors: its weights by their names in the model, if they are kept.
    """

    line: dict[str, Any]
    tensors: "Mapping[str, Tensor] | None"
