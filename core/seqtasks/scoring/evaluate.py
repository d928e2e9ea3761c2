"""Score a model on a task, in portions that fit in little memory."""

import copy
import logging
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any
from weakref import WeakSet

import numpy as np
from torch import nn

from seqtasks.available_memory import as_gibibytes, memory_there
from seqtasks.errors import UsageError, counted
from seqtasks.models.caller_settings import own_settings
from seqtasks.randomness.streams import stream
from seqtasks.randomness.torch_streams import torch_stream
from seqtasks.registry.find import task as find_task
from seqtasks.scoring.intervals import (
    Interval,
    Stratum,
    fraction_interval,
    intervals_from_json,
    intervals_to_json,
    mean_interval,
)
from seqtasks.scoring.predict import (
    answers,
    decide,
    inputs_at_once,
    width,
)
from seqtasks.scoring.rows_alone import ROWS_MIX, mixes_rows
from seqtasks.tasks import Batch, Task
from seqtasks.tasks.holdout import Holdout
from seqtasks.tasks.lengths import LengthRange, check_number, parse_length_list
from seqtasks.tasks.metrics import Columns
from seqtasks.tasks.mistakes import all_inputs, domain_size, try_task

__all__ = [
    "Counted",
    "Score",
    "check_fits",
    "check_scored",
    "count_at",
    "decide",
    "evaluate",
    "evaluate_at",
    "lengths_to_score",
    "marked",
]

logger = logging.getLogger("seqtasks")

DRAW_SYMBOLS = 2**19
FLOAT_BYTES = 4
BYTES_OF_IDS = 32
"""Copies of inputs and targets as int64: as they are drawn and as they are laid out."""
UNKNOWN = Interval(-math.inf, math.inf)
_warned_of: "WeakSet[nn.Module]" = WeakSet()
"""Models about which a mixed-rows warning was already given."""


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Counted:
    """The counts at one length.

    Attributes:
        sequences: the number of scored instances.
        exhaustive: whether they are all that exist, or all that are held out.
        held_out: whether only held-out instances were scored.
        strata: by each metric's name, the shares and weights of the instances.
        undefined: the share of scored positions at which a predicted number is NaN.
        rows_mix: whether the model was found to answer instances differently when alone.
    """

    sequences: int
    exhaustive: bool
    held_out: bool
    strata: dict[str, Stratum]
    undefined: float = 0.0
    rows_mix: bool = False


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


def check_fits(instances: int, length: int, bytes_a_step: int) -> None:
    """Refuse data that does not fit in memory, before the system ends the process.

    Raises:
        UsageError: if ids and the given bytes for each step need more memory than there is.
    """
    there = memory_there()
    needed = instances * length * (bytes_a_step + BYTES_OF_IDS)
    if needed > there:
        raise UsageError(
            f"{counted(instances, 'input')} of length {length} would take more than "
            f"{as_gibibytes(needed)} GiB of memory for this model, and "
            f"{as_gibibytes(there)} are available: choose a smaller length, evaluation length, "
            "batch size or hidden size"
        )


def check_scored(model: nn.Module, task: Task, length: int) -> None:
    """Refuse a length at which not even one instance fits in memory; see `check_fits`."""
    if not isinstance(model, nn.Module):
        raise UsageError(f"the model must be a torch.nn.Module, got {type(model).__name__}")
    check_fits(1, length * (1 + task.ponder), 2 * width(model) * FLOAT_BYTES)


def lengths_to_score(task: Task, lengths: str | int | Iterable[int]) -> list[int]:
    """Return the wanted lengths that a task allows, each once.

    Raises:
        UsageError: if it does not allow a single length, or any length of a range.
    """
    ranges: tuple[LengthRange, ...]
    if isinstance(lengths, str | int):
        ranges = parse_length_list(lengths)
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
        length,
        counted.sequences,
        counted.exhaustive,
        metrics,
        intervals,
        counted.held_out,
        counted.undefined,
        counted.rows_mix,
    )


def count_at(
    model: nn.Module,
    task: Task,
    length: int,
    sequences: int,
    seed: int,
    purpose: str,
    holdout: Holdout | None = None,
    alone: bool = False,
) -> Counted:
    """Count right answers, errors and so on of a model at one length; see `evaluate_at`."""
    if sequences < 1:
        raise UsageError(f"sequences must be at least 1, got {sequences}")
    check_scored(model, task, length)
    held_out = holdout is not None and length in holdout
    domain = domain_size(task, length) if task.equally_likely else None
    if holdout is not None and held_out:
        domain = len(holdout.held_out(length))
    exhaustive = domain is not None and domain <= max(1.1 * sequences, 16)
    columns: dict[str, list[Columns]] = {metric.name: [] for metric in task.metrics}
    sequences_scored = scored = not_numbers = 0
    chosen, mixed = holdout if held_out else None, False
    draws = torch_stream(seed, purpose)  # for a cell that draws during scoring
    for batch in _portions(task, length, sequences, seed, purpose, exhaustive, chosen):
        predictions, undefined = answers(model, task, batch, draws)
        sequences_scored += len(predictions)
        scored += int(batch.scored.sum())
        not_numbers += int((undefined & batch.scored).sum())
        if alone and sequences_scored == len(predictions):  # the first portion
            mixed = _mixes(model, batch, seed)
        for metric in task.metrics:
            columns[metric.name].append(metric.columns(predictions, batch.targets))
    strata = {
        metric.name: Stratum(*metric.shares(columns[metric.name]), exhaustive)
        for metric in task.metrics
    }
    undefined = not_numbers / max(scored, 1)
    return Counted(sequences_scored, exhaustive, held_out, strata, undefined, mixed)


def _portions(
    task: Task,
    length: int,
    sequences: int,
    seed: int,
    purpose: str,
    exhaustive: bool,
    holdout: Holdout | None,
) -> Iterator[Batch]:
    """Yield instances in portions whose size depends on the length alone."""
    rng = stream(seed, purpose, length)
    if holdout is not None:
        inputs = holdout.held_out(length)
        if not exhaustive:
            inputs = inputs[np.sort(rng.permutation(len(inputs))[:sequences])]
        yield task.batch_of(inputs)
        return
    if exhaustive:
        yield task.batch_of(all_inputs(task, length))
        return
    most = max(1, DRAW_SYMBOLS // length)
    for start in range(0, sequences, most):
        yield task.batch(rng, min(most, sequences - start), length)


def _mixes(model: nn.Module, batch: Batch, seed: int) -> bool:
    """Say whether a model answers instances differently when alone; if so, warn once."""
    mixed = mixes_rows(model, inputs_at_once(model, batch), seed)
    if mixed and model not in _warned_of:
        _warned_of.add(model)
        logger.warning("%s", ROWS_MIX)
    return mixed
