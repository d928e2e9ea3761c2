"""Read a run back: its progress, its weights, its result."""

from pathlib import Path
from typing import Any

from torch import nn

from seqtasks.errors import UsageError
from seqtasks.evaluation import Score
from seqtasks.experiment import Experiment
from seqtasks.preparing import experiment_model
from seqtasks.range_score import RangeScore
from seqtasks.records import recorded_experiment
from seqtasks.running import Result, Run, parameter_count
from seqtasks.runs.checkpoint import read_checkpoint, read_weights
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.files import write_atomically
from seqtasks.training import Trainer, load_state

__all__ = ["finished_result", "load", "restore_run"]


def load(path: str | Path, *, model: nn.Module | None = None, **own: Any) -> Result:
    """Return a run on disk, finished or not, with its model in evaluation mode.

    Args:
        path: the run's directory.
        model: the module to fill, for a run that trained a module of one's own.
        own: `task=`, `cell=` or `readout=`, for a run that used a class made in a program.

    Returns:
        The result; of an unfinished run the weights are those of the last checkpoint, and there
        are no scores.

    Raises:
        UsageError: if there is no such run, it is damaged, or has no weights yet.
    """
    directory = RunDirectory.open(path)
    record = directory.record()
    experiment = recorded_experiment(directory, record, own, model)
    task = experiment.make_task()
    if model is None:
        model = experiment_model(experiment, task)
    done = finished_result(directory, experiment)
    if done is not None:
        weights = read_weights(directory.weights)
        progress = {"step": done["step"], "stopped": done["stopped"], "seconds": done["seconds"]}
    elif directory.checkpoint.exists():
        checkpoint = read_checkpoint(directory.checkpoint)
        progress = checkpoint.progress
        weights = {
            key.removeprefix("model."): value
            for key, value in checkpoint.tensors.items()
            if key.startswith("model.")
        }
    else:
        raise UsageError(
            f"{directory.path} has no weights yet: it was stopped before its first checkpoint"
        )
    _fill(model, weights, directory.weights if done else directory.checkpoint)
    score = (done or {}).get("score")
    return Result(
        experiment,
        task,
        model.eval(),
        directory.path,
        progress["step"],
        progress["stopped"],
        progress["seconds"],
        parameter_count(model),
        [Score.from_json(score) for score in (done or {}).get("scores", ())],
        [Score.from_json(score) for score in (done or {}).get("untrained", ())],
        directory.history(),
        None if score is None else RangeScore.from_json(score),
    )


def finished_result(directory: RunDirectory, experiment: Experiment) -> dict[str, Any] | None:
    """Return what `result.json` holds, or None if the run is not at its end."""
    result = directory.read_result()
    return result if result and result["step_limit"] == experiment.steps else None


def restore_run(run: Run, trainer: Trainer, directory: RunDirectory) -> None:
    """Bring a run to its last checkpoint; lines of the log past it are dropped.

    Raises:
        UsageError: if the checkpoint or the log is damaged, or fits another model.
    """
    lines: list[dict[str, Any]] = []
    if directory.checkpoint.exists():
        checkpoint = read_checkpoint(directory.checkpoint)
        progress = dict(checkpoint.progress)
        lines = directory.history()[: progress.pop("lines")]
        if len(lines) < checkpoint.progress["lines"]:
            raise UsageError(
                f"{directory.metrics} lost lines that the checkpoint of step {progress['step']} "
                "counts on; restore it from a copy, or start the run again"
            )
        try:
            trainer.restore(checkpoint.tensors, progress["step"])
        except (RuntimeError, KeyError, ValueError) as error:
            raise _unfit(directory.checkpoint, error) from error
        for name, value in progress.items():
            setattr(run, name, value)
        run.history = lines
    if directory.metrics.exists():
        kept = directory.metrics.read_bytes().splitlines(keepends=True)[: len(lines)]
        write_atomically(directory.metrics, b"".join(kept))


def _fill(model: nn.Module, weights: dict[str, Any], path: Path) -> None:
    try:
        load_state(model, weights)
    except (RuntimeError, ValueError) as error:
        raise _unfit(path, error) from error


def _unfit(path: Path, error: Exception) -> UsageError:
    text = " ".join(str(error).split())
    return UsageError(f"{path} does not fit the model of its experiment: {text[:200]}")
