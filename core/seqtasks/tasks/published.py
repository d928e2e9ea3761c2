"""Figures of papers, to print beside measured ones, and the protocols of papers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from seqtasks.errors import UsageError, did_you_mean
from seqtasks.tasks.lengths import LengthRange
from seqtasks.tasks.settings import Settings

__all__ = ["Published", "PublishedProtocol", "published_from_json"]


@dataclass(frozen=True, kw_only=True)
class Published:
    """A published figure to print beside the measured one.

    Attributes:
        metric: the metric's name, such as `token_accuracy`.
        length: the length of the measurement, or a range such as `41..500` over which it is a mean.
        value: the figure.
        source: the publication.
        step: the training step of the figure; None for the end.
    """

    metric: str
    length: int | str
    value: float
    source: str
    step: int | None = None


@dataclass(frozen=True, kw_only=True)
class PublishedProtocol:
    """How a paper trains and scores on a task: `seqtasks run TASK --protocol published`.

    Attributes:
        source: the paper or the code that published the protocol.
        settings: the published settings; None where they cannot be followed.
        score: the range of lengths over which the paper takes the mean.
        score_also: a part of that range over which another source, such as the paper's own code,
            takes the mean.
        score_sequences: the number of instances at each of these lengths.
        evaluation_sequences: the number of instances at each evaluation length.
        learning_rates: the learning rates that the paper tries.
        cells: the spec of each network of the paper, by the paper's name for it.
        figures: each network's published mean over `score`, as a share.
        differs: the remaining differences, one sentence each.
        missing: the missing features that following the protocol would need, one sentence each.
    """

    source: str
    settings: Settings | None = None
    score: str | None = None
    score_also: str | None = None
    score_sequences: int = 64
    evaluation_sequences: int = 1000
    learning_rates: tuple[float, ...] = ()
    cells: Mapping[str, str] = field(default_factory=dict[str, str])
    figures: Mapping[str, float] = field(default_factory=dict[str, float])
    differs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def published(self, cell: Any) -> tuple[Published, ...]:
        """Return the published figure of a cell, if there is one."""
        if self.score is None:
            return ()
        return tuple(
            Published(
                metric="token_accuracy",
                length=self.score,
                value=self.figures[name],
                source=f"{self.source} ({name})",
            )
            for name, spec in self.cells.items()
            if spec == cell and name in self.figures
        )


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
    step = figure.step
    if isinstance(step, bool) or not isinstance(step, int | None) or step == 0:
        raise UsageError(f"published.step must be a whole number above 0, got {step!r}")
    if isinstance(figure.length, bool) or not isinstance(figure.length, int | str):
        raise UsageError(
            f"published.length must be a length or a range such as '41..500', got {figure.length!r}"
        )
    LengthRange.parse(figure.length)
    for key, value in (("metric", figure.metric), ("source", figure.source)):
        if not isinstance(value, str):
            raise UsageError(f"published.{key} must be text, got {value!r}")
    return figure
