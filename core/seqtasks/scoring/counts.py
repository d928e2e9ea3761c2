"""Count a model's right answers and errors at one length, in portions that fit in little memory."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakSet

import numpy as np
from torch import nn

from seqtasks.errors import UsageError
from seqtasks.randomness.streams import stream
from seqtasks.randomness.torch_streams import torch_stream
from seqtasks.scoring.fitting import check_scored
from seqtasks.scoring.intervals import Stratum
from seqtasks.scoring.predict import answers, inputs_at_once
from seqtasks.scoring.rows_alone import ROWS_MIX, mixes_rows
from seqtasks.tasks import Batch, Task
from seqtasks.tasks.holdout import Holdout
from seqtasks.tasks.listed_inputs import all_inputs, domain_size
from seqtasks.tasks.metrics import Columns

__all__ = ["Counted", "count_at", "portions", "scores_all"]

logger = logging.getLogger("seqtasks")

DRAW_SYMBOLS = 2**19
_warned_of: "WeakSet[nn.Module]" = WeakSet()
"""Models about which a mixed-rows warning was already given."""


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
    exhaustive = scores_all(task, length, sequences, holdout)
    columns: dict[str, list[Columns]] = {metric.name: [] for metric in task.metrics}
    sequences_scored = scored = not_numbers = 0
    chosen, mixed = holdout if held_out else None, False
    draws = torch_stream(seed, purpose)  # for a cell that draws during scoring
    for batch in portions(task, length, sequences, seed, purpose, exhaustive, chosen):
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


def scores_all(task: Task, length: int, sequences: int, holdout: Holdout | None = None) -> bool:
    """Say whether all instances of a length are scored, because hardly more exist than asked for.

    Args:
        task: the task.
        length: the length of its inputs.
        sequences: the instances asked for.
        holdout: a held-out split; at its lengths only held-out instances count.
    """
    domain = domain_size(task, length) if task.equally_likely else None
    if holdout is not None and length in holdout:
        domain = len(holdout.held_out(length))
    return domain is not None and domain <= max(1.1 * sequences, 16)


def portions(
    task: Task,
    length: int,
    sequences: int,
    seed: int,
    purpose: str,
    exhaustive: bool,
    holdout: Holdout | None,
) -> Iterator[Batch]:
    """Yield the instances to score, in portions whose size depends on the length alone.

    Args:
        task: the task.
        length: the length of its inputs.
        sequences: the number of instances, unless all are scored.
        seed: the seed of the stream.
        purpose: the purpose of the stream.
        exhaustive: whether all are scored; see `scores_all`.
        holdout: the split whose held-out instances are scored; None to score any.
    """
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
