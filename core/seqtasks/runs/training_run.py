"""A run in progress, its training loop, and its result."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from seqtasks.errors import DivergedError, RunError, RunInterruptedError, SeqtasksError, explain
from seqtasks.experiments.experiment import Experiment
from seqtasks.models.model import Model
from seqtasks.runs.observers import Observers
from seqtasks.scoring.baselines import Baseline
from seqtasks.scoring.evaluate import Score, evaluate_at
from seqtasks.scoring.over_range import RangeScore
from seqtasks.tasks import Task
from seqtasks.tasks.cadence import seconds_between
from seqtasks.tasks.holdout import Holdout
from seqtasks.tasks.mistakes import failed
from seqtasks.training import Trainer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["OBSERVER_STOPPED", "Result", "Run", "interruption", "parameter_count", "train"]


OBSERVER_STOPPED = "observer: "
"""The prefix of an observer's text when it ended a run."""


@dataclass(repr=False)
class Run:
    """A run in progress, as observers see it.

    Attributes:
        experiment: the requested experiment.
        task: its task.
        model: the model in training.
        path: its directory, or None for a run in memory.
        step: training steps made so far.
        history: lines of the log: `step` with `loss` (the mean since the last such line), or with
            `validation` scores; the first holds the scores of the untrained model.
        holdout: the inputs that are not trained on, if some are held out.
        started_at_step: the step this process began with, above 0 for a resumed run.
        stopped: why training ended: `solved`, `steps`, `observer: ` and its text, or None while the
            run continues.
        decided_by: the settings that decide the numbers of a run on disk, for its checkpoints.
    """

    experiment: Experiment
    task: Task
    model: nn.Module
    path: Path | None = None
    step: int = 0
    history: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    holdout: Holdout | None = None
    started_at_step: int = 0
    stopped: str | None = None
    seconds: float = 0.0
    pending_losses: list[float] = field(default_factory=list[float])
    evaluations_solved: int = 0
    decided_by: dict[str, Any] = field(default_factory=dict[str, Any])

    def __repr__(self) -> str:
        """Return the run's name and progress on one line."""
        limit = self.experiment.steps
        return f"<Run of {self.experiment.run_name}: step {self.step} of at most {limit}>"

    def progress(self) -> dict[str, Any]:
        """Return the data, besides the trainer's tensors, that later lines of the run depend on."""
        return {
            "step": self.step,
            "lines": len(self.history),
            "stopped": self.stopped,
            "seconds": self.seconds,
            "pending_losses": self.pending_losses,
            "evaluations_solved": self.evaluations_solved,
            "decided_by": self.decided_by,
        }


@dataclass(repr=False)
class Result:
    """The result of a run.

    Attributes:
        experiment: the requested experiment.
        task: its task.
        model: the trained module, in evaluation mode.
        path: the run's directory, or None for a run in memory.
        step: training steps made.
        stopped: why training ended: `solved`, `steps`, or `observer: ` and its text; None for a run
            that has not ended.
        seconds: the time of the training.
        parameters: the number of trained numbers.
        scores: the scores at each evaluation length.
        untrained: the scores of the model before training.
        history: the log; see `Run.history`.
        score: the mean score over the experiment's range of lengths, if it has one.
        without_learning: the best strategy without learning, by length or range; see
            `seqtasks.baselines`.
    """

    experiment: Experiment
    task: Task
    model: nn.Module
    path: Path | None
    step: int
    stopped: str | None
    seconds: float
    parameters: int
    scores: list[Score]
    untrained: list[Score]
    history: list[dict[str, Any]]
    score: RangeScore | None = None
    without_learning: dict[str, Baseline] = field(default_factory=dict[str, Baseline])

    def __repr__(self) -> str:
        """Return the run's name and scores on one line."""
        first = self.task.metrics[0].name
        scores = ", ".join(f"{one.length}: {one.metrics[first]:.4g}" for one in self.scores)
        end = self.stopped or "unfinished"
        return (
            f"<Result of {self.experiment.run_name}, seed {self.experiment.seed}: {end} at step "
            f"{self.step}, {self.parameters} parameters, {first} at {scores or 'no length yet'}>"
        )

    @property
    def holdout(self) -> Holdout | None:
        """The inputs that were not trained on, if any were held out."""
        return self.experiment.make_holdout(self.task)

    @property
    def solved(self) -> bool:
        """Whether the trained model makes no errors at the longest trained length."""
        longest = self.experiment.length_range.last
        at_trained = self.metrics.get(longest)
        if at_trained is None:
            validated = [line["validation"] for line in self.history if "validation" in line]
            at_trained = validated[-1] if validated else {}
        return self.stopped == "solved" or (bool(at_trained) and _solves(self.task, at_trained))

    @property
    def metrics(self) -> dict[int, dict[str, float]]:
        """Each evaluation length's scores by name: `result.metrics[10]["token_accuracy"]`."""
        return {score.length: score.metrics for score in self.scores}

    def published(self) -> list[dict[str, Any]]:
        """Return each published figure with the measured figure, or None if it was not measured."""
        return [
            {**vars(figure), "measured": self._measured(figure.metric, figure.length, figure.step)}
            for figure in self.experiment.published
        ]

    def plot(self) -> "Figure":
        """Return a figure of loss and accuracy over steps beside accuracy over length."""
        from seqtasks.runs.plots import result_figure

        return result_figure(self)

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain data, without the history."""
        task, cell, readout = (
            self.experiment.to_json()[0][key] for key in ("task", "cell", "readout")
        )
        return {
            "path": None if self.path is None else str(self.path),
            "task": task,
            "cell": cell if isinstance(self.model, Model) else None,
            "readout": readout if isinstance(self.model, Model) else None,
            "model": type(self.model).__name__,
            "seed": self.experiment.seed,
            "step": self.step,
            "step_limit": self.experiment.steps,
            "lines": len(self.history),
            "stopped": self.stopped,
            "seconds": self.seconds,
            "parameters": self.parameters,
            "scores": [score.to_json() for score in self.scores],
            "score": None if self.score is None else self.score.to_json(),
            "without_learning": {
                length: baseline.to_json() for length, baseline in self.without_learning.items()
            },
            "untrained": [score.to_json() for score in self.untrained],
            "published": self.published(),
        }

    def _measured(self, metric: str, length: int | str, step: int | None) -> float | None:
        if isinstance(length, str):
            over = self.score
            return over.metrics.get(metric) if over and over.lengths == length else None
        if step is None:
            return self.metrics.get(length, {}).get(metric)
        if self.experiment.length_range.last != length:
            return None
        for line in self.history:
            if line["step"] == step and "validation" in line:
                return line["validation"].get(metric)
        return None


def train(
    run: Run,
    trainer: Trainer,
    observers: Observers,
    save: Callable[[], None],
    stop: Callable[[], int] = lambda: 0,
) -> None:
    """Train until the steps are made or the task is solved.

    Args:
        run: the run, which is brought up to date.
        trainer: its trainer, at the run's step.
        observers: the observers of the run.
        save: a function that writes a checkpoint.
        stop: returns the number of a signal that requests an end, or 0.

    Raises:
        DivergedError: at the first loss that is not finite.
        RunInterruptedError: after a checkpoint, if `stop` requested the end.
    """
    experiment = run.experiment
    saves = _Saves(run, trainer, save)
    if _stopped_by(observers, run):
        saves.save()
    while run.stopped is None:
        losses = _stretch(run, trainer, saves, stop)
        _take_in(run, losses, observers)
        if run.step % experiment.evaluate_every == 0:
            _validate(run, observers)
        if run.step >= experiment.steps and run.stopped is None:
            run.stopped = "steps"
        _stopped_by(observers, run)
        signal_number = stop()
        if run.stopped or signal_number or saves.due():
            saves.save()
        if signal_number and not run.stopped:
            raise interruption(run, signal_number)


def _stopped_by(observers: Observers, run: Run) -> bool:
    """End a run if an observer requested it, and say whether one did."""
    if observers.stop_reason is None or run.stopped is not None:
        return False
    run.stopped = OBSERVER_STOPPED + observers.stop_reason
    return True


class _Saves:
    """Writes checkpoints and knows when the next one is due."""

    def __init__(self, run: Run, trainer: Trainer, save: Callable[[], None]) -> None:
        self._run, self._trainer, self._save = run, trainer, save
        self._seconds = seconds_between(run.experiment.checkpoint_every)
        self._saved_at, self._saved_when = run.step, time.monotonic()

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
        if not self._trainer.is_finite():
            raise self.diverged("a weight", math.nan)
        self._save()
        self._saved_at, self._saved_when = self._run.step, time.monotonic()

    def diverged(self, what: str, value: float) -> DivergedError:
        """Return the error for a number that is not finite; it names the last checkpoint."""
        return DivergedError(_divergence(self._run, what, value, self._run.step, self._saved_at))


def _stretch(run: Run, trainer: Trainer, saves: _Saves, stop: Callable[[], int]) -> list[float]:
    """Train up to the next step at which something is due, and return the losses.

    If a checkpoint is due by the clock on the way, it is written between two steps. Nothing else
    changes: observers see one stretch.

    Raises:
        DivergedError: at the first loss that is not finite.
    """
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
    solved = _solves(run.task, score.metrics)
    run.evaluations_solved = run.evaluations_solved + 1 if solved else 0
    run.history.append({"step": run.step, "validation": score.metrics, "seconds": run.seconds})
    if 0 < experiment.solved_after <= run.evaluations_solved:
        run.stopped = "solved"
    observers.tell("run_evaluated", run=run, step=run.step, metrics=score.metrics)


def _solves(task: Task, metrics: dict[str, float]) -> bool:
    """Ask a task whether scores leave nothing to learn.

    Raises:
        TaskError: if the task fails to answer.
    """
    try:
        return bool(task.is_solved(metrics))
    except Exception as error:
        raise failed(task, "is_solved", error) from error


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


def interruption(run: Run, signal_number: int) -> RunInterruptedError:
    """Return the error that ends a run after a signal and a checkpoint."""
    saved = "" if run.path is None else "; a checkpoint is saved"
    text = f"stopped at step {run.step} of {run.experiment.steps}{saved}"
    return RunInterruptedError(text, signal_number, run.path)


def parameter_count(model: nn.Module) -> int:
    """Return the number of trained numbers of a model."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
