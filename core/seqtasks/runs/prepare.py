"""Check all that must be right before a run begins: device, task, model, one trial of both."""

from textwrap import shorten
from typing import Any

import torch
from torch import nn

from seqtasks.errors import UsageError, one_line
from seqtasks.experiments.experiment import Experiment
from seqtasks.models.model import Model
from seqtasks.registry.references import short_name
from seqtasks.runs.model_and_batches import DTYPES, batch_source, experiment_model
from seqtasks.runs.training_run import Run
from seqtasks.runs.try_out import Prepared, mistakes_of, say_what_is_wrong, try_out
from seqtasks.scoring.fitting import check_experiment_fits
from seqtasks.training import Trainer, check_memory

__all__ = ["prepare"]


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
    prepared = Prepared(experiment, task, model, device, title)
    before = {name for name, _ in model.named_parameters()}
    mistakes = mistakes_of(prepared)
    try_out(prepared)
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
    say_what_is_wrong(prepared, mistakes, trainer)
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
