"""Write the result of a run: at its end, or later for a run that was kept in memory."""

from pathlib import Path
from typing import Any

from torch import nn

from seqtasks.errors import UsageError
from seqtasks.files.atomic import write_json
from seqtasks.files.paths import as_path
from seqtasks.models.model import Model
from seqtasks.runs.belonging import decided_by
from seqtasks.runs.checkpoint import write_weights
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.model_and_batches import experiment_model
from seqtasks.runs.observers import MetricsLog
from seqtasks.runs.plots import save_plots
from seqtasks.runs.run_record import make_directory, remember_own_code
from seqtasks.runs.training_run import Result
from seqtasks.training import check_state, state_tensors

__all__ = ["save_result", "write_result"]


def save_result(result: Result, folder: str | Path) -> Path:
    """Write a result as a new run in a folder; see `Result.save`."""
    if result.stopped is None:
        raise UsageError(
            "the run of this result has not ended, so there is nothing to save yet; "
            f"go on with it first: seqtasks resume {result.path or 'RUN'}"
        )
    parent = as_path(folder, "the folder of the run")
    model, experiment = result.model, result.experiment
    own = None if _is_described(model, result) else type(model).__name__
    check_state(model)
    remember_own_code(experiment, own)
    engine = (model.engines.name if isinstance(model, Model) else None) or "plain"
    directory = make_directory(experiment, model, parent, own, engine)
    with directory.locked():
        MetricsLog(directory.metrics, 0).write(result)
        write_result(result, directory, decided_by(directory.record()))
    return directory.path


def write_result(result: Result, directory: RunDirectory, decided: dict[str, Any]) -> None:
    """Write the weights, the pictures and last the scores, which mark the run as finished."""
    write_weights(directory.weights, state_tensors(result.model), result.step, decided)
    save_plots(result, directory.path)
    write_json(directory.result, result.to_json())


def _is_described(model: nn.Module, result: Result) -> bool:
    """Say whether a model is the one that the experiment describes, and not a user's module."""
    if not isinstance(model, Model):
        return False
    described = experiment_model(result.experiment, result.task)
    return _parts(described) == _parts(model)


def _parts(model: nn.Module) -> list[Any]:
    """Return the class of each part of a model, and the shape of each tensor of its state."""
    shapes = [(name, tuple(tensor.shape)) for name, tensor in state_tensors(model).items()]
    return [[(name, type(part)) for name, part in model.named_modules()], shapes]
