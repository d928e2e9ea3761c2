"""Score a model on a task, in portions that fit in little memory."""

import copy
import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from torch import nn

from seqtasks.display import card, measured, shortened
from seqtasks.errors import UsageError
from seqtasks.models.caller_settings import own_settings
from seqtasks.registry.find import task as find_task
from seqtasks.scoring.counts import count_at
from seqtasks.scoring.fitting import check_scored
from seqtasks.scoring.intervals import (
    Interval,
    fraction_interval,
    intervals_from_json,
    intervals_to_json,
    mean_interval,
)
from seqtasks.tasks import Task
from seqtasks.tasks.holdout import Holdout
from seqtasks.tasks.lengths import LengthRange, check_number, parse_length_list
from seqtasks.tasks.mistakes import try_task

__all__ = ["Score", "evaluate", "evaluate_at", "lengths_to_score", "marked"]

UNKNOWN = Interval(-math.inf, math.inf)


@dataclass(frozen=True, repr=False)
class Score:
    """The scores of a model at one length.

    Attributes:
        length: the length of the inputs.
        sequences: the number of scored instances.
        exhaustive: whether they are all that exist; the scores are then exact.
        metrics: each metric's value by name.
        intervals: each metric's 95 % interval by name; if exact, both ends are the value.
        held_out: whether only held-out instances were scored; `exhaustive` then refers to these.
        undefined: the share of scored positions at which a predicted number is NaN. They count as
            wrong; for reals the error itself is NaN.
        rows_mix: whether the model's answer to an instance depends on the rest of its batch. The
            scores are then no property of instances, and no interval is known.
    """

    length: int
    sequences: int
    exhaustive: bool
    metrics: dict[str, float]
    intervals: dict[str, Interval]
    held_out: bool = False
    undefined: float = 0.0
    rows_mix: bool = False

    def __repr__(self) -> str:
        """Return the scores on one line; in brackets the 95 % interval, if they have one."""
        shown = measured(self.metrics, self.intervals)
        return shortened(f"<Score at length {self.length}: {shown}; {self._scored()}>")

    def _repr_html_(self) -> str:
        rows = [(name, measured({name: v}, self.intervals)) for name, v in self.metrics.items()]
        return card(f"Score at length {self.length}", rows, self._scored())

    def _scored(self) -> str:
        """Say which instances were scored."""
        kept = " held-out" if self.held_out else ""
        which = f"all {self.sequences}{kept} inputs" if self.exhaustive else None
        which = which or f"{self.sequences}{kept} instances"
        return f"{which}, answers depend on the batch" if self.rows_mix else which

    def to_json(self) -> dict[str, Any]:
        """Return the score as plain data."""
        return {
            "length": self.length,
            "sequences": self.sequences,
            "exhaustive": self.exhaustive,
            "metrics": self.metrics,
            "intervals": intervals_to_json(self.intervals),
            "held_out": self.held_out,
            "undefined": self.undefined,
            "rows_mix": self.rows_mix,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Score":
        """Read the data that `to_json` returned."""
        known = [field.name for field in fields(cls) if field.name in data]
        values: dict[str, Any] = {name: data[name] for name in known}
        values["intervals"] = intervals_from_json(data["intervals"])
        return cls(**values)


@own_settings()
def evaluate(
    model: nn.Module,
    task: str | Task,
    lengths: str | int | Iterable[int] = "10",
    sequences: int = 1000,
    seed: int = 0,
    holdout: Holdout | None = None,
) -> list[Score]:
    """Score a model on a task.

    Args:
        model: from (batch, time) ids or (batch, time, features) reals to (batch, time, symbols)
            logits or (batch, time, features) reals; a tuple of these and a state also works.
        task: a task or its spec string.
        lengths: `"10,20"`, `"1..100"`, or whole numbers; a range stands for its allowed lengths.
        sequences: the instances at each length; if hardly more exist, or fewer, all are scored.
        seed: the seed of the evaluation stream.
        holdout: a held-out split, `result.holdout` of a run; at its lengths only held-out inputs
            are scored.

    Returns:
        A score for each length, in the given order.

    Raises:
        UsageError: for a length that the task does not allow, or a mistake of the task's author.
    """
    task = find_task(task)
    wanted = lengths_to_score(task, lengths)
    check_scored(model, task, max(wanted, default=1))
    for length in wanted[:1]:
        try_task(copy.deepcopy(task), length, seed)  # a task may keep its draws
    scores = [
        evaluate_at(
            model, task, length, sequences, seed, holdout=holdout, alone=length == min(wanted)
        )
        for length in wanted
    ]
    return marked(scores)


def marked(scores: list[Score]) -> list[Score]:
    """Mark all scores of a model as mixing rows if one of them does."""
    if not any(score.rows_mix for score in scores):
        return scores
    return [
        replace(score, rows_mix=True, intervals=dict.fromkeys(score.intervals, UNKNOWN))
        for score in scores
    ]


def lengths_to_score(task: Task, lengths: str | int | Iterable[int]) -> list[int]:
    """Return the wanted lengths that a task allows, each once.

    Raises:
        UsageError: if it does not allow a single length, or any length of a range.
    """
    ranges: tuple[LengthRange, ...]
    if isinstance(lengths, str | int):
        ranges = parse_length_list(lengths)
    elif isinstance(lengths, bytes) or not isinstance(lengths, Iterable):
        raise UsageError(f"lengths must be text or whole numbers, got {lengths!r:.60}")
    else:
        ranges = parse_length_list([str(length) for length in lengths])
    selected = [task.lengths.select(wanted, task.known_as) for wanted in ranges]
    check_number(sum(len(some) for some in selected))
    return list(dict.fromkeys(length for some in selected for length in some))


def evaluate_at(
    model: nn.Module,
    task: Task,
    length: int,
    sequences: int = 1000,
    seed: int = 0,
    purpose: str = "evaluation",
    holdout: Holdout | None = None,
    alone: bool = False,
) -> Score:
    """Score a model at one length, on instances from the stream of a purpose; see `evaluate`.

    Args:
        model: as for `evaluate`.
        task: the task.
        length: the length of its inputs.
        sequences: as for `evaluate`.
        seed: the seed of the streams.
        purpose: the purpose of the stream.
        holdout: as for `evaluate`.
        alone: whether to test if the model answers instances differently when alone.
    """
    counted = count_at(model, task, length, sequences, seed, purpose, holdout, alone)
    metrics: dict[str, float] = {}
    intervals: dict[str, Interval] = {}
    for metric in task.metrics:
        stratum = counted.strata[metric.name]
        metrics[metric.name] = value = stratum.value
        interval = fraction_interval if metric.fraction else mean_interval
        intervals[metric.name] = (
            Interval(value, value)
            if counted.exhaustive
            else interval(stratum.sums, stratum.weights)
        )
    return Score(
        length=length,
        sequences=counted.sequences,
        exhaustive=counted.exhaustive,
        metrics=metrics,
        intervals=intervals,
        held_out=counted.held_out,
        undefined=counted.undefined,
        rows_mix=counted.rows_mix,
    )
