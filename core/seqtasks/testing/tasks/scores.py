"""Checks of the scores: metrics, `is_solved`, and what strategies without learning reach."""

import numpy as np

from seqtasks.errors import SeqtasksError, UsageError, explain
from seqtasks.scoring.baselines import sampled_baselines
from seqtasks.tasks.alphabets import Reals, Tokens
from seqtasks.tasks.batch import Array
from seqtasks.tasks.metrics import Metric, scored
from seqtasks.tasks.speed import measure_task
from seqtasks.tasks.task import Task
from seqtasks.testing.check import CheckFailedError
from seqtasks.testing.tasks.samples import ROWS, base_length, drawn, known_size

__all__ = [
    "chance_does_not_solve",
    "metrics_are_in_range",
    "right_answers_solve",
    "speed_is_measured",
]

_ROUNDING = 1e-6
_SYMBOLS = 2**15
_BATCH = 8
"""A small batch: a block of batches that a slow task draws should not take a second."""
_IGNORES_INPUTS = ("chance", "always", "the commonest of each place", "the mean of each place")
"""How the strategies begin that ignore the inputs. A rule on the inputs may solve an easy task."""


def metrics_are_in_range(task: Task) -> str:
    """A right answer has the best score of each metric, a wrong one a worse score."""
    targets = _targets(task)
    right, wrong = _right(task, targets), _wrong(task, targets)
    said: list[str] = []
    for metric in task.metrics:
        best = _score(task, metric, right, targets)
        worse = _score(task, metric, wrong, targets)
        if metric.fraction and not abs(best - 1) <= _ROUNDING:
            raise CheckFailedError(
                f"metric {metric.name} of task {task.known_as}: right answers score {best:g}, "
                "where a share of right answers is 1: divide what is right by what is scored, or "
                "pass `fraction=False` for another kind of score"
            )
        if not (worse > best if metric.lower_is_better else worse < best):
            raise CheckFailedError(
                f"metric {metric.name} of task {task.known_as}: wrong answers score {worse:g} and "
                f"right ones {best:g}; "
                + ("lower" if metric.lower_is_better else "higher")
                + " must be better (`lower_is_better` says which way)"
            )
        if metric.fraction and not 0 <= worse <= 1:
            raise CheckFailedError(
                f"metric {metric.name} of task {task.known_as}: wrong answers score {worse:g}; a "
                "share of right answers lies between 0 and 1: pass `fraction=False` for another "
                "kind of score"
            )
        if isinstance(task.targets, Reals):
            _refuse_nan(task, metric, targets, best)
        said.append(f"{metric.name} {worse:.3g} to {best:.3g}")
    return ", ".join(said)


def _refuse_nan(task: Task, metric: Metric, targets: Array, best: float) -> None:
    """Refuse a metric that counts NaN as right."""
    score = _score(task, metric, np.full_like(targets, np.nan), targets)
    if abs(score - best) <= _ROUNDING:
        raise CheckFailedError(
            f"metric {metric.name} of task {task.known_as}: predictions of NaN score {score:g}, as "
            "right ones do: count NaN as wrong"
        )


def _score(task: Task, metric: Metric, predictions: Array, targets: Array) -> float:
    """Return the score of some predictions, after checking what the metric counts."""
    name = f"metric {metric.name} of task {task.known_as}"
    try:
        columns = metric.columns(predictions, targets)
        counted = columns if metric.settle is None else metric.settle(columns)
        shapes = [np.shape(part) for part in counted]
        if shapes != [(len(targets),)] * 2:
            raise CheckFailedError(
                f"{name} returns shapes {', '.join(map(str, shapes))} for a batch of "
                f"{len(targets)}: it must return a sum and a weight for each instance, both "
                "(batch,)"
            )
        sums, weights = metric(predictions, targets)
    except SeqtasksError:
        raise
    except Exception as error:
        raise CheckFailedError(f"{name} fails: {explain(error)}") from error
    if not (weights >= 0).all() or not weights.sum() > 0:
        raise CheckFailedError(f"{name}: the weights must be 0 or more, and some above 0")
    return float(sums.sum() / weights.sum())


def right_answers_solve(task: Task) -> str:
    """`is_solved` says yes to the scores of right answers, and no to those of wrong ones or NaN."""
    targets = _targets(task)
    scores = {
        name: {m.name: _score(task, m, predictions, targets) for m in task.metrics}
        for name, predictions in (
            ("right", _right(task, targets)),
            ("wrong", _wrong(task, targets)),
        )
    }
    scores["NaN"] = {metric.name: float("nan") for metric in task.metrics}
    for name, metrics in scores.items():
        if _is_solved(task, metrics) != (name == "right"):
            listed = ", ".join(f"{key} {value:g}" for key, value in metrics.items())
            verdict = "does not count" if name == "right" else "counts"
            raise CheckFailedError(
                f"task {task.known_as} {verdict} {listed} as solved, which are the scores of "
                f"{name} answers: define `is_solved(self, metrics)`"
            )
    return ", ".join(f"{key} {value:.3g}" for key, value in scores["right"].items())


def chance_does_not_solve(task: Task) -> str:
    """Guesses and constant answers have scores, and these do not count as solved."""
    found = sampled_baselines(task, base_length(task), symbols=_SYMBOLS)
    first = task.metrics[0].name
    # If there is one input of a length, the answers there are always the same.
    rows = found.rows[:1] if known_size(task, found.length) == 1 else found.rows
    for row in rows:
        if row.strategy.startswith(_IGNORES_INPUTS) and _is_solved(task, row.metrics):
            raise CheckFailedError(
                f"task {task.known_as}: the strategy '{row.strategy}' solves it without learning "
                f"({first} {row.metrics[first]:g} at length {found.length}): let the answers "
                "depend on the inputs, or let `is_solved` ask for more"
            )
    return ", ".join(f"{row.strategy} {row.metrics[first]:.3g}" for row in found.rows[:2])


def speed_is_measured(task: Task) -> str:
    """The task draws and encodes symbols at a speed that is reported."""
    speed = measure_task(task, base_length(task), _BATCH, blocks=3, at_least=0.02)
    return f"{speed.rate / 1e6:.3g} million symbols a second at length {speed.length}"


def _is_solved(task: Task, metrics: dict[str, float]) -> bool:
    try:
        return bool(task.is_solved(metrics))
    except SeqtasksError:
        raise
    except Exception as error:
        raise CheckFailedError(
            f"task {task.known_as}: is_solved fails for {metrics}: {explain(error)}"
        ) from error


def _targets(task: Task) -> Array:
    targets = task.batch_of(drawn(task, base_length(task), ROWS)).targets
    if not scored(targets).any():
        raise UsageError(f"task {task.known_as} scores no position")
    return targets


def _right(task: Task, targets: Array) -> Array:
    """Return right predictions; a model predicts something at unscored positions too."""
    counts = scored(targets)
    if isinstance(task.targets, Reals):
        return np.where(counts[..., None], targets, 0.5).astype(targets.dtype)
    return np.where(counts, targets, 0) if isinstance(task.targets, Tokens) else targets


def _wrong(task: Task, targets: Array) -> Array:
    """Return predictions that are wrong at every scored position."""
    if isinstance(task.targets, Reals):
        return _right(task, targets) + np.float32(1)
    if isinstance(task.targets, Tokens):
        return (_right(task, targets) + 1) % max(2, task.targets.size)
    return ~targets
