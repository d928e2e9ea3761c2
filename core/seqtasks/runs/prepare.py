"""Check all that must be right before a run begins: device, task, model, one trial of both."""

import logging
import shlex
import time
from dataclasses import dataclass
from textwrap import shorten
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
from seqtasks.errors import SeqtasksError, UsageError, explain, one_line
from seqtasks.experiments.experiment import Experiment
from seqtasks.models.build import build_model
from seqtasks.models.calling import scoring, to_torch, with_penalty
from seqtasks.models.model import Model
from seqtasks.randomness.streams import stream
from seqtasks.randomness.torch_streams import torch_stream
from seqtasks.registry.references import short_name
from seqtasks.runs.training_run import Run
from seqtasks.scoring.fitting import check_experiment_fits
from seqtasks.tasks import Batch, Task
from seqtasks.tasks.holdout import Holdout
from seqtasks.tasks.mistakes import try_task
from seqtasks.training import (
    BatchSource,
    Trainer,
    brought_to_type,
    check_memory,
)

__all__ = [
    "DTYPES",
    "batch_source",
    "draw_by_place",
    "experiment_model",
    "in_type",
    "model_as_drawn",
    "prepare",
    "training_task",
]

logger = logging.getLogger("seqtasks")

LONGEST_TRIAL = 10_000
"""The longest evaluation length at which a task is tried before the run."""

SECONDS_OF_TRIALS = 1.0
"""How many seconds to try evaluation lengths for, the longest first."""
MOST_SAID = 2
"""The most mistakes in a warning."""
TRIED = 8
"""Index of the training length at which the task's answers are tried."""

DTYPES = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True)
class _Prepared:
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


def prepare(
    experiment: Experiment,
    model: nn.Module | None = None,
    threads: int | None = None,
    may_fall_back: bool = False,
    counted_draws: bool = True,
) -> tuple[Run, Trainer]:
    """Return a run at step 0 and its trainer, after one small trial of task and model.

    Args:
        experiment: the requested experiment.
        model: a module to train in place, instead of the experiment's own model.
        threads: the threads of a compiled program; None for as many as pay.
        may_fall_back: whether another engine may replace the experiment's; `auto` always may.
        counted_draws: whether random numbers are functions of their places; see `Trainer`.

    Raises:
        UsageError: if the device is not available, trained parameters overlap in memory, or the
            task or the model breaks its rules.
    """
    task = experiment.make_task()
    holdout = experiment.make_holdout(task)
    device = _device(experiment.device)
    title = f"the model {type(model).__name__}"
    if model is None:
        title = f"cell {short_name(experiment.cell)}"
        check_experiment_fits(experiment, task, DTYPES[experiment.dtype].itemsize)
        try:
            model = experiment_model(experiment, task)
        except RuntimeError as error:  # torch has no error class of its own for too little memory
            raise UsageError(f"the model cannot be made: {one_line(error)}") from error
    _check_module(model)
    check_memory(model)
    model.to(device)
    source = batch_source(experiment, task, holdout, experiment.seed, device, prefetch=True)
    prepared = _Prepared(experiment, task, model, device, title)
    before = {name for name, _ in model.named_parameters()}
    mistakes = _mistakes(prepared)
    _try_out(prepared)
    later = [name for name, _ in model.named_parameters() if name not in before]
    if later:
        if isinstance(model, Model) and later[0].startswith("readout."):
            title = f"readout {short_name(experiment.readout)}"
        raise UsageError(
            f"{title} makes parameters while it runs ({later[0]}), which are not trained: make "
            "them in __init__"
        )
    trainer = Trainer(
        model,
        source,
        optimizer=experiment.optimizer,
        learning_rate=experiment.learning_rate,
        clip=experiment.clip,
        loss_reduction=experiment.loss_reduction,
        seed=experiment.seed,
        engine=experiment.engine,
        threads=threads,
        lr_schedule=experiment.lr_schedule,
        may_fall_back=may_fall_back,
        counted_draws=counted_draws,
        steps=experiment.steps,
    )
    _say_what_is_wrong(prepared, mistakes, trainer)
    return Run(experiment, task, model, holdout=holdout), trainer


def _check_module(model: Any) -> None:
    """Refuse what is no module with numbers in it.

    Raises:
        UsageError: saying what it is.
    """
    if not isinstance(model, nn.Module):
        made = f"; make one: {model.__name__}(...)" if isinstance(model, type) else ""
        kind = f"the class {model.__name__}" if made else type(model).__name__
        raise UsageError(f"the model must be a torch.nn.Module, got {kind}{made}")
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if tensor.is_meta:
            raise UsageError(
                f"the model's {name} is on the device meta and holds no numbers; make the model on "
                "another device"
            )


def _mistakes(prepared: _Prepared) -> list[str]:
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


def _say_what_is_wrong(prepared: _Prepared, mistakes: list[str], trainer: Trainer) -> None:
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


def experiment_model(experiment: Experiment, task: Task) -> nn.Module:
    """Return the untrained model that an experiment describes, on the CPU."""
    model = model_as_drawn(experiment, task)
    check_memory(model)  # before a conversion separates overlapping tensors
    return in_type(experiment, model)


def draw_by_place(model: nn.Module) -> None:
    """Let a model that is scored outside its run draw random numbers as the run does."""
    if isinstance(model, Model):
        model.against_draws = None


def model_as_drawn(experiment: Experiment, task: Task) -> nn.Module:
    """Return the untrained model that an experiment describes, in float32."""
    return build_model(
        task,
        experiment.cell,
        experiment.readout,
        hidden_size=experiment.hidden_size,
        embedding_size=experiment.embedding_size,
        layers=experiment.layers,
        seed=experiment.seed,
        embedding=experiment.embedding,
        initialization=experiment.initialization,
    )


def in_type(experiment: Experiment, model: nn.Module) -> nn.Module:
    """Return a model after its numbers were brought to the type of an experiment."""
    return brought_to_type(model, DTYPES[experiment.dtype])


def batch_source(
    experiment: Experiment,
    task: Task,
    holdout: Holdout | None,
    seed: int,
    device: torch.device | str = "cpu",
    prefetch: bool = False,
) -> BatchSource:
    """Return the training batches of an experiment.

    Args:
        experiment: the experiment.
        task: its task.
        holdout: its held-out split, if it has one.
        seed: the seed of the streams.
        device: where the batches go.
        prefetch: whether to draw the next block in a thread when that saves time.
    """
    return BatchSource(
        training_task(experiment, task),
        length=experiment.length_range,
        batch_size=experiment.batch_size,
        data=experiment.data,
        seed=seed,
        dtype=DTYPES[experiment.dtype],
        device=device,
        curriculum=experiment.curriculum,
        holdout=holdout,
        prefetch=prefetch,
        training_inputs=experiment.training_inputs,
    )


def training_task(experiment: Experiment, task: Task) -> Task:
    """Return the task as an experiment trains it."""
    return task.with_zeros_after_end() if experiment.zeros_after_end else task


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        there = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
        raise UsageError(
            f"the device '{name}' is not available; available devices: {', '.join(there)} "
            f"({shorten(one_line(error), 200, placeholder=' ...')})"
        ) from None
    return device


def _try_out(prepared: _Prepared) -> None:
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


def _try_model(prepared: _Prepared, length: int) -> None:
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


def _trial_batch(prepared: _Prepared, length: int) -> Batch:
    task = prepared.task
    batch = task.batch(stream(prepared.experiment.seed, "trial", length), 2, length)
    if not batch.scored.any():
        raise UsageError(f"task {task.known_as} scores no position at length {length}")
    return batch
