"""A run that this process trains: with its trainer, its directory, its observers and its end."""

from collections.abc import Callable
from dataclasses import dataclass

from seqtasks.errors import RunInterruptedError, UsageError
from seqtasks.files.atomic import appending, sync, writing
from seqtasks.files.critical_section import saving
from seqtasks.runs.checkpoint import Checkpoint, write_checkpoint
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.observers import Observers
from seqtasks.runs.training_run import Run
from seqtasks.training import Trainer

__all__ = ["ActiveRun", "Stop", "checked_stop", "never"]

Stop = Callable[[], int]
"""Returns the number of a signal that requests the end of a run, or 0."""


def never() -> int:
    """Request no end."""
    return 0


def checked_stop(stop: Stop | None) -> Stop:
    """Return the function that is asked whether to end a run; None stands for none.

    Raises:
        UsageError: if it is no function.
    """
    if stop is None:
        return never
    if not callable(stop):
        raise UsageError(f"stop must be a function without arguments, got {stop!r:.60}")
    return stop


@dataclass(frozen=True)
class ActiveRun:
    """A run with everything that trains, keeps, observes and ends it.

    Attributes:
        run: the run, as observers see it.
        trainer: its trainer, at the run's step.
        directory: its directory, or None for a run in memory alone.
        observers: the observers who are told of it.
        stop: a function that is asked whether to end the run early.
    """

    run: Run
    trainer: Trainer
    directory: RunDirectory | None
    observers: Observers
    stop: Stop

    def save(self) -> None:
        """Write a checkpoint; a run in memory has none."""
        if self.directory is None:
            return
        log = self.directory.metrics
        with saving():
            with writing(log), appending(log) as metrics:
                sync(metrics.fileno(), log)  # the checkpoint counts its lines
            checkpoint = Checkpoint(self.trainer.state(), self.run.progress())
            write_checkpoint(self.directory.checkpoint, checkpoint)

    def check_stop(self) -> None:
        """End the run with a checkpoint, if `stop` requests it.

        Raises:
            RunInterruptedError: after the checkpoint.
        """
        if signal_number := self.stop():
            self.save()
            raise self.interruption(signal_number)

    def interruption(self, signal_number: int) -> RunInterruptedError:
        """Return the error that ends the run after a signal and a checkpoint."""
        run = self.run
        saved = "" if run.path is None else "; a checkpoint is saved"
        text = f"stopped at step {run.step} of {run.experiment.steps}{saved}"
        return RunInterruptedError(text, signal_number, run.path)
