"""Try a task and a model on two instances, to find mistakes before anything is written."""

import logging
import shlex
import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from seqtasks.authoring.model_mistakes import (
    NO_GRADIENT,
    ROWS,
    TRAINS_ONCE,
    check_steps,
    model_mistakes,
)
from seqtasks.errors import SeqtasksError, UsageError, explain
from seqtasks.experiments.experiment import Experiment
from seqtasks.models.calling import scoring, to_torch, with_penalty
from seqtasks.models.model import Model
from seqtasks.randomness.streams import stream
from seqtasks.randomness.torch_streams import torch_stream
from seqtasks.runs.model_and_batches import DTYPES
from seqtasks.tasks import Batch, Task
from seqtasks.tasks.mistakes import try_task
from seqtasks.training import Trainer

__all__ = ["Prepared", "mistakes_of", "say_what_is_wrong", "try_out"]

logger = logging.getLogger("seqtasks")

LONGEST_TRIAL = 10_000
"""The longest evaluation length at which a task is tried before the run."""

SECONDS_OF_TRIALS = 1.0
"""How many seconds to try evaluation lengths for, the longest first."""
MOST_SAID = 2
"""The most mistakes in a warning."""
TRIED = 8
"""Index of the training length at which the task's answers are tried."""


@dataclass(frozen=True)
class Prepared:
    """The parts of a run, before they are tried.

    Attributes:
        title: what messages call the model.
    """

    experiment: Experiment
    task: Task
    model: nn.Module
    device: torch.device
    title: str

    @property
    def dtype(self) -> torch.dtype:
        """The type of the model's numbers."""
        return DTYPES[self.experiment.dtype]

    def predictions(self, batch: Batch, rows: int | None = None) -> Any:
        """Return the model's predictions for the first rows of a batch, without training."""
        inputs = to_torch(batch.inputs[:rows], self.dtype, self.device)
        with scoring(self.model), torch_stream(0, "trial").drawing():
            return with_penalty(self.model, inputs)[0]


def mistakes_of(prepared: Prepared) -> list[str]:
    """Return possible mistakes of a model that runs, and refuse a model with failing steps.

    Raises:
        UsageError: if a cell changes its state in place, what a step returns is wrong and the
            model fails for it, no prediction has a gradient, or only the first batch's have.
    """
    experiment, task, title = prepared.experiment, prepared.task, prepared.title
    lengths = task.lengths.within(experiment.length_range)
    try_task(task, min(lengths[-1], lengths[0] + TRIED * lengths.step), experiment.seed, False)
    length = lengths[min(1, len(lengths) - 1)]
    batch = task.batch(stream(experiment.seed, "trial", length), 2 * ROWS, length)
    of_steps = check_steps(prepared.model, title)
    if of_steps:
        try:
            prepared.predictions(batch, 2)
        except Exception as error:
            raise UsageError(f"{title}: {of_steps[0]}") from error
    mistakes = model_mistakes(
        prepared.model, to_torch(batch.inputs, prepared.dtype, prepared.device)
    )
    for grave in (NO_GRADIENT, TRAINS_ONCE):
        if grave in mistakes:
            further = [line for line in mistakes if line != grave]
            raise UsageError(f"{title}: {'; '.join([grave, *further[:1]])}")
    return [*of_steps, *mistakes]


def say_what_is_wrong(prepared: Prepared, mistakes: list[str], trainer: Trainer) -> None:
    """Report a model's possible mistakes in a line, or why `auto` takes the plain loop for it."""
    experiment, model, title = prepared.experiment, prepared.model, prepared.title
    own_cell = title.startswith("cell ")
    said = "; ".join(mistakes[:MOST_SAID])
    start = f"{title} may be wrong:"
    if own_cell and experiment.engine == "auto" and trainer.engine == "plain":
        start = f"the plain loop, which is slower, runs {title}:"
        said = said or (model.engines.unsupported if isinstance(model, Model) else None) or ""
    if said:
        cell: Any = experiment.cell if own_cell else None
        named = isinstance(cell, str)
        more = f"; `seqtasks show {shlex.quote(cell)}` says more" if named else ""
        logger.warning(f"{start} {said}{more}")


def try_out(prepared: Prepared) -> None:
    """Draw two instances and run the model on them, to find mistakes before anything is written."""
    task, experiment = prepared.task, prepared.experiment
    lengths = task.lengths.within(experiment.length_range)
    lengths_scored = experiment.lengths_scored(task)
    for length in lengths_scored:
        if length <= LONGEST_TRIAL:
            _trial_batch(prepared, length)
    for length in dict.fromkeys((lengths[0], min(lengths[-1], lengths[0] + lengths.step))):
        _try_model(prepared, length)
    # the longest first: a table of positions may be too short
    began = time.monotonic()
    for length in sorted(set(lengths_scored), reverse=True):
        if length <= LONGEST_TRIAL and time.monotonic() - began < SECONDS_OF_TRIALS:
            _try_model(prepared, length)


def _try_model(prepared: Prepared, length: int) -> None:
    """Run the model on two instances of a length, and check its predictions."""
    batch = _trial_batch(prepared, length)
    try:
        predictions = prepared.predictions(batch)
    except SeqtasksError:
        raise
    except Exception as error:
        raise UsageError(
            f"{prepared.title} fails on inputs of length {length}: {explain(error)}"
        ) from error
    wanted = (*batch.inputs.shape[:2], prepared.task.targets.size)
    if not isinstance(predictions, torch.Tensor) or predictions.shape != wanted:
        shape = tuple(getattr(predictions, "shape", ())) or type(predictions).__name__
        raise UsageError(
            f"the model's predictions must be (batch, time, symbols) {wanted}, got {shape}"
        )


def _trial_batch(prepared: Prepared, length: int) -> Batch:
    task = prepared.task
    batch = task.batch(stream(prepared.experiment.seed, "trial", length), 2, length)
    if not batch.scored.any():
        raise UsageError(f"task {task.known_as} scores no position at length {length}")
    return batch
