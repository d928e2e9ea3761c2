"""Load a run: its progress, its weights, its result."""

import logging
import os
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.experiments.schemas import PROGRESS
from seqtasks.files.atomic import write_atomically
from seqtasks.files.validation import checked
from seqtasks.models.caller_settings import own_settings
from seqtasks.runs.belonging import check_decided_by
from seqtasks.runs.checkpoint import read_checkpoint, read_weights
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.header import WEIGHTS, WEIGHTS_OF, read_about, read_progress
from seqtasks.runs.prepare import experiment_model
from seqtasks.runs.run_record import check_things, recorded_experiment
from seqtasks.runs.training_run import (
    OBSERVER_STOPPED,
    Result,
    Run,
    parameter_count,
)
from seqtasks.scoring.baselines import Baseline
from seqtasks.scoring.evaluate import Score
from seqtasks.scoring.over_range import RangeScore
from seqtasks.training import Trainer, load_state, state_tensors

__all__ = ["check_record", "finished_result", "load", "restore_run"]

logger = logging.getLogger("seqtasks")

_STATES = 16
"""A checkpoint has weights and at most four numbers for each, none over 4 times as wide."""

_OTHER = 2**26
"""Bytes for headers, random states and similar data."""


@own_settings()
def load(
    path: str | Path, *, model: nn.Module | None = None, trust: bool = False, **own: Any
) -> Result:
    """Return a run on disk, finished or not, with its model in evaluation mode.

    Args:
        path: the run's directory.
        model: the module to fill, for a run that trained a user's module.
        trust: whether to execute code that came with the run; this is remembered. Code that you ran
            or allowed before, even in another run, is trusted already.
        own: `task=`, `cell=` or `readout=`, for a run that used a class made in a program.

    Returns:
        The result. For an unfinished run, the weights come from the last checkpoint, and there
        are no scores.

    Raises:
        UsageError: if the run does not exist, is damaged, has no weights yet, or brings code that
            is not trusted.
    """
    directory = RunDirectory.open(path)
    record = directory.record()
    experiment = recorded_experiment(directory, record, own, model, trust)
    done = finished_result(directory, experiment)
    weights_kept = done is not None and os.path.lexists(directory.weights)
    check_record(directory, record, directory.weights if weights_kept else directory.checkpoint)
    check_things(directory, record, experiment, own, model=model)
    task = experiment.make_task()
    if model is None:
        model = experiment_model(experiment, task)
    most = _most_bytes(model)
    if done is not None:
        weights, file = _finished_weights(directory, record, done["step"], most), directory.weights
        progress = {"step": done["step"], "stopped": done["stopped"], "seconds": done["seconds"]}
    elif os.path.lexists(directory.checkpoint):
        tensors, progress = _checkpoint(directory, record, most)
        weights, file = _of_the_model(tensors), directory.checkpoint
    else:
        raise UsageError(
            f"{directory.path} has no weights yet: it was stopped before its first checkpoint"
        )
    _fill(model, weights, file)
    history = _whole_history(directory, done, progress)
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
        history,
        None if score is None else RangeScore.from_json(score),
        {
            length: Baseline(found["strategy"], found["metrics"], found["error"])
            for length, found in (done or {}).get("without_learning", {}).items()
        },
    )


def check_record(directory: RunDirectory, record: dict[str, Any], file: Path) -> None:
    """Refuse an edited record before anything is made from it: its sizes may be absurd.

    Args:
        directory: the run.
        record: its record.
        file: the checkpoint or the weights; reading them checks their digest.

    Raises:
        UsageError: naming what differs.
    """
    if os.path.lexists(file):
        about = checked(read_about(file) or {}, WEIGHTS, file)
        check_decided_by(about.get("decided_by", {}), record, directory.experiment, file)


def finished_result(directory: RunDirectory, experiment: Experiment) -> dict[str, Any] | None:
    """Return the content of `result.json`, or None if the run has not ended."""
    result = directory.read_result()
    return result if result and result["step_limit"] == experiment.steps else None


def _whole_history(
    directory: RunDirectory, done: dict[str, Any] | None, progress: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the log of a run, and warn if it is not complete."""
    history = directory.history()
    lines = _lines_written(directory, done, progress)
    if lines is not None:
        problem = directory.log_problem(len(history), lines, done is not None)
        if problem is not None:
            logger.warning("%s", problem)
    return history


def _lines_written(
    directory: RunDirectory, done: dict[str, Any] | None, progress: dict[str, Any]
) -> int | None:
    """Return how many lines the log of a run must have, or None if that is unknown.

    A result of an earlier seqtasks lacks the number; the last checkpoint, of the same step, has it.
    """
    if done is None or "lines" in done:
        return (done or progress)["lines"]
    with suppress(UsageError):
        if os.path.lexists(directory.checkpoint):
            saved = read_progress(directory.checkpoint)
            return saved["lines"] if saved["step"] == done["step"] else None
    return None


def restore_run(
    run: Run, trainer: Trainer, directory: RunDirectory, record: dict[str, Any]
) -> None:
    """Restore a run's last checkpoint, and drop later lines of the log.

    Raises:
        UsageError: if the checkpoint is missing, if it or the log is damaged, or if it belongs to
            another record or model.
    """
    kept: list[bytes] = []
    most = _most_bytes(run.model)
    if os.path.lexists(directory.checkpoint):
        tensors, progress = _checkpoint(directory, record, most)
        if "decided_by" not in progress:
            logger.warning(
                "%s comes from an earlier seqtasks and lacks the deciding settings; "
                "experiment.json is trusted to be unchanged",
                directory.checkpoint,
            )
        kept = _kept_lines(directory, progress)
        try:
            trainer.restore(tensors, progress["step"])
        except (RuntimeError, LookupError, TypeError, ValueError) as error:
            raise _unfit(directory.checkpoint, error) from error
        run.step, run.seconds = progress["step"], progress["seconds"]
        run.stopped = _still_stopped(progress, run.experiment)
        run.pending_losses = progress["pending_losses"]
        run.evaluations_solved = progress["evaluations_solved"]
        run.history = directory.history()[: len(kept)]
    else:
        _check_young(directory, run.experiment)
    if os.path.lexists(directory.metrics):
        write_atomically(directory.metrics, b"".join(kept))


def _checkpoint(
    directory: RunDirectory, record: dict[str, Any], most: int
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors and the progress of a checkpoint that belongs to the run."""
    path = directory.checkpoint
    checkpoint = read_checkpoint(path, most)
    progress = checked(checkpoint.progress, PROGRESS, path)
    check_decided_by(progress.get("decided_by", {}), record, directory.experiment, path)
    if progress["step"] > record["experiment"]["steps"]:
        raise UsageError(
            f"{path} is of step {progress['step']}, and {directory.experiment} asks for "
            f"{record['experiment']['steps']} alone; put back the one that was changed"
        )
    return checkpoint.tensors, progress


def _finished_weights(
    directory: RunDirectory, record: dict[str, Any], step: int, most: int
) -> dict[str, Tensor]:
    """Return the weights of a finished run, from its last checkpoint if the file is missing."""
    if not os.path.lexists(directory.weights) and os.path.lexists(directory.checkpoint):
        tensors, progress = _checkpoint(directory, record, most)
        if progress["step"] == step:
            return _of_the_model(tensors)
    weights, about = read_weights(directory.weights, most)
    check_decided_by(about.get("decided_by", {}), record, directory.experiment, directory.weights)
    if about.get(WEIGHTS_OF, step) != step:
        raise UsageError(
            f"{directory.weights} is of step {about[WEIGHTS_OF]}, {directory.result} of step "
            f"{step}; put back the one that was changed"
        )
    return weights


def _most_bytes(model: nn.Module) -> int:
    """Return how large a file with a model's state, its optimiser's and a little more may be."""
    tensors = state_tensors(model).values()
    return _STATES * sum(tensor.numel() * tensor.element_size() for tensor in tensors) + _OTHER


def _of_the_model(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        key.removeprefix("model."): value
        for key, value in tensors.items()
        if key.startswith("model.")
    }


def _kept_lines(directory: RunDirectory, progress: dict[str, Any]) -> list[bytes]:
    """Return the lines of the log that a checkpoint counts, after checking them."""
    kept = list(islice(directory.log_lines(), progress["lines"]))
    if len(kept) < progress["lines"]:
        raise UsageError(
            f"{directory.metrics} lost lines that the checkpoint of step {progress['step']} "
            "counts on; restore it from a copy, or start the run again"
        )
    lines = directory.history()[: len(kept)]
    if not lines and not progress["step"]:  # it stopped while the untrained model was scored
        return []
    if not lines or "untrained" not in lines[0]:
        raise UsageError(
            f"{directory.metrics} is damaged at line 1: it lacks the scores before training"
        )
    steps = [line["step"] for line in lines]
    if steps != sorted(steps) or steps[-1] > progress["step"]:
        raise UsageError(
            f"{directory.metrics} is damaged: its steps do not lead up to the checkpoint's, "
            f"{progress['step']}"
        )
    return kept


def _still_stopped(progress: dict[str, Any], experiment: Experiment) -> str | None:
    """Return why a run ended, or None if more steps were requested since."""
    stopped = progress["stopped"]
    if stopped == "steps" and progress["step"] < experiment.steps:
        return None
    if stopped is not None and stopped.startswith(OBSERVER_STOPPED):
        return "steps" if progress["step"] >= experiment.steps else None
    return None if stopped == "solved" and not experiment.solved_after else stopped


def _check_young(directory: RunDirectory, experiment: Experiment) -> None:
    """Refuse to start over if a checkpoint must have existed, because results would be lost.

    Raises:
        UsageError: if the run is finished, or its log extends beyond the first checkpoint.
    """
    due = experiment.checkpoint_every
    finished = [path for path in (directory.result, directory.weights) if os.path.lexists(path)]
    # If the clock sets the interval, the first checkpoint may be late.
    late = isinstance(due, int) and any(line["step"] > due for line in directory.history())
    if finished or late:
        there = finished[0].name if finished else f"log beyond step {due}"
        raise UsageError(
            f"{directory.path} has a {there} but its checkpoint is gone, so it cannot go on; "
            "restore it from a copy, or start a new run with `seqtasks run`"
        )


def _fill(model: nn.Module, weights: dict[str, Any], path: Path) -> None:
    try:
        load_state(model, weights)
    except (RuntimeError, TypeError, ValueError) as error:
        raise _unfit(path, error) from error


def _unfit(path: Path, error: Exception) -> UsageError:
    text = " ".join(str(error).split())
    return UsageError(f"{path} does not fit the model of its experiment: {text[:200]}")
