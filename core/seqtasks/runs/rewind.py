"""Bring a run and its trainer to the last checkpoint, and the log with them."""

import logging
import os
from itertools import islice
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import Experiment
from seqtasks.files.atomic import write_atomically
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.run_on_disk import RunOnDisk
from seqtasks.runs.saved_state import most_bytes, read_own_checkpoint, unfit
from seqtasks.runs.training_run import OBSERVER_STOPPED, Run
from seqtasks.training import Trainer

__all__ = ["rewind_run"]

logger = logging.getLogger("seqtasks")


def rewind_run(run: Run, trainer: Trainer, disk: RunOnDisk) -> None:
    """Restore a run's last checkpoint, and drop later lines of the log.

    Raises:
        UsageError: if the checkpoint is missing, if it or the log is damaged, or if it belongs to
            another record or model.
    """
    directory = disk.directory
    kept: list[bytes] = []
    if os.path.lexists(directory.checkpoint):
        tensors, progress = read_own_checkpoint(disk, most_bytes(run.model))
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
            raise unfit(directory.checkpoint, error) from error
        run.step, run.seconds = progress["step"], progress["seconds"]
        run.stopped = _still_stopped(progress, run.experiment)
        run.pending_losses = progress["pending_losses"]
        run.evaluations_solved = progress["evaluations_solved"]
        run.history = directory.history()[: len(kept)]
    else:
        _check_young(directory, run.experiment)
    if os.path.lexists(directory.metrics):
        write_atomically(directory.metrics, b"".join(kept))


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
