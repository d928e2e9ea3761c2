"""Checks of `generate` and of `lengths`."""

import time

import numpy as np

from seqtasks.errors import OutsideAlphabetError, UsageError, counted
from seqtasks.randomness.streams import stream
from seqtasks.tasks.batch import checked
from seqtasks.tasks.mistakes import check_values, draws_alike
from seqtasks.tasks.task import Task
from seqtasks.testing.check import CheckFailedError, NotApplicable
from seqtasks.testing.surroundings import asked_for
from seqtasks.testing.tasks.samples import (
    ROWS,
    base_length,
    drawn,
    known_size,
    lengths_to_try,
    many,
    short_lengths,
)

__all__ = [
    "draws_differ",
    "generate_has_its_shape",
    "generator_decides_draws",
    "inputs_in_alphabet",
    "lengths_are_as_claimed",
]

_OWN_STATE = "a generator of its own, or keeps something from one call to the next"
_OTHER_LENGTHS, _OTHER_DRAWS = 3, 20
"""How many draws come between two that are compared, at how many lengths."""
_SECONDS = 0.5
"""The time for trying lengths. The shortest are tried in any case."""


def generate_has_its_shape(task: Task) -> str:
    """A draw has the shape, and numbers of a type, that `generate` promises for a batch."""
    length = base_length(task)
    for rows in (1, 2, ROWS):
        inputs = drawn(task, length, rows)
        checked(task.inputs, inputs, f"{type(task).__name__}.generate")
    return f"{inputs.shape} {inputs.dtype}"


def inputs_in_alphabet(task: Task) -> str:
    """All drawn inputs are of the alphabet, rare ones too."""
    seen = 0
    for length in dict.fromkeys([base_length(task), *short_lengths(task, 4)]):
        try:
            inputs = checked(task.inputs, many(task, length), "generate")
        except UsageError:
            continue  # other checks say what is wrong with this length
        check_values(task, "inputs", task.inputs, inputs, task.inputs.size)
        seen += inputs.shape[0] * length
    return f"{counted(seen, 'symbol')} are of the alphabet"


def generator_decides_draws(task: Task) -> str:
    """Equal generators give equal inputs, and nothing else decides: no global state, no clock."""
    length = base_length(task)
    drawn(task, length, ROWS)  # the first call may import, or fill a cache
    one, asked = asked_for(lambda: drawn(task, length, ROWS), 1)
    _draw_others(task)
    other, _ = asked_for(lambda: drawn(task, length, ROWS), 2)
    if not np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
        raise CheckFailedError(
            f"task {task.known_as} draws other inputs from the same generator: generate asks "
            f"{asked.said or _OWN_STATE}; draw from the `rng` that it is given alone"
        )
    if asked.sources:
        raise CheckFailedError(
            f"task {task.known_as}: generate asks {asked.said}, so that a run cannot be repeated: "
            "draw from the `rng` that it is given alone"
        )
    return f"{counted(ROWS, 'input')} of length {length}, before and after draws of other lengths"


def _draw_others(task: Task) -> None:
    """Draw at other lengths, many times: what a task keeps from call to call may then differ."""
    for length in short_lengths(task)[:_OTHER_LENGTHS]:
        for _ in range(_OTHER_DRAWS):
            try:
                drawn(task, length, 2)
            except UsageError:
                break  # other checks say what is wrong with this length


def draws_differ(task: Task) -> str:
    """Other generators give other inputs, and the inputs of a batch differ."""
    lengths = dict.fromkeys([base_length(task), *lengths_to_try(task)[-2:]])
    several = [length for length in lengths if known_size(task, length) != 1]
    if not several:
        raise NotApplicable("there is one input of each length")
    wrong: str | None = None
    for length in several:
        try:
            inputs = drawn(task, length, ROWS)
            wrong = draws_alike(task, inputs) or _all_alike(task, inputs)
        except UsageError:
            continue  # other checks say what is wrong with this length
        if wrong is None:
            return f"{counted(ROWS, 'input')} of length {length}"
    raise CheckFailedError(f"{wrong}: generate must draw each input from `rng`")


def _all_alike(task: Task, inputs: np.ndarray) -> str | None:
    if (inputs == inputs[:1]).all():
        return f"task {task.known_as} draws one and the same input from every generator"
    return None


def lengths_are_as_claimed(task: Task) -> str:
    """Every length in `lengths` can be drawn and answered, and no other length can."""
    start, tried, failed = time.perf_counter(), list[int](), dict[int, UsageError]()
    short = short_lengths(task)
    for length in lengths_to_try(task):
        if length not in short and time.perf_counter() - start > _SECONDS:
            continue
        tried.append(length)
        error = _fails(task, length)
        if error is not None:
            failed[length] = error
    if failed:
        first = next(iter(failed))
        named = ", ".join(map(str, list(failed)[:6])) + (" ..." if len(failed) > 6 else "")
        raise CheckFailedError(
            f"{task.lengths.describe()} are claimed, but {named} cannot be drawn. "
            f"{failed[first]}. {_remedy(task, list(failed), tried)}"
        )
    for length in _outside(task):
        try:
            task.draw(stream(0, "lengths", length), 2, length)
        except UsageError:
            continue
        raise CheckFailedError(
            f"`lengths` refuses the length {length}, but it is drawn: keep `Task.draw` as it is"
        )
    return f"{counted(len(tried), 'length')} from {tried[0]} to {tried[-1]}"


def _remedy(task: Task, failed: list[int], tried: list[int]) -> str:
    """Return the `lengths` to write, if the lengths that work follow a simple rule."""
    works = [length for length in tried if length not in failed]
    if not works:
        return "Set `lengths` to those that there are"
    step = 2 if all(length % 2 != works[0] % 2 for length in failed) else task.lengths.step
    maximum = ""
    if min(failed) > works[-1]:
        maximum = f", maximum={_longest(task, works[-1], min(failed))}"
    return f"Say so: lengths = st.AllowedLengths(minimum={works[0]}, step={step}{maximum})"


def _longest(task: Task, works: int, fails: int) -> int:
    """Return the longest length that works, between one that works and one that fails."""
    step = task.lengths.step
    while fails - works > step:
        middle = works + (fails - works) // (2 * step) * step
        if _fails(task, middle) is None:
            works = middle
        else:
            fails = middle
    return works


def _fails(task: Task, length: int) -> UsageError | None:
    """Return the error of a task that cannot draw and answer inputs of a length."""
    try:
        task.batch(stream(0, "lengths", length), 4, length)
    except OutsideAlphabetError:
        return None  # the checks of the alphabets say it
    except UsageError as error:
        return error
    return None


def _outside(task: Task) -> list[int]:
    """Return a few lengths that a task refuses."""
    lengths = task.lengths
    near = [lengths.minimum - 1, lengths.minimum + 1, lengths.minimum + lengths.step + 1]
    near += [] if lengths.maximum is None else [lengths.maximum + 1]
    return [length for length in near if length >= 1 and length not in lengths]
