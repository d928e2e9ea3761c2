"""The training loop: stretches of steps, with the log, evaluations and checkpoints between them."""

import math
import time

from seqtasks.errors import DivergedError, RunError, SeqtasksError, explain
from seqtasks.experiments.experiment import Experiment
from seqtasks.runs.active_run import ActiveRun
from seqtasks.runs.observers import Observers
from seqtasks.runs.training_run import OBSERVER_STOPPED, Run, solves
from seqtasks.scoring.evaluate import evaluate_at
from seqtasks.tasks.cadence import seconds_between

__all__ = ["train"]


def train(active: ActiveRun) -> None:
    """Train until the steps are made or the task is solved, and bring the run up to date.

    Raises:
        DivergedError: at the first loss that is not finite.
        RunInterruptedError: after a checkpoint, if `stop` requested the end.
    """
    run, observers = active.run, active.observers
    experiment = run.experiment
    saves = _Saves(active)
    if _stopped_by(observers, run):
        saves.save()
    while run.stopped is None:
        losses = _stretch(active, saves)
        _take_in(run, losses, observers)
        if run.step % experiment.evaluate_every == 0:
            _validate(run, observers)
        if run.step >= experiment.steps and run.stopped is None:
            run.stopped = "steps"
        _stopped_by(observers, run)
        signal_number = active.stop()
        if run.stopped or signal_number or saves.due():
            saves.save()
        if signal_number and not run.stopped:
            raise active.interruption(signal_number)


def _stopped_by(observers: Observers, run: Run) -> bool:
    """End a run if an observer requested it, and say whether one did."""
    if observers.stop_reason is None or run.stopped is not None:
        return False
    run.stopped = OBSERVER_STOPPED + observers.stop_reason
    return True


class _Saves:
    """Writes checkpoints and knows when the next one is due."""

    def __init__(self, active: ActiveRun) -> None:
        self._active, self._run = active, active.run
        self._seconds = seconds_between(active.run.experiment.checkpoint_every)
        self._saved_at, self._saved_when = active.run.step, time.monotonic()

    def due(self) -> bool:
        """Say whether a checkpoint is due by the step or the clock."""
        every = self._run.experiment.checkpoint_every
        return self.due_by_clock() or (isinstance(every, int) and self._run.step % every == 0)

    def due_by_clock(self) -> bool:
        """Say whether a checkpoint is due by the clock."""
        return time.monotonic() - self._saved_when >= self._seconds

    def save(self) -> None:
        """Write a checkpoint if every weight is finite.

        Raises:
            DivergedError: if a weight is not finite.
        """
        if not self._active.trainer.is_finite():
            raise self.diverged("a weight", math.nan)
        self._active.save()
        self._saved_at, self._saved_when = self._run.step, time.monotonic()

    def diverged(self, what: str, value: float) -> DivergedError:
        """Return the error for a number that is not finite; it names the last checkpoint."""
        return DivergedError(_divergence(self._run, what, value, self._run.step, self._saved_at))


def _stretch(active: ActiveRun, saves: _Saves) -> list[float]:
    """Train up to the next step at which something is due, and return the losses.

    If a checkpoint is due by the clock on the way, it is written between two steps. Nothing else
    changes: observers see one stretch.

    Raises:
        DivergedError: at the first loss that is not finite.
    """
    run, trainer, stop = active.run, active.trainer, active.stop
    steps = _steps_ahead(run.experiment, run.step)
    losses: list[float] = []
    while len(losses) < steps:
        began = time.perf_counter()
        try:
            some = trainer.advance(
                steps - len(losses), lambda: bool(stop()) or saves.due_by_clock()
            )
        except SeqtasksError:
            raise
        except Exception as error:
            raise RunError(
                f"the training failed after step {trainer.step}: {explain(error)}"
            ) from error
        run.seconds += time.perf_counter() - began
        run.step += len(some)
        if not math.isfinite(some[-1]):
            raise saves.diverged("the loss", some[-1])
        losses += some
        run.pending_losses += some
        if stop():
            break
        if len(losses) < steps:
            saves.save()
    return losses


def _steps_ahead(experiment: Experiment, step: int) -> int:
    """Return the number of steps to the next one at which something is due."""
    marks = [experiment.log_every, experiment.evaluate_every]
    if isinstance(experiment.checkpoint_every, int):
        marks.append(experiment.checkpoint_every)
    return min(experiment.steps - step, *(every - step % every for every in marks))


def _take_in(run: Run, losses: list[float], observers: Observers) -> None:
    if run.step % run.experiment.log_every == 0:
        mean = math.fsum(run.pending_losses) / len(run.pending_losses)
        run.history.append({"step": run.step, "loss": mean, "seconds": run.seconds})
        run.pending_losses.clear()
    observers.tell("run_advanced", run=run, steps=len(losses), losses=losses)


def _validate(run: Run, observers: Observers) -> None:
    experiment = run.experiment
    began = time.perf_counter()
    lengths = run.task.lengths.within(experiment.length_range)
    score = evaluate_at(
        run.model,
        run.task,
        lengths[-1],
        experiment.validation_sequences,
        experiment.seed,
        purpose="validation",
        holdout=run.holdout,
    )
    run.seconds += time.perf_counter() - began
    solved = solves(run.task, score.metrics)
    run.evaluations_solved = run.evaluations_solved + 1 if solved else 0
    run.history.append({"step": run.step, "validation": score.metrics, "seconds": run.seconds})
    if 0 < experiment.solved_after <= run.evaluations_solved:
        run.stopped = "solved"
    observers.tell("run_evaluated", run=run, step=run.step, metrics=score.metrics)


def _divergence(run: Run, what: str, value: float, step: int, saved_at: int) -> str:
    kept = "there is no checkpoint before it"
    if run.path is not None and saved_at > 0:
        kept = f"the last good checkpoint, of step {saved_at}, is in {run.path}"
    experiment = run.experiment
    clip = "a smaller --clip" if experiment.clip else "--clip 1"
    return (
        f"{what} became {value} at step {step}; {kept}.\n"
        f"Try a smaller learning rate (--lr {experiment.learning_rate / 10:g}) or {clip}."
    )
