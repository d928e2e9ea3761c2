"""A run in progress, as observers see it, and its result."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from seqtasks.display import card, measured, shortened
from seqtasks.errors import SeqtasksError
from seqtasks.experiments.experiment import Experiment
from seqtasks.models.model import Model
from seqtasks.scoring.baselines import Baseline
from seqtasks.scoring.evaluate import Score
from seqtasks.scoring.over_range import RangeScore
from seqtasks.tasks import Task
from seqtasks.tasks.holdout import Holdout
from seqtasks.tasks.mistakes import failed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["OBSERVER_STOPPED", "Result", "Run", "parameter_count", "solves"]

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
        finished: whether the run has ended and was scored; False for a run that was interrupted.
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
    finished: bool = True

    def __repr__(self) -> str:
        """Return the run's name and scores on one line."""
        first = self.task.metrics[0].name
        some = self.scores if len(self.scores) <= 5 else [*self.scores[:3], self.scores[-1]]
        scores = [f"{one.length}: {one.metrics[first]:.4g}" for one in some]
        if len(some) < len(self.scores):
            scores.insert(-1, "...")
        name, seed = shortened(self.experiment.run_name, 50), self.experiment.seed
        return (
            f"<Result of {name}, seed {seed}: {self._end()}, {self.parameters} parameters, "
            f"{shortened(first, 40)} at {', '.join(scores) or 'no length yet'}>"
        )

    def _repr_html_(self) -> str:
        from seqtasks.runs.plots import learning_figure, png

        rows = [
            (f"length {score.length}", measured(score.metrics, score.intervals))
            for score in self.scores
        ]
        if self.score is not None:
            mean = measured(self.score.metrics, self.score.intervals)
            rows.append((f"mean over {self.score.lengths}", mean))
        about = f"{self._end()}, {self.parameters} parameters, {self.seconds:.1f} s of training"
        where = "" if self.path is None else f", in {self.path}"
        title = f"Result of {self.experiment.run_name}, seed {self.experiment.seed}"
        return card(title, rows, about + where, png(learning_figure(self)))

    def _end(self) -> str:
        return f"{shortened(self.stopped or 'unfinished', 60)} at step {self.step}"

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
        return self.stopped == "solved" or (bool(at_trained) and solves(self.task, at_trained))

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

    def save(self, folder: str | Path) -> Path:
        """Write the result as a new run, which `seqtasks.load` and `seqtasks eval` read.

        A run in memory has no checkpoint, so `resume` cannot continue the new run.

        Args:
            folder: the folder in which to make the run's directory, as `out` of `seqtasks.run`.

        Returns:
            The directory. It becomes the `path` of a result that had none.

        Raises:
            UsageError: if the run has not ended, or the folder cannot be written.
        """
        from seqtasks.runs.saving import save_result

        path = save_result(self, folder)
        self.path = self.path or path
        return path

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
            "solved": self._solved_if_known(),
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

    def _solved_if_known(self) -> bool | None:
        """Return `solved`, or None if the task fails to say: the rest must not be lost for that."""
        try:
            return self.solved
        except SeqtasksError:
            return None

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


def solves(task: Task, metrics: dict[str, float]) -> bool:
    """Ask a task whether scores leave nothing to learn.

    Raises:
        TaskError: if the task fails to answer.
    """
    try:
        return bool(task.is_solved(metrics))
    except Exception as error:
        raise failed(task, "is_solved", error) from error


def parameter_count(model: nn.Module) -> int:
    """Return the number of trained numbers of a model."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
