"""Score strategies that do not learn, so that learning can be told from luck."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seqtasks.display import card, measured, shortened
from seqtasks.randomness.streams import stream
from seqtasks.registry.find import task as find_task
from seqtasks.scoring.intervals import Interval, Stratum
from seqtasks.scoring.strategies import (
    answers_by_counts,
    answers_by_place,
    constant_answer,
    everywhere,
    last_inputs,
)
from seqtasks.tasks import Array, Batch, Reals, Task, TokenSets
from seqtasks.tasks.lengths import LengthRange
from seqtasks.tasks.listed_inputs import all_inputs, domain_size
from seqtasks.tasks.metrics import (
    Metric,
    sequence_accuracy,
    token_accuracy,
)

__all__ = [
    "Baseline",
    "Baselines",
    "baselines",
    "baselines_beside",
    "best_baselines",
    "chance",
    "is_no_better",
    "range_baseline",
    "sampled_baselines",
]

_MOST_SEQUENCES = 10_000
_MOST_SYMBOLS = 2**19
_LEAST_SYMBOLS = 2**16
_MOST_EXHAUSTIVE = 2**14
MOST_LENGTHS = 12
"""How many lengths of a range its mean baseline uses; baselines change slowly with length."""
CERTAIN = 4
"""A strategy is named beside another only if it is better by this many standard errors."""


@dataclass(frozen=True)
class Baseline:
    """The scores of one strategy.

    Attributes:
        strategy: the strategy in words.
        metrics: each metric's value by name.
        error: the standard error of the task's first metric over a sample; 0 if the value is exact.
    """

    strategy: str
    metrics: dict[str, float]
    error: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the baseline as plain data."""
        return {"strategy": self.strategy, "metrics": self.metrics, "error": self.error}


@dataclass(frozen=True, repr=False)
class Baselines:
    """The scores of trivial strategies on a task at one length.

    Attributes:
        length: the length of the inputs.
        sequences: the number of inputs that are scored.
        exhaustive: whether these are all inputs that exist.
        rows: the strategies, chance first.
    """

    length: int
    sequences: int
    exhaustive: bool
    rows: tuple[Baseline, ...]

    def __repr__(self) -> str:
        """Return the strategies with their first score on one line."""
        shown = [f"{row.strategy} {next(iter(row.metrics.values())):.4g}" for row in self.rows]
        return shortened(f"<Baselines at length {self.length}: {'; '.join(shown)}>")

    def _repr_html_(self) -> str:
        rows = [(row.strategy, measured(row.metrics, {})) for row in self.rows]
        return card(f"Scores without learning at length {self.length}", rows)


def baselines(task: str | Task, length: int | None = None, seed: int = 0) -> Baselines:
    """Score strategies that do not learn: guesses, constant answers, repeating the last input.

    - Guesses are uniform: any symbol of the alphabet; for sets, a fair coin for each symbol. Their
      accuracies are exact, except for the number of positions of an input. For reals there is no
      such guess.
    - The constant answer is the commonest symbol or set, or the mean vector.
    - The commonest of each place answers the commonest answer at that step. It uses nothing of the
      inputs but their length. It is left out if it is no better than the constant answer.
    - By symbol counts answers the commonest answer for inputs with the same number of each symbol,
      in any order. Only a task that sets `counts_baseline` has it, such as a language to
      recognise.
    - The last input is the latest input symbol that is also a target symbol, if the alphabets share
      more than one symbol and the inputs contain such symbols; for reals, it is the input vector,
      if it has the target's size. For sets there is no such answer.

    If few inputs exist, the scores are over all of them. Otherwise they are over the second half
    of a sample, and the constant answer is the commonest answer in the first half: choosing and
    scoring on the same inputs would give too high a score.

    Args:
        task: a task or its spec string.
        length: the length of the inputs; None for the task's longest recommended training length.
        seed: the seed whose stream `baselines` draws the sample.

    Raises:
        UsageError: for a length the task cannot have.

    Example:
        >>> import seqtasks as st
        >>> for row in st.baselines("parity", length=4).rows:
        ...     print(row.strategy, row.metrics)
        chance: guess each symbol {'token_accuracy': 0.5, 'sequence_accuracy': 0.0625}
        always the commonest, 0 {'token_accuracy': 0.5, 'sequence_accuracy': 0.0625}
        repeat the last symbol {'token_accuracy': 0.625, 'sequence_accuracy': 0.125}
    """
    return sampled_baselines(find_task(task), length, seed)


def sampled_baselines(
    task: Task, length: int | None, seed: int = 0, symbols: int = _MOST_SYMBOLS
) -> Baselines:
    """Return the baselines over samples with at most this many symbols."""
    if length is None:
        trained = task.lengths.within(LengthRange.parse(task.settings.length))
        length = trained[-1] if trained else task.lengths.minimum
    domain = domain_size(task, length) if task.equally_likely else None
    exhaustive = domain is not None and domain <= _MOST_EXHAUSTIVE and length in task.lengths
    rng = stream(seed, "baselines", length)
    if exhaustive:
        first = second = task.batch_of(all_inputs(task, length))
    else:
        half = max(1, min(_MOST_SEQUENCES, symbols // length) // 2)
        first, second = (task.batch(rng, half, length) for _ in range(2))
    constant, said = constant_answer(task, first.targets)
    always = everywhere(constant, second.targets)

    def scored_as(strategy: str, predictions: Array) -> Baseline:
        metrics = {one.name: _score(one, predictions, second.targets) for one in task.metrics}
        return Baseline(strategy, metrics, _error(task.metrics[0], predictions, second, exhaustive))

    rows = [scored_as(said, always)]
    placed = everywhere(answers_by_place(task, first.targets, constant), second.targets)
    if _is_better(task.metrics[0], placed, always, second.targets, exhaustive):
        what = "mean" if isinstance(task.targets, Reals) else "commonest"
        rows.append(scored_as(f"the {what} of each place", placed))
    if task.counts_baseline:
        counted = answers_by_counts(task, first, second, constant)
        rows.append(scored_as("by the counts of symbols alone", counted))
    if not isinstance(task.targets, Reals):
        what = "set" if isinstance(task.targets, TokenSets) else "symbol"
        rows.insert(0, Baseline(f"chance: guess each {what}", _chance(task, second, rng)))
    repeated = last_inputs(task, second, constant)
    if repeated is not None:
        what = "input" if isinstance(task.targets, Reals) else "symbol"
        rows.append(scored_as(f"repeat the last {what}", repeated))
    return Baselines(length, len(second.inputs), exhaustive, tuple(rows))


def chance(task: Task) -> dict[str, float]:
    """Return the expected token accuracy of uniform guesses, by the metric's name.

    For reals there is no such guess, and other metrics have no value that holds at every length.
    """
    if token_accuracy not in task.metrics or isinstance(task.targets, Reals):
        return {}
    size = task.targets.size
    right = 0.5**size if isinstance(task.targets, TokenSets) else 1 / size
    return {token_accuracy.name: right}


def best_baselines(task: Task, lengths: Sequence[int]) -> dict[str, Baseline]:
    """Return the best-scoring strategy without learning, by the length as text.

    The task's first metric decides. If there are many lengths, samples are smaller.
    """
    metric = task.metrics[0]
    sign = -1 if metric.lower_is_better else 1
    symbols = max(_LEAST_SYMBOLS, _MOST_SYMBOLS // (1 + len(lengths) // 8))
    return {
        str(length): max(
            sampled_baselines(task, length, 0, symbols).rows,
            key=lambda row: sign * row.metrics[metric.name],
        )
        for length in lengths
    }


def baselines_beside(task: Task, lengths: Sequence[int], over: str | None) -> dict[str, Baseline]:
    """Return the best strategies at some lengths and, if a range is given, over it, by its text."""
    found = best_baselines(task, lengths)
    return found if over is None else {**found, over: range_baseline(task, over)}


def range_baseline(task: Task, over: str | LengthRange) -> Baseline:
    """Return the mean of the best strategies over a range, taken at a few of its lengths.

    Args:
        task: the task.
        over: the range. The lengths that the task can have are cut into equal parts, and the middle
            of each is taken, so that a curve that bends has the mean of the whole range.
    """
    selected = task.lengths.select(LengthRange.parse(over), task.known_as)
    parts = min(MOST_LENGTHS, len(selected))
    middles = (np.arange(parts) + 0.5) / parts * len(selected) - 0.5
    lengths = [selected[int(place)] for place in middles.round()]
    best = [*best_baselines(task, lengths).values()]
    names = best[0].metrics
    means = {name: math.fsum(one.metrics[name] for one in best) / len(best) for name in names}
    error = math.sqrt(math.fsum(one.error**2 for one in best)) / len(best)
    return Baseline(f"the best at each of {len(best)} lengths", means, error)


def is_no_better(metric: Metric, value: float, interval: Interval, baseline: Baseline) -> bool:
    """Say whether a score may well be no better than a strategy without learning.

    Args:
        metric: the metric of the score.
        value: the score.
        interval: its interval.
        baseline: the strategy without learning.
    """
    trivial = baseline.metrics.get(metric.name)
    if trivial is None or not math.isfinite(trivial):
        return False
    room = CERTAIN * baseline.error
    if metric.lower_is_better:
        return not max(value, interval.high) < trivial - room
    return not min(value, interval.low) > trivial + room


def _is_better(
    metric: Metric, found: Array, other: Array, targets: Array, exhaustive: bool
) -> bool:
    """Say whether one strategy scores better than another, by more than chance can explain."""
    if np.array_equal(found, other) or metric.settle is not None or not len(targets):
        return False
    differences = metric(found, targets)[0] - metric(other, targets)[0]
    differences *= -1 if metric.lower_is_better else 1
    if exhaustive:
        return bool(differences.sum() > 0)
    error = differences.std() / math.sqrt(len(differences))
    return bool(differences.mean() > CERTAIN * error)


def _error(metric: Metric, predictions: Array, batch: Batch, exhaustive: bool) -> float:
    """Return the standard error of a score over a sample."""
    sums, weights = metric(predictions, batch.targets)
    if exhaustive or not weights.sum():
        return 0.0
    return math.sqrt(max(0.0, Stratum(sums, weights).variance()))


def _score(metric: Metric, predictions: Array, targets: Array) -> float:
    sums, weights = metric(predictions, targets)
    return float(sums.sum() / weights.sum()) if weights.sum() else math.nan


def _chance(task: Task, batch: Batch, rng: np.random.Generator) -> dict[str, float]:
    """Return the score of uniform guesses: the expected one, or for other metrics one guess's."""
    sets = isinstance(task.targets, TokenSets)
    right = 0.5**task.targets.size if sets else 1 / task.targets.size
    guess: Array = rng.integers(2 if sets else task.targets.size, size=batch.targets.shape)
    guess = guess.astype(np.bool_) if sets else guess
    expected: dict[Callable[..., object], float] = {
        token_accuracy: right,
        sequence_accuracy: float((right ** batch.scored.sum(axis=1)).mean()),
    }
    return {
        metric.name: expected[metric]
        if metric in expected
        else _score(metric, guess, batch.targets)
        for metric in task.metrics
    }
