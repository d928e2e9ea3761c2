"""The lines of one setting's runs, kept as columns: about half a kilobyte for each run."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqtasks.experiments.experiment import Experiment
from seqtasks.runs.training_run import solves
from seqtasks.studies.lines import REDONE, STATUSES, replaces
from seqtasks.studies.outcomes import Outcomes
from seqtasks.tasks import Task
from seqtasks.tasks.lengths import LengthRange

__all__ = ["ROW", "Collected", "OneRun", "solved_at"]

ROW = 3
"""Evaluations in a row that must be without errors where `solved_after` is 0."""


class OneRun(NamedTuple):
    """What is known of one run.

    Attributes:
        step: the training steps made.
        stopped: why it ended.
        seconds: the time of the run.
        history: its log, as a run's `history` has it.
    """

    step: int
    stopped: str | None
    seconds: float
    history: list[dict[str, Any]]


class Collected:
    """What became of the runs of one setting so far.

    Args:
        experiment: the setting's experiment.
        seeds: the seeds of its runs, in the order of their points.
    """

    def __init__(self, experiment: Experiment, seeds: Sequence[int]) -> None:
        self.experiment, self.task = experiment, experiment.make_task()
        evaluations = experiment.steps // experiment.evaluate_every
        metrics = [metric.name for metric in self.task.metrics]
        keys = [str(length) for length in experiment.evaluation_lengths or ()]
        keys += [] if experiment.score is None else [str(LengthRange.parse(experiment.score))]
        self._seeds = np.empty(0, dtype=np.int64)
        self._place: dict[int, int] = {}
        self._status = np.empty(0, dtype=np.int8)
        self._step = np.empty(0, dtype=np.int64)
        self._solved_at, self._seconds = np.empty(0), np.empty(0)
        self._stopped: list[str | None] = []
        self._problems: dict[int, str] = {}
        self._losses = np.empty((0, experiment.steps // experiment.log_every))
        self._validation = {name: np.empty((0, evaluations)) for name in metrics}
        self._scores = {key: {name: np.empty(0) for name in metrics} for key in keys}
        self.extend(seeds)

    def extend(self, seeds: Sequence[int]) -> None:
        """Make room for further seeds, which follow those that are there."""
        before, runs = len(self._seeds), len(seeds)
        self._seeds = np.concatenate([self._seeds, np.array(seeds, dtype=np.int64)])
        self._place.update((int(s), before + k) for k, s in enumerate(self._seeds[before:]))
        self._status = _longer(self._status, runs, -1)
        self._step = _longer(self._step, runs, 0)
        self._solved_at = _longer(self._solved_at, runs, np.inf)
        self._seconds = _longer(self._seconds, runs, 0.0)
        self._stopped += [None] * runs
        self._losses = _longer(self._losses, runs, np.nan)
        for name, values in self._validation.items():
            self._validation[name] = _longer(values, runs, np.nan)
        for by_metric in self._scores.values():
            for name, values in by_metric.items():
                by_metric[name] = _longer(values, runs, np.nan)

    @property
    def seeds(self) -> NDArray[np.int64]:
        """(runs,) the seeds that were asked for, in the order of their points."""
        return self._seeds

    @property
    def asked(self) -> int:
        """The number of runs that were asked for."""
        return len(self._seeds)

    def count(self, *statuses: str) -> int:
        """Return how many runs have one of some statuses."""
        return int(np.isin(self._status, [STATUSES.index(one) for one in statuses]).sum())

    @property
    def solved(self) -> int:
        """The number of runs that solved the task."""
        return int(np.isfinite(self._solved_at).sum())

    def status(self, seed: int) -> str | None:
        """Return the status of the run of a seed; None if it has not ended."""
        number = self._status[self._place[seed]]
        return None if number < 0 else STATUSES[number]

    def add(self, line: Mapping[str, Any]) -> bool:
        """Take in a line, and say whether it counts: the first that is not to be trained again."""
        place = self._place.get(line["seed"])
        if place is None:
            return False
        before = self._status[place]
        if not replaces(line["status"], STATUSES[before] if before >= 0 else None):
            return False
        self._status[place] = STATUSES.index(line["status"])
        self._step[place], self._seconds[place] = line["step"], line["seconds"]
        self._stopped[place] = line.get("stopped")
        self._problems.pop(place, None)
        if line["status"] in REDONE:
            self._problems[place] = line.get("problem", "")
        history = line["history"]
        _put(self._losses[place], history["loss"])
        for name, values in history["validation"].items():
            if name in self._validation:
                _put(self._validation[name][place], values)
        for key, metrics in line["scores"].items():
            for name, value in metrics.items():
                if key in self._scores and name in self._scores[key]:
                    self._scores[key][name][place] = np.nan if value is None else value
        if line["status"] in ("ended", "pruned"):
            self._solved_at[place] = solved_at(self.task, self.experiment, history["validation"])
        return True

    def misfit(self, line: Mapping[str, Any]) -> str | None:
        """Say what is wrong with the scores of a line that was read from a file, if anything is."""
        scores = line["scores"]
        if line["status"] != "ended":
            return None
        for key, by_metric in self._scores.items():
            if scores.get(key, {}).keys() != by_metric.keys():
                return f"lacks scores at {key}"
        if scores.keys() != self._scores.keys():
            return "has scores at lengths that were not asked for"
        for metric in self.task.metrics:
            curve = line["history"]["validation"].get(metric.name, ())
            values = [*(one[metric.name] for one in scores.values()), *curve]
            if metric.fraction and not all(_is_share(value) for value in values):
                return f"has a {metric.name} that is no share between 0 and 1"
        return None

    def problems(self, most: int) -> list[tuple[int, str, str]]:
        """Return the seed, the status and the problem of the first runs that failed."""
        places = sorted(self._problems)[:most]
        return [
            (int(self._seeds[place]), STATUSES[self._status[place]], self._problems[place])
            for place in places
        ]

    def one(self, seed: int) -> "OneRun":
        """Return what is known of the run of a seed."""
        place = self._place[seed]
        losses, every = self._losses[place], self.experiment
        history: list[dict[str, Any]] = [
            {"step": (k + 1) * every.log_every, "loss": float(loss)}
            for k, loss in enumerate(losses[np.isfinite(losses)])
        ]
        names = list(self._validation)
        rows = zip(*(self._validation[name][place] for name in names), strict=True)
        for k, row in enumerate(rows):
            step = (k + 1) * every.evaluate_every
            if step <= self._step[place]:
                scores = dict(zip(names, map(float, row), strict=True))
                history.append({"step": step, "validation": scores})
        history.sort(key=lambda line: line["step"])
        stopped, seconds = self._stopped[place], float(self._seconds[place])
        return OneRun(int(self._step[place]), stopped, seconds, history)

    def outcomes(self) -> Outcomes:
        """Return the runs that have ended, in the order of their seeds."""
        ended = np.flatnonzero(self._status >= 0)
        ended = ended[np.argsort(self._seeds[ended], kind="stable")]
        names = np.array(STATUSES)
        return Outcomes(
            seeds=self._seeds[ended],
            statuses=names[self._status[ended]],
            steps=self._step[ended],
            solved_at=self._solved_at[ended],
            scores={
                key: {name: values[ended] for name, values in metrics.items()}
                for key, metrics in self._scores.items()
            },
            losses=self._losses[ended],
            validation={name: values[ended] for name, values in self._validation.items()},
            seconds=self._seconds[ended],
            log_every=self.experiment.log_every,
            evaluate_every=self.experiment.evaluate_every,
            step_limit=self.experiment.steps,
            solved_after=self.experiment.solved_after or ROW,
        )


def solved_at(
    task: Task, experiment: Experiment, validation: Mapping[str, Sequence[float | None]]
) -> float:
    """Return the step of the first evaluation of the first error-free row; infinite if none is.

    A row is `solved_after` evaluations, or 3 if that is 0. With evaluations every 100 steps and
    errors in the first alone, the second to fourth are such a row: the answer is 200.
    """
    wanted = experiment.solved_after or ROW
    in_a_row = 0
    for number, solved in enumerate(_solved(task, validation), start=1):
        in_a_row = in_a_row + 1 if solved else 0
        if in_a_row == wanted:
            return float((number - wanted + 1) * experiment.evaluate_every)
    return float("inf")


def _solved(task: Task, validation: Mapping[str, Sequence[float | None]]) -> Iterator[bool]:
    """Yield whether the scores of each evaluation leave nothing to learn."""
    names = list(validation)
    if type(task).is_solved is Task.is_solved and "is_solved" not in vars(task):
        shortest = min(map(len, validation.values()), default=0)
        for value in validation.get("sequence_accuracy", ())[:shortest]:
            yield value == 1.0  # as the task says, without a call for each of a million runs
        return
    for values in zip(*validation.values(), strict=False):
        metrics = {
            name: float("nan") if value is None else value
            for name, value in zip(names, values, strict=True)
        }
        yield solves(task, metrics)


def _longer(array: NDArray[Any], rows: int, value: float) -> NDArray[Any]:
    """Return an array with further rows that hold one value."""
    return np.concatenate([array, np.full((rows, *array.shape[1:]), value, dtype=array.dtype)])


def _put(row: NDArray[np.float64], values: Sequence[float | None]) -> None:
    """Fill the beginning of a row; NumPy takes None for NaN."""
    some = min(len(row), len(values))
    row[:some] = values[:some]


def _is_share(value: float | None) -> bool:
    """Say whether a number is from 0 to 1; what is not finite was never measured."""
    return value is None or 0 <= value <= 1 or value != value
