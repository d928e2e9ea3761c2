"""The untrained model and the training batches of an experiment."""

import torch
from torch import nn

from seqtasks.experiments.experiment import Experiment
from seqtasks.models.build import build_model
from seqtasks.models.model import Model
from seqtasks.tasks import Task
from seqtasks.tasks.holdout import Holdout
from seqtasks.training import BatchSource, brought_to_type, check_memory

__all__ = [
    "DTYPES",
    "batch_source",
    "draw_by_place",
    "experiment_model",
    "in_type",
    "model_as_drawn",
    "training_task",
]

DTYPES = {"float32": torch.float32, "float64": torch.float64}


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
