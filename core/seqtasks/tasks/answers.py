"""From inputs to a batch: the answers to them, and where both stand among the steps."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from seqtasks.errors import TaskError
from seqtasks.tasks.alphabets import Tokens
from seqtasks.tasks.batch import (
    Array,
    Batch,
    checked,
    expect_shape,
    on_steps,
    spread,
    unscored,
    zeros_after_end,
)
from seqtasks.tasks.mistakes import check_values, failed

if TYPE_CHECKING:
    from seqtasks.tasks.task import Task

__all__ = ["Places", "answered", "lay_out", "places_of"]


class Places(NamedTuple):
    """Where the values of a task stand among the steps of a batch.

    Attributes:
        steps: the steps of an instance, blanks of `ponder` included.
        inputs: the steps at which inputs stand.
        answers: the steps at which answers stand.
        blank: the input at all other steps.
        unscored: the target at all other steps.
    """

    steps: int
    inputs: slice
    answers: slice
    blank: Any
    unscored: Any


def places_of(task: "Task", length: int, answer_length: int) -> Places:
    """Return where inputs of a length and answers of a length stand."""
    each = 1 + task.ponder
    steps = length + answer_length * (task.layout == "after")
    first = steps - answer_length
    return Places(
        steps * each,
        slice(0, length * each, each),
        slice(first * each + task.ponder, steps * each, each),
        task.inputs.size if isinstance(task.inputs, Tokens) else 0.0,
        unscored(task.targets),
    )


def answered(task: "Task", inputs: Array) -> tuple[Array, Array]:
    """Return given inputs and a task's answers to them, both checked.

    Args:
        task: the task.
        inputs: (batch, length[, features]).

    Returns:
        The inputs, and the answers, (batch, answer length[, symbols or features]): one answer where
        the layout is `end`.
    """
    inputs = checked(task.inputs, inputs, f"the inputs of task {task.known_as}")
    check_values(task, "inputs", task.inputs, inputs, task.input_size)
    count, length = inputs.shape[:2]
    memory: Any = inputs
    given = np.asarray(memoryview(memory).toreadonly())  # no writeable view of it can be made
    try:
        encoded = np.asarray(task.encode(given))
    except NotImplementedError as error:
        raise TaskError(str(error)) from error
    except (Exception, SystemExit) as error:
        raise failed(task, f"encode at length {length}", error) from error
    answers = checked(task.targets, encoded, f"{type(task).__name__}.encode")
    check_values(task, "targets", task.targets, answers, task.targets.size)
    if task.zeros_after_end:
        answers = zeros_after_end(task.targets, answers)
    if task.layout == "each":
        shape: tuple[int, ...] = (count, length)
    elif task.layout == "end" or task.answers_on_blank:
        shape = (count,)
    else:
        shape = (count, answers.shape[1] if answers.ndim > 1 else -1)
    symbols = () if isinstance(task.targets, Tokens) else (task.targets.size,)
    expect_shape(type(task).__name__, task.layout, answers, (*shape, *symbols))
    return inputs, answers[:, None] if len(shape) == 1 else answers


def lay_out(task: "Task", inputs: Array, answers: Array) -> Batch:
    """Return a batch of inputs and answers, as `answered` returns them."""
    length, ponder = inputs.shape[1], task.ponder
    steps = length + answers.shape[1] * (task.layout == "after")
    blank = task.inputs.size if isinstance(task.inputs, Tokens) else 0.0
    laid_out = on_steps(task.inputs, inputs, steps, 0, blank)
    targets = on_steps(task.targets, answers, steps, steps - answers.shape[1], None)
    if ponder:
        laid_out = spread(laid_out, 1 + ponder, 0, blank)
        targets = spread(targets, 1 + ponder, ponder, unscored(task.targets))
    lengths = np.full(len(inputs), steps * (1 + ponder), dtype=np.int64)
    return Batch(laid_out, targets, lengths)
