"""Check that a network that reads step by step could give each answer when it is due."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from seqtasks.errors import UsageError, counted
from seqtasks.tasks.alphabets import Reals
from seqtasks.tasks.batch import Array
from seqtasks.tasks.listed_inputs import all_inputs
from seqtasks.tasks.metrics import scored
from seqtasks.tasks.mistakes import shown
from seqtasks.tasks.task import Task
from seqtasks.testing.check import CheckFailedError, NotApplicable
from seqtasks.testing.tasks.samples import (
    ROWS,
    base_length,
    drawn,
    known_size,
    many,
    short_lengths,
    takes_all_inputs,
)

__all__ = ["answers_need_no_future"]

_MOST_LISTED = 2**10
_SYMBOLS = 2**13
"""The most symbols to draw at a short length."""


class _Answer(NamedTuple):
    """An answer, and the input to which it was given."""

    value: bytes
    inputs: Array
    targets: Array


def answers_need_no_future(task: Task) -> str:
    """An answer that is due at a step depends on the inputs up to that step alone."""
    if task.layout != "each":
        where = "at the end of" if task.layout == "end" else "after"
        raise NotApplicable(f"the answer stands {where} the input, which is then known")
    known: dict[bytes, _Answer] = {}
    shared = 0
    if not isinstance(task.inputs, Reals):
        for inputs in _short_inputs(task):
            shared += _compare(task, inputs, known)
    # Of another task nobody knows whether two halves of its inputs are an input.
    if isinstance(task.inputs, Reals) or takes_all_inputs(task, base_length(task)):
        shared += _compare_spliced(task)
    if not shared:
        raise NotApplicable("no two drawn inputs have a common start with an answer after it")
    return f"{shared} pairs of inputs with a common start"


def _short_inputs(task: Task) -> Iterator[Array]:
    """Yield inputs of short lengths: all of them if the task lists them, or many drawn ones."""
    for length in short_lengths(task):
        try:
            size = known_size(task, length)
            if size is not None and size <= _MOST_LISTED:
                yield all_inputs(task, length, scored=False)
            else:
                yield many(task, length, _SYMBOLS)
        except UsageError:
            continue  # other checks say what is wrong with this length


def _compare(task: Task, inputs: Array, known: dict[bytes, _Answer]) -> int:
    """Compare the scored answers after equal beginnings; return how many were compared.

    Inputs of all lengths are compared: the length of an input is not known before its end.
    """
    try:
        targets = task.batch_of(inputs).targets
    except UsageError:
        return 0  # other checks say what is wrong with this length
    each, compared = 1 + task.ponder, 0
    counts = scored(targets)
    ids = np.asarray(inputs, dtype=np.int64)
    for step in range(ids.shape[1]):
        due = step * each + task.ponder
        starts = np.ascontiguousarray(ids[:, : step + 1])
        for row in np.flatnonzero(counts[:, due]):
            answer = _Answer(targets[row, due].tobytes(), ids[row], targets[row])
            first = known.setdefault(starts[row].tobytes(), answer)
            compared += first is not answer
            if first.value != answer.value:
                raise _needs_future(task, first, answer, step)
    return compared


def _compare_spliced(task: Task) -> int:
    """Give inputs the end of other inputs; return how many could be compared.

    What the task refuses to answer is left out.
    """
    length = base_length(task)
    inputs = drawn(task, length, ROWS)
    targets = task.batch_of(inputs).targets
    compared, each = 0, 1 + task.ponder
    for place in range(1, length):
        others = inputs.copy()
        others[:, place:] = np.roll(inputs, 1, axis=0)[:, place:]
        try:
            given = task.batch_of(others).targets
        except UsageError:
            continue
        both = scored(targets) & scored(given)
        both[:, place * each :] = False
        same = _equal(targets, given)
        compared += int(both.any(axis=1).sum())
        wrong = np.argwhere(both & ~same)
        if len(wrong):
            row, due = wrong[0]
            one, other = (
                _Answer(found[row, due].tobytes(), held[row], found[row])
                for found, held in ((targets, inputs), (given, others))
            )
            raise _needs_future(task, one, other, int(due) // each)
    return compared


def _equal(one: Array, other: Array) -> Array:
    """Return which steps have the same answer, (batch, time); reals may differ by rounding."""
    if one.dtype.kind != "f":
        same = np.equal(one, other)
    else:
        same = np.isclose(one, other, rtol=1e-4, atol=1e-6, equal_nan=True)
    return np.asarray(same.all(axis=-1)) if same.ndim > 2 else same


def _needs_future(task: Task, one: _Answer, other: _Answer, step: int) -> CheckFailedError:
    """Return the error for two inputs with a common start and two answers after it."""
    each = 1 + task.ponder
    said = [shown(task.inputs, answer.inputs) for answer in (one, other)]
    due = step * each + task.ponder
    answers = [shown(task.targets, answer.targets[due : due + 1]) for answer in (one, other)]
    same = counted(step + 1, "step")
    return CheckFailedError(
        f"task {task.known_as}: the answer at step {step + 1} depends on what comes later: the "
        f"inputs {said[0]} and {said[1]} begin with the same {same}, and their answers there are "
        f"{answers[0]} and {answers[1]}. A network that reads step by step cannot learn it. Let "
        'the answer follow the input (layout = "after" or "end"), or delay it'
    )
