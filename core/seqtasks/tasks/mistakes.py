"""Find the mistakes of a task's author on a few instances."""

import inspect
import logging
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from seqtasks.available_memory import check_instances_fit
from seqtasks.errors import (
    ChangedInputsError,
    OutsideAlphabetError,
    SeqtasksError,
    TaskError,
    counted,
    explain,
)
from seqtasks.randomness.streams import stream
from seqtasks.tasks.alphabets import IGNORE, Reals, Tokens

if TYPE_CHECKING:
    from seqtasks.tasks.batch import Array
    from seqtasks.tasks.task import Task

__all__ = [
    "check_rows_alone",
    "check_same_answers",
    "check_values",
    "difference",
    "draws_alike",
    "failed",
    "parameter_mistake",
    "same_draws",
    "shown",
    "try_task",
    "try_two_lengths",
]

logger = logging.getLogger("seqtasks")

ROWS = 32
"""Number of instances to try a task on."""
MOST_SYMBOLS = 2**22
"""The most symbols that these instances have together. Two very long instances are tried."""
COPIES = 3
"""How many copies of the instances a trial holds at once: drawn, and answered in several ways."""
ALONE = 8
"""How many of these instances are also answered alone."""
LARGEST = float(np.finfo(np.float32).max)
"""The largest number that a batch can hold."""
MOST_SHOWN = 24
"""How many steps of an instance a message shows."""


def failed(task: "Task", what: str, error: BaseException) -> SeqtasksError:
    """Return a TaskError, one line long, for an error that an author's function raised."""
    if isinstance(error, SeqtasksError):
        return error
    text = explain(error)
    kind = TaskError
    if "read-only" in text or "WRITEABLE" in text:
        text += "; it must not change its inputs: copy them first"
        kind = ChangedInputsError
    return kind(f"task {task.known_as}: {what} fails: {text}")


def check_values(task: "Task", side: str, alphabet: Any, values: "Array", size: int) -> None:
    """Refuse ids outside an alphabet, and numbers that are not finite.

    Args:
        task: the task that gave the values.
        side: `inputs` or `targets`; targets may hold IGNORE.
        alphabet: the alphabet of this side.
        values: ids of any integer type, or reals.
        size: the number of ids.
    """
    if not values.size:
        return
    if isinstance(alphabet, Reals):
        # reals are kept as float32; NaN marks a target that is not scored
        wrong = ~(np.abs(values) <= LARGEST)
        if side == "targets":
            wrong &= ~np.isnan(values)
        if wrong.any():
            raise OutsideAlphabetError(
                f"task {task.known_as} gives {values[wrong][0]} among its {side}, which must be "
                "finite numbers of float32"
            )
        return
    if not isinstance(alphabet, Tokens) or (values.max() < size and values.min() >= 0):
        return
    outside = (values < 0) | (values >= size)
    if side == "targets":
        outside &= values != IGNORE
    if outside.any():
        symbols = " ".join(alphabet.symbols[:12]) + (" ..." if len(alphabet.symbols) > 12 else "")
        raise OutsideAlphabetError(
            f"task {task.known_as} gives the id {values[outside][0]} among its {side}, whose "
            f"alphabet {symbols} has ids 0 to {size - 1}"
        )


def try_task(task: "Task", length: int, seed: int = 0, unscored: bool = True) -> None:
    """Try a task on a few instances: check them, and that answers depend on the input alone.

    Args:
        task: the task to try.
        length: the length of the inputs.
        seed: the seed of the streams.
        unscored: whether to warn if no position is scored.

    Raises:
        UsageError: naming the task, if inputs do not come from the given generator, or if answers
            depend on more than the input.
    """
    name, rows = task.known_as, max(2, min(ROWS, MOST_SYMBOLS // length))
    check_instances_fit(rows, length, COPIES)
    if (mistake := parameter_mistake(task)) is not None:
        logger.warning(mistake)
    inputs = same_draws(task, length, rows, seed)
    check_same_answers(task, inputs)
    check_rows_alone(task, inputs)
    if unscored and not task.batch_of(inputs).scored.any():
        logger.warning(
            f"task {name} scores no position of {counted(rows, 'input')} of length {length}"
        )
    if (mistake := draws_alike(task, inputs, seed)) is not None:
        logger.warning(mistake)


def same_draws(task: "Task", length: int, rows: int, seed: int = 0) -> "Array":
    """Return inputs drawn twice from equal generators, after checking that both are the same.

    Raises:
        UsageError: if they differ.
    """
    inputs, again = (
        task.draw(stream(seed, "trial", length), rows, length).copy() for _ in range(2)
    )
    if not _same(inputs, again):
        raise TaskError(
            f"task {task.known_as} draws other inputs from the same generator: generate must draw "
            "from the `rng` that it is given, and from nothing else"
        )
    return inputs


def check_same_answers(task: "Task", inputs: "Array") -> None:
    """Refuse a task that answers the same inputs in two ways."""
    before = inputs.copy()
    answers, again = _answers(task, inputs), _answers(task, inputs)
    if not _same(inputs, before):  # the array is read-only for NumPy, but not for torch
        raise TaskError(f"task {task.known_as}: encode must not change its inputs: copy them first")
    if not _same(answers, again):
        raise TaskError(
            f"task {task.known_as} gives other answers to the same inputs: encode must be a pure "
            f"function{difference(task, inputs, answers, again)}"
        )


def check_rows_alone(task: "Task", inputs: "Array") -> None:
    """Refuse a task whose answer to an input depends on the other inputs of the batch."""
    name, rows, answers = task.known_as, len(inputs), _answers(task, inputs)
    backwards = _answers(task, np.ascontiguousarray(inputs[::-1]))[::-1]
    halves = [_answers(task, half) for half in (inputs[: rows // 2], inputs[rows // 2 :])]
    alone = [_answers(task, inputs[row : row + 1]) for row in range(min(ALONE, rows))]
    parts = [*halves, *alone]
    if any(part.shape[1:] != answers.shape[1:] for part in [backwards, *parts]):
        raise TaskError(
            f"task {name}: the length of an answer depends on the other inputs of the batch; "
            "it must depend on the length of the input alone"
        )
    for others in (backwards, np.concatenate(halves), np.concatenate(alone)):
        if not _same(answers[: len(others)], others):
            raise TaskError(
                f"task {name}: the answer to an input depends on the other inputs of its batch"
                f"{difference(task, inputs, answers, others)}"
            )


def draws_alike(task: "Task", inputs: "Array", seed: int = 0) -> str | None:
    """Say what is wrong with inputs of a batch that do not differ as drawn inputs should."""
    rows, length = inputs.shape[:2]
    other = task.draw(stream(seed, "other trial", length), rows, length)
    few = len(np.unique(inputs.reshape(rows, -1), axis=0))
    if few > 1 and _same(inputs, other):
        return f"task {task.known_as} draws the same inputs from every generator"
    if few == 1 and not _same(inputs, other):
        return f"task {task.known_as} draws the same input for all instances of a batch"
    return None


def parameter_mistake(task: "Task") -> str | None:
    """Say whether parameters are not recorded, or may change after a run has recorded them.

    A dataclass says what its parameters are; another class keeps them as it likes.
    """
    cls, name = type(task), task.known_as
    form = "make it a frozen dataclass: @dataclass(frozen=True)"
    if "__init__" in vars(cls) and "__dataclass_fields__" not in vars(cls):
        taken = list(inspect.signature(cls).parameters)
        if taken:
            return (
                f"task {name} takes {', '.join(taken)} and is no dataclass, so that an instance of "
                f"it cannot be recorded: {form}"
            )
    elif is_dataclass(cls) and fields(cls) and not cls.__dataclass_params__.frozen:  # pyright: ignore
        return f"task {name} may change after a run has recorded its parameters: {form}"
    return None


def try_two_lengths(task: "Task", length: int) -> None:
    """Try a task at a length and at the next length that it allows; see `try_task`."""
    try_task(task, length)
    following = length + task.lengths.step
    if following in task.lengths:
        try_task(task, following)


def _answers(task: "Task", inputs: "Array") -> "Array":
    return task.batch_of(inputs).targets


def difference(task: "Task", inputs: "Array", answers: "Array", others: "Array") -> str:
    """Return the first input that has two answers, and both of them, for a message."""
    for given, one, other in zip(inputs, answers, others, strict=False):
        if not _same(one, other):
            first, second = (shown(task.targets, answer) for answer in (one, other))
            return f"; the input {shown(task.inputs, given)} has the answers {first} and {second}"
    return ""


def shown(alphabet: Any, row: "Array") -> str:
    """Return the steps of one instance as text, for a message; the end of a long one is left out.

    Values outside the alphabet are shown as numbers.
    """
    steps, more = row[:MOST_SHOWN], " ..." if len(row) > MOST_SHOWN else ""
    try:
        words = list(alphabet.words(steps))
    except (ValueError, TypeError):
        words = [str(value) for value in steps]
    short = all(len(word) == 1 for word in words)
    return ("" if short else " ").join(words) + more


def _same(one: "Array", other: "Array") -> bool:
    if one.shape != other.shape:
        return False
    return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
