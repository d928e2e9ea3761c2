"""Load a run on disk, finished or not, as a result."""

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from torch import nn

from seqtasks.errors import UsageError
from seqtasks.models.caller_settings import own_settings
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.header import read_progress
from seqtasks.runs.model_and_batches import draw_by_place, experiment_model
from seqtasks.runs.record_changes import check_things
from seqtasks.runs.run_on_disk import read_run
from seqtasks.runs.run_record import BY_PLACE
from seqtasks.runs.saved_state import (
    fill,
    finished_weights,
    model_tensors,
    most_bytes,
    read_own_checkpoint,
)
from seqtasks.runs.training_run import Result, parameter_count
from seqtasks.scoring.baselines import Baseline
from seqtasks.scoring.evaluate import Score
from seqtasks.scoring.over_range import RangeScore

__all__ = ["load"]

logger = logging.getLogger("seqtasks")


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
    disk = read_run(directory, own, model, trust)
    done = disk.finished_result()
    weights_kept = done is not None and os.path.lexists(directory.weights)
    disk.check_record(directory.weights if weights_kept else directory.checkpoint)
    check_things(disk)
    experiment = disk.experiment
    task = experiment.make_task()
    if model is None:
        model = experiment_model(experiment, task)
    most = most_bytes(model)
    if done is not None:
        weights, file = finished_weights(disk, done["step"], most), directory.weights
        progress = {"step": done["step"], "stopped": done["stopped"], "seconds": done["seconds"]}
    elif os.path.lexists(directory.checkpoint):
        tensors, progress = read_own_checkpoint(disk, most)
        weights, file = model_tensors(tensors), directory.checkpoint
    else:
        raise UsageError(
            f"{directory.path} has no weights yet: it was stopped before its first checkpoint"
        )
    fill(model, weights, file)
    if disk.record.get("draws") == BY_PLACE:
        draw_by_place(model)
    history = _whole_history(directory, done, progress)
    score = (done or {}).get("score")
    return Result(
        experiment=experiment,
        task=task,
        model=model.eval(),
        path=directory.path,
        step=progress["step"],
        stopped=progress["stopped"],
        seconds=progress["seconds"],
        parameters=parameter_count(model),
        scores=[Score.from_json(score) for score in (done or {}).get("scores", ())],
        untrained=[Score.from_json(score) for score in (done or {}).get("untrained", ())],
        history=history,
        score=None if score is None else RangeScore.from_json(score),
        without_learning={
            length: Baseline(found["strategy"], found["metrics"], found["error"])
            for length, found in (done or {}).get("without_learning", {}).items()
        },
        finished=done is not None,
    )


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
