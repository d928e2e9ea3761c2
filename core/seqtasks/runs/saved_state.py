"""Read the checkpoint and the weights of a run, after checking that they belong to it."""

import os
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from seqtasks.errors import UsageError
from seqtasks.experiments.schemas import PROGRESS
from seqtasks.files.validation import checked
from seqtasks.runs.checkpoint import read_checkpoint, read_weights
from seqtasks.runs.header import WEIGHTS_OF
from seqtasks.runs.run_on_disk import RunOnDisk
from seqtasks.training import load_state, state_tensors

__all__ = [
    "fill",
    "finished_weights",
    "model_tensors",
    "most_bytes",
    "read_own_checkpoint",
    "unfit",
]

_STATES = 16
"""A checkpoint has weights and at most four numbers for each, none over 4 times as wide."""

_OTHER = 2**26
"""Bytes for headers, random states and similar data."""


def read_own_checkpoint(disk: RunOnDisk, most: int) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors and the progress of a checkpoint that belongs to the run."""
    path, asked = disk.directory.checkpoint, disk.record["experiment"]["steps"]
    checkpoint = read_checkpoint(path, most)
    progress = checked(checkpoint.progress, PROGRESS, path)
    disk.check_decided_by(progress, path)
    if progress["step"] > asked:
        raise UsageError(
            f"{path} is of step {progress['step']}, and {disk.directory.experiment} asks for "
            f"{asked} alone; put back the one that was changed"
        )
    return checkpoint.tensors, progress


def finished_weights(disk: RunOnDisk, step: int, most: int) -> dict[str, Tensor]:
    """Return the weights of a finished run, from its last checkpoint if the file is missing."""
    directory = disk.directory
    if not os.path.lexists(directory.weights) and os.path.lexists(directory.checkpoint):
        tensors, progress = read_own_checkpoint(disk, most)
        if progress["step"] == step:
            return model_tensors(tensors)
    weights, about = read_weights(directory.weights, most)
    disk.check_decided_by(about, directory.weights)
    if about.get(WEIGHTS_OF, step) != step:
        raise UsageError(
            f"{directory.weights} is of step {about[WEIGHTS_OF]}, {directory.result} of step "
            f"{step}; put back the one that was changed"
        )
    return weights


def most_bytes(model: nn.Module) -> int:
    """Return how large a file with a model's state, its optimiser's and a little more may be."""
    tensors = state_tensors(model).values()
    return _STATES * sum(tensor.numel() * tensor.element_size() for tensor in tensors) + _OTHER


def model_tensors(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint that belong to the model."""
    return {
        key.removeprefix("model."): value
        for key, value in tensors.items()
        if key.startswith("model.")
    }


def fill(model: nn.Module, weights: dict[str, Any], path: Path) -> None:
    """Put weights into a model.

    Raises:
        UsageError: naming the file that they come from, if they do not fit the model.
    """
    try:
        load_state(model, weights)
    except (RuntimeError, TypeError, ValueError) as error:
        raise unfit(path, error) from error


def unfit(path: Path, error: Exception) -> UsageError:
    """Return the error for a file whose tensors do not fit the model of its experiment."""
    text = " ".join(str(error).split())
    return UsageError(f"{path} does not fit the model of its experiment: {text[:200]}")
