"""Refuse a request that cannot fit into memory before any of it is made."""

import torch
from torch import nn

from seqtasks.available_memory import as_gibibytes, memory_there
from seqtasks.errors import UsageError, counted
from seqtasks.experiments.experiment import Experiment
from seqtasks.models.build import build_model
from seqtasks.scoring.predict import width
from seqtasks.tasks import Task

__all__ = ["check_experiment_fits", "check_fits", "check_model_fits", "check_scored"]

FLOAT_BYTES = 4
BYTES_OF_IDS = 32
"""Copies of inputs and targets as int64: as they are drawn and as they are laid out."""
MOST_LAYERS = 1000
COPIES = 6
"""Weights, gradients, two optimiser moments, and two copies while a checkpoint is written."""
MOST_MATRICES = 64
"""More weights of the layer's width than a cell has: such a model fits, and is not counted."""
BYTES_A_LAYER = 20_000
"""Bytes that Python needs for a layer, besides its numbers."""


def check_experiment_fits(experiment: Experiment, task: Task, number_size: int) -> None:
    """Refuse a model or batches that do not fit in memory.

    Args:
        experiment: the requested experiment; on devices other than the CPU nothing is known.
        task: its task.
        number_size: the bytes of a number.

    Raises:
        UsageError: naming the part that would take too much.
    """
    if experiment.layers > MOST_LAYERS:
        raise UsageError(
            f"{experiment.layers:,} layers are too many: choose {MOST_LAYERS:,} at most"
        )
    if torch.device(experiment.device).type != "cpu":
        return
    embedded = experiment.embedding_size or experiment.hidden_size
    widest = embedded * max(1, task.input_size) + experiment.hidden_size * task.targets.size
    check_model_fits(widest, number_size)  # before torch must handle sizes that it cannot express
    numbers = (embedded + experiment.layers * experiment.hidden_size) * number_size
    each = 1 + experiment.ponder
    check_fits(experiment.batch_size, experiment.length_range.last * each, numbers)
    if experiment.training_inputs is not None:
        check_fits(experiment.training_inputs, experiment.length_range.last * each, 0)
    for length in experiment.lengths_scored(task):
        check_fits(1, length * each, numbers)
    square = (embedded + experiment.hidden_size) ** 2
    if COPIES * number_size * experiment.layers * MOST_MATRICES * square > memory_there():
        check_model_fits(_parameters(experiment, task), number_size, experiment.layers)


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


def check_model_fits(parameters: int, number_size: int, layers: int = 1) -> None:
    """Refuse a model whose training would take more memory than there is.

    Raises:
        UsageError: saying how much memory it would take.
    """
    needed = COPIES * parameters * number_size + layers * BYTES_A_LAYER
    there = memory_there()
    if needed > there:
        raise UsageError(
            f"a model of at least {parameters:,} parameters would take more than "
            f"{as_gibibytes(needed)} GiB of memory, and {as_gibibytes(there)} are available: "
            "choose a smaller hidden size, embedding size, number of layers or task"
        )


def _parameters(experiment: Experiment, task: Task) -> int:
    """Return how many numbers the model has, from one and two layers without memory; 0 if unknown.

    A user's cell may need real tensors to be made. A failure here is reported when it is made.
    """
    try:
        one, two = (_without_memory(experiment, task, layers) for layers in (1, 2))
    except Exception:
        return 0
    return one + (experiment.layers - 1) * (two - one)


def _without_memory(experiment: Experiment, task: Task, layers: int) -> int:
    with torch.device("meta"):
        model: nn.Module = build_model(
            task,
            experiment.cell,
            experiment.readout,
            hidden_size=experiment.hidden_size,
            embedding_size=experiment.embedding_size,
            layers=layers,
            seed=None,
            embedding=experiment.embedding,
        )
    return sum(parameter.numel() for parameter in model.parameters())
