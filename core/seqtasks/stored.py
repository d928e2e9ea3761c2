"""Read a run back: its experiment, its progress, its weights."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from torch import nn

from seqtasks import __version__
from seqtasks.errors import UsageError
from seqtasks.evaluation import Score
from seqtasks.experiment import THINGS, Experiment, restore_things
from seqtasks.preparing import experiment_model
from seqtasks.range_score import RangeScore
from seqtasks.running import Result, Run, parameter_count
from seqtasks.runs.checkpoint import read_checkpoint, read_weights
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.files import write_atomically
from seqtasks.settings import EngineName
from seqtasks.training import Trainer

__all__ = ["check_engine", "finished_result", "load", "recorded_experiment", "restore_run"]


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


def recorded_experiment(
    directory: RunDirectory, record: dict[str, Any], own: dict[str, Any], model: Any
) -> Experiment:
    """Return the experiment of a run, with what the caller brings of their own put in its place.

    Raises:
        UsageError: if something made in a program is needed and not brought, or a source changed.
    """
    if unknown := set(own) - set(THINGS):
        raise UsageError(f"unknown argument {unknown.pop()}; known: {', '.join(THINGS)}, model")
    if record.get("own_model") and model is None:
        raise UsageError(
            f"{directory.path} trained a module of its own ({record['own_model']}), made in a "
            "Python program; open it there with "
            "seqtasks.load(run, model=...) or seqtasks.resume(run, model=...)"
        )
    asked = {**record["experiment"], **own}
    if missing := [field.name for field in fields(Experiment) if field.name not in asked]:
        raise UsageError(f"{directory.experiment} is damaged: it lacks {', '.join(missing)}")
    sources = {k: v for k, v in record.get("sources", {}).items() if k not in own}
    things = {kind: asked[kind] for kind in THINGS if kind in asked and kind not in own}
    data = {
        **asked,
        **restore_things({"experiment": things, "sources": sources}, directory.experiment),
    }
    return Experiment.from_json(data, str(directory.experiment))


def check_engine(directory: RunDirectory, record: dict[str, Any]) -> EngineName:
    """Return the engine a run was trained by.

    Raises:
        UsageError: if it is one that is not here.
    """
    engine = record.get("engine")
    if engine not in ("plain", "torch", "native"):
        raise UsageError(
            f"{directory.path} was trained with the engine '{engine}', "
            f"which seqtasks {__version__} does not have"
        )
    return engine


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
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise _unfit(path, error) from error


def _unfit(path: Path, error: Exception) -> UsageError:
    text = " ".join(str(error).split())
    return UsageError(f"{path} does not fit the model of its experiment: {text[:200]}")
