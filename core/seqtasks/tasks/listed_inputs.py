"""The inputs that a task lists: how many there are, all of them, and whether the list is right."""

import weakref
from typing import TYPE_CHECKING

import numpy as np

from seqtasks.errors import TaskError, counted
from seqtasks.randomness.streams import stream
from seqtasks.tasks.mistakes import failed

if TYPE_CHECKING:
    from seqtasks.tasks.batch import Array
    from seqtasks.tasks.task import Task

__all__ = ["all_inputs", "as_keys", "domain_size"]

DRAWS_EACH = 20
"""Draws for each existing input. If all inputs are equally likely, a given one is missed with
probability e^-20."""
MOST_DRAWN = 30_000

_complete: dict[int, tuple["weakref.ref[Task]", set[int]]] = {}
"""By id: tasks, and the lengths at which the list of inputs was found to be complete."""


def domain_size(task: "Task", length: int) -> int | None:
    """Return how many inputs of a length a task declares; None if it declares no number.

    Raises:
        UsageError: if domain_size fails, or returns anything but a number of inputs or None.
    """
    try:
        size = task.domain_size(length)
        number = None if size is None else int(size)
    except Exception as error:
        raise failed(task, f"domain_size of length {length}", error) from error
    if number != size or (number is not None and number < 0):
        raise TaskError(
            f"task {task.known_as}: domain_size of length {length} must be a whole number of "
            f"inputs or None, got {size!r}"
        )
    return number


def all_inputs(task: "Task", length: int, scored: bool = True) -> "Array":
    """Return every input of a length as the task lists them, after checking the list.

    Args:
        task: the task that lists its inputs.
        length: the length of the inputs.
        scored: whether scores over the list will stand for scores over drawn inputs.

    Raises:
        UsageError: if the list has not as many inputs as the task declares, lists an input twice,
            lacks an input that is drawn, or has an input that is never drawn.
    """
    size = domain_size(task, length)
    try:
        listed = np.asarray(task.enumerate(length))
    except Exception as error:
        raise failed(task, "listing its inputs", error) from error
    reference, lengths = _complete.get(id(task), (None, set[int]()))
    if reference is None or reference() is not task:
        lengths = set[int]()
    if length in lengths:
        return listed
    start = f"task {task.known_as} at length {length}"
    if listed.ndim < 2 or listed.shape[1] != length:
        raise TaskError(f"{start}: enumerate returned shape {listed.shape}, not (inputs, {length})")
    if len(listed) != size:
        raise TaskError(f"{start}: domain_size says {counted(size or 0, 'input')}, "
                        f"enumerate lists {len(listed)}")  # fmt: skip
    flat = as_keys(listed)
    known = set(flat)
    if len(known) < len(flat):
        raise TaskError(f"{start}: enumerate lists an input twice")
    if scored and task.equally_likely:
        _check_drawn(task, length, known, start)
    if not scored:
        return listed
    key = id(task)
    _complete[key] = (weakref.ref(task, lambda _: _complete.pop(key, None)), lengths)
    lengths.add(length)
    return listed


def as_keys(inputs: "Array") -> list[bytes]:
    """Return each row as bytes, the same for equal ids of any type."""
    wide = np.asarray(inputs, dtype=np.float64 if inputs.dtype.kind == "f" else np.int64)
    rows = np.ascontiguousarray(wide.reshape(len(wide), -1))
    size = rows.shape[1] * rows.itemsize
    content = rows.tobytes()
    return [content[row * size : (row + 1) * size] for row in range(len(rows))]


def _check_drawn(task: "Task", length: int, known: set[bytes], start: str) -> None:
    """Compare drawn inputs with the list."""
    count = min(DRAWS_EACH * len(known), MOST_DRAWN)
    drawn = set(as_keys(task.draw(stream(0, "listing", length), count, length)))
    if not drawn <= known:
        raise TaskError(f"{start}: generate draws an input that enumerate does not list")
    missed = len(known) - len(drawn)
    expected = len(known) * (1 - 1 / len(known)) ** count
    if missed > expected + 6 * expected**0.5 + 0.5:
        raise TaskError(
            f"{start}: of {counted(len(known), 'input')} that enumerate lists, {missed} were not "
            f"among {count} drawn; where inputs are not equally likely, say so: "
            "`equally_likely = False`"
        )
