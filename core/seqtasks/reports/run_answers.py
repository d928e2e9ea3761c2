"""A trained model's answers: worked examples with their errors, and accuracy by place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from seqtasks.randomness.streams import stream
from seqtasks.randomness.torch_streams import torch_stream
from seqtasks.scoring.predict import answers
from seqtasks.tasks import Batch, Reals, Task, Tokens, TokenSets
from seqtasks.tasks.alphabets import IGNORE
from seqtasks.tasks.holdout import Holdout

__all__ = ["Answers", "Example", "answers_at"]

INSTANCES = 500
MOST_SYMBOLS = 2**17
SHOWN = 5
"""The worked examples of each length."""
MOST_STEPS = 64
"""The most steps of an example that are shown."""


@dataclass(frozen=True)
class Example:
    """An instance with a model's answer.

    Attributes:
        steps: at each shown step, the input, the answer and the right one, as text.
        wrong: at each shown step, whether the answer is wrong.
        length: the number of all its steps.
        errors: the number of all its errors.
    """

    steps: Sequence[tuple[str, str, str]]
    wrong: Sequence[bool]
    length: int
    errors: int


@dataclass(frozen=True)
class Answers:
    """The answers to instances of one length.

    Attributes:
        length: the length of the inputs.
        instances: how many were drawn.
        with_errors: how many of them have an error.
        examples: some of them; those with errors come first.
        by_place: (steps,) the share of right answers at each step, or the mean squared error for
            reals; NaN where nothing is scored.
        held_out: whether only held-out inputs were used.
    """

    length: int
    instances: int
    with_errors: int
    examples: Sequence[Example]
    by_place: NDArray[np.float64]
    held_out: bool = False


def answers_at(
    model: nn.Module, task: Task, length: int, seed: int, holdout: Holdout | None = None
) -> Answers:
    """Answer instances of a length, drawn from the stream `report`.

    Args:
        model: the trained model.
        task: its task.
        length: the length of the inputs.
        seed: the seed of the run.
        holdout: the inputs that were held out of training, if some were.
    """
    rng = stream(seed, "report", length)
    count = max(8, min(INSTANCES, MOST_SYMBOLS // length))
    held_out = holdout is not None and length in holdout
    if holdout is not None and held_out:
        inputs = holdout.held_out(length)
        batch = task.batch_of(inputs[np.sort(rng.permutation(len(inputs))[:count])])
    else:
        batch = task.batch(rng, count, length)
    predictions, _ = answers(model, task, batch, torch_stream(seed, "report"))
    if isinstance(task.targets, Reals):
        squares = np.where(batch.scored[..., None], (predictions - batch.targets) ** 2, np.nan)
        by_place = _means(squares.mean(axis=-1))
        wrong = np.zeros(batch.scored.shape, dtype=np.bool_)
    else:
        differs = predictions != batch.targets
        wrong = (differs.any(axis=-1) if differs.ndim == 3 else differs) & batch.scored
        by_place = _means(np.where(batch.scored, ~wrong, np.nan))
    failing = np.flatnonzero(wrong.any(axis=1))
    chosen = [*failing[: SHOWN - 2], *np.flatnonzero(~wrong.any(axis=1))][:SHOWN]
    return Answers(
        length,
        len(batch.inputs),
        len(failing),
        [_example(task, batch, predictions, wrong, int(row)) for row in chosen],
        by_place,
        held_out,
    )


def _means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each column over its numbers; NaN where there are none."""
    known = np.isfinite(values)
    counts = known.sum(axis=0)
    sums = np.where(known, values, 0.0).sum(axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _example(
    task: Task, batch: Batch, predictions: NDArray[Any], wrong: NDArray[np.bool_], row: int
) -> Example:
    steps = int(batch.lengths[row])
    shown = min(steps, MOST_STEPS)
    unscored = {Tokens: IGNORE, TokenSets: False, Reals: np.nan}[type(task.targets)]
    said = predictions[row].copy()
    said[~batch.scored[row]] = unscored
    columns = (
        _words(task.inputs, batch.inputs[row, :shown]),
        _words(task.targets, said[:shown]),
        _words(task.targets, batch.targets[row, :shown]),
    )
    return Example(
        list(zip(*columns, strict=True)),
        wrong[row, :shown].tolist(),
        steps,
        int(wrong[row].sum()),
    )


def _words(alphabet: Tokens | TokenSets | Reals, values: NDArray[Any]) -> list[str]:
    if isinstance(alphabet, Reals):
        return [
            "." if np.isnan(row).any() else ", ".join(f"{number:.3g}" for number in row)
            for row in values
        ]
    if isinstance(alphabet, Tokens):  # a NaN prediction is no symbol
        return [word if word != "." else "·" for word in alphabet.words(values)]
    return alphabet.words(values)
