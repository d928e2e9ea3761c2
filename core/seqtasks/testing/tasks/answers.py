"""Checks of `encode`."""

import numpy as np

from seqtasks.errors import ChangedInputsError, OutsideAlphabetError, UsageError, counted
from seqtasks.tasks.alphabets import Reals, Tokens, TokenSets
from seqtasks.tasks.batch import Array, checked
from seqtasks.tasks.listed_inputs import all_inputs
from seqtasks.tasks.metrics import scored
from seqtasks.tasks.mistakes import (
    check_rows_alone,
    check_same_answers,
    check_values,
    difference,
    shown,
)
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
    takes_all_inputs,
)

__all__ = [
    "answers_differ",
    "answers_in_alphabet",
    "any_integer_type",
    "encode_has_its_shape",
    "encode_is_pure",
    "encode_keeps_its_inputs",
    "rows_are_independent",
]

_MOST_LISTED = 2**12


def encode_keeps_its_inputs(task: Task) -> str:
    """A task answers inputs without changing them."""
    length = base_length(task)
    inputs = drawn(task, length, ROWS)
    try:
        task.batch_of(inputs)
    except ChangedInputsError as error:
        raise CheckFailedError(f"{error} (`inputs = inputs.copy()`)") from error
    except UsageError:
        pass  # the next checks say what else is wrong
    return f"{counted(ROWS, 'input')} of length {length}"


def encode_has_its_shape(task: Task) -> str:
    """The answers have the shape that the layout needs, and a type that the targets need."""
    inputs = drawn(task, base_length(task), ROWS)
    try:
        batch = task.batch_of(inputs)
    except OutsideAlphabetError:
        return ""  # the next check says it
    return f"layout {task.layout}: {inputs.shape} becomes {batch.targets.shape}"


def answers_in_alphabet(task: Task) -> str:
    """All answers are of the target alphabet, rare ones too."""
    seen = 0
    base, far = base_length(task), lengths_to_try(task)[-1:]
    for length in dict.fromkeys([base, *short_lengths(task), *far]):
        for inputs in _varied(task, length, 2**16 if length == base else 2**13):
            try:
                seen += len(task.batch_of(inputs).targets)
            except OutsideAlphabetError as error:
                row = _first_outside(task, inputs)
                raise CheckFailedError(
                    f"{error}; the input is {shown(task.inputs, row)}, of length {length}"
                ) from error
            except UsageError:
                break  # other checks say what is wrong with this length
    return f"the answers to {counted(seen, 'input')} are of the alphabet"


def _varied(task: Task, length: int, symbols: int) -> list[Array]:
    """Return drawn inputs, and further inputs if the task says that it has them."""
    try:
        found = [many(task, length, symbols)]
        size = known_size(task, length)
        if size is not None and size <= _MOST_LISTED:
            listed = all_inputs(task, length, scored=False)
            check_values(task, "inputs", task.inputs, listed, task.inputs.size)
            found.append(listed)
        elif isinstance(task.inputs, Tokens) and takes_all_inputs(task, length):
            ids = np.arange(task.inputs.size)
            found.append(np.repeat(ids[:, None], length, axis=1))  # each symbol, again and again
    except UsageError:
        return []  # other checks say what is wrong with this length
    return found


def _first_outside(task: Task, inputs: Array) -> Array:
    """Return the first input whose answer is not of the alphabet, by halving."""
    while len(inputs) > 1:
        half = inputs[: len(inputs) // 2]
        try:
            task.batch_of(half)
            inputs = inputs[len(half) :]
        except UsageError:
            inputs = half
    return inputs[0]


def encode_is_pure(task: Task) -> str:
    """The same inputs have the same answers, and `encode` asks no generator and no clock."""
    length = base_length(task)
    inputs = many(task, length, 2**12)
    task.batch_of(inputs)  # the first call may import, or fill a cache
    (one, asked), (other, _) = (asked_for(lambda: task.batch_of(inputs), seed) for seed in (1, 2))
    if asked.sources:
        raise CheckFailedError(
            f"task {task.known_as}: encode asks {asked.said}; it must be a pure function of the "
            "inputs"
        )
    if not np.array_equal(one.targets, other.targets, equal_nan=one.targets.dtype.kind == "f"):
        raise CheckFailedError(
            f"task {task.known_as} gives other answers to the same inputs: encode must be a pure "
            f"function{difference(task, inputs, one.targets, other.targets)}"
        )
    check_same_answers(task, inputs)
    return f"{counted(len(inputs), 'input')} of length {length}, encoded five times"


def any_integer_type(task: Task) -> str:
    """The answers are the same for ids of any integer type: drawn ones, and those a user types."""
    if isinstance(task.inputs, Reals):
        raise NotApplicable("the inputs are real numbers")
    length = base_length(task)
    ids = checked(task.inputs, many(task, length, 2**11), "generate")
    kinds = [np.dtype(np.int64), ids.dtype, np.min_scalar_type(task.inputs.size)]
    kinds = list(dict.fromkeys(kind for kind in kinds if kind.kind in "iu"))
    answers = [task.batch_of(ids.astype(kind)).targets for kind in kinds]
    for kind, others in zip(kinds[1:], answers[1:], strict=True):
        if not np.array_equal(answers[0], others, equal_nan=others.dtype.kind == "f"):
            raise CheckFailedError(
                f"task {task.known_as} answers ids of type {kinds[0]} and of type {kind} in two "
                f"ways{difference(task, ids, answers[0], others)}. A small type overflows: begin "
                "with `inputs = inputs.astype(np.int64)`"
            )
    return ", ".join(map(str, kinds))


def rows_are_independent(task: Task) -> str:
    """The answer to an input is the same whatever else is in the batch, and in any order."""
    base, seen = base_length(task), list[int]()
    for length in dict.fromkeys([base, *lengths_to_try(task)[-1:]]):
        try:
            inputs = drawn(task, length, ROWS if length == base else 8)
            task.batch_of(inputs)
        except UsageError:
            continue  # other checks say what is wrong with this length
        check_rows_alone(task, inputs)
        seen.append(length)
    return f"backwards, in halves and alone, at length {' and '.join(map(str, seen))}"


def answers_differ(task: Task) -> str:
    """Answers depend on the inputs: not all are the same symbol, and some are scored."""
    if all(known_size(task, length) == 1 for length in short_lengths(task)):
        raise NotApplicable("there is one input of each length")
    answers: list[Array] = []
    places: dict[tuple[int, int], set[bytes]] = {}
    for length in dict.fromkeys([base_length(task), *short_lengths(task)]):
        try:
            targets = task.batch_of(many(task, length, 2**11)).targets
        except UsageError:
            continue  # other checks say what is wrong with this length
        counts = scored(targets)
        answers.append(targets[counts])
        for step in range(targets.shape[1]):
            told = {targets[row, step].tobytes() for row in np.flatnonzero(counts[:, step])}
            # Where an answer follows the input, its place is counted from its own start.
            key = (0, step) if task.layout == "each" else (length, step)
            places.setdefault(key, set()).update(told)
    together = np.concatenate(answers)
    if not len(together):
        raise CheckFailedError(
            f"task {task.known_as} scores no position of any input: encode must give answers, not "
            "IGNORE, an empty set or NaN everywhere"
        )
    if (together == together[:1]).all():
        said = shown(task.targets, together[:1])
        raise CheckFailedError(
            f"task {task.known_as}: every scored answer of {len(together)} is {said}: a model that "
            "ignores its inputs is right; encode must depend on the inputs"
        )
    if all(len(told) <= 1 for told in places.values()):
        raise CheckFailedError(
            f"task {task.known_as}: the answer at each place is the same for all inputs: a model "
            "that ignores its inputs is right; encode must depend on the inputs"
        )
    kinds = len(np.unique(together.reshape(len(together), -1), axis=0))
    what = "set" if isinstance(task.targets, TokenSets) else "answer"
    return f"{counted(kinds, f'different {what}')} among {len(together)}"
