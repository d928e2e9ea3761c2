"""Instances to try a task on."""

import hashlib
import time
from collections.abc import Iterator

import numpy as np

from seqtasks.errors import UsageError
from seqtasks.randomness.streams import stream
from seqtasks.tasks.batch import Array
from seqtasks.tasks.lengths import LengthRange
from seqtasks.tasks.listed_inputs import domain_size
from seqtasks.tasks.task import Task

__all__ = [
    "ROWS",
    "base_length",
    "digest",
    "drawn",
    "known_size",
    "lengths_to_try",
    "many",
    "short_lengths",
    "takes_all_inputs",
]

ROWS = 32
"""How many instances most checks look at."""
_NEAR = 10
_SHORTEST = 12
"""How many of the shortest lengths are tried."""
_FAR = (50, 100, 200, 500)
_LONGEST = 2000
_MOST_SYMBOLS = 2**16
_PORTION = 2**11
_SECONDS = 0.1


def base_length(task: Task) -> int:
    """Return the length at which most checks try a task.

    It is a short length that the task's settings train on. If the task fails there, it is the next
    length at which the task does not fail, so that a wrong claim about lengths is found by the
    check of lengths alone.
    """
    trained = task.lengths.within(LengthRange.parse(task.settings.length))
    first = task.lengths.nearest(min(trained, key=lambda one: abs(one - _NEAR), default=_NEAR))
    for length in dict.fromkeys([first, *trained[:4], *short_lengths(task)]):
        try:
            task.batch_of(drawn(task, length, 2))
        except (UsageError, RecursionError):
            continue
        return length
    return first


def short_lengths(task: Task, count: int = _SHORTEST) -> list[int]:
    """Return the shortest lengths that a task can have."""
    lengths = task.lengths
    return list(lengths.within(LengthRange(1, lengths.minimum + lengths.step * (count - 1))))


def lengths_to_try(task: Task) -> list[int]:
    """Return short and long lengths that a task claims to have, smallest first."""
    lengths, settings = task.lengths, task.settings
    trained = lengths.within(LengthRange.parse(settings.length))
    far = [one for length in _FAR for one in _two_at(task, length)]
    asked = [one for one in settings.evaluation_lengths or () if one in lengths]
    if lengths.maximum is not None:
        far.append(lengths.nearest(lengths.maximum))
    found = {*short_lengths(task), *trained[:2], *trained[-2:], *asked, *far}
    return sorted(length for length in found if length <= max(_LONGEST, lengths.minimum))


def _two_at(task: Task, length: int) -> list[int]:
    """Return the allowed length nearest to `length`, and the next one."""
    nearest = task.lengths.nearest(length)
    return [one for one in (nearest, nearest + task.lengths.step) if one in task.lengths]


def drawn(task: Task, length: int, rows: int, purpose: str = "checks") -> Array:
    """Return inputs as `generate` returns them; equal arguments give equal inputs."""
    return task.draw(stream(0, purpose, length), rows, length)


def many(task: Task, length: int, symbols: int = _MOST_SYMBOLS) -> Array:
    """Return as many drawn inputs as have a number of symbols together, at least two.

    A slow task is drawn for a fraction of a second, and gives fewer.
    """
    rng = stream(0, "many", length)
    wanted, portion = max(2, symbols // length), max(2, min(symbols, _PORTION) // length)
    start, found, count = time.perf_counter(), list[Array](), 0
    while count < wanted and (not found or time.perf_counter() - start < _SECONDS):
        found.append(task.draw(rng, min(portion, max(2, wanted - count)), length))
        count += len(found[-1])
    return np.concatenate(found)


def known_size(task: Task, length: int) -> int | None:
    """Return how many inputs of a length a task declares; None if it says nothing of use."""
    try:
        return domain_size(task, length)
    except UsageError:  # the check of the listed inputs says it
        return None


def takes_all_inputs(task: Task, length: int) -> bool:
    """Say whether a task declares that any sequence of its symbols is an input."""
    return known_size(task, length) == task.inputs.size**length


def digest(task: Task, lengths: list[int], rows: int = ROWS) -> Iterator[str]:
    """Yield a digest of a few instances, inputs and targets, at each of some lengths."""
    for length in lengths:
        batch = task.batch_of(drawn(task, length, rows))
        found = hashlib.sha256()
        for array in (batch.inputs, batch.targets):
            found.update(f"{array.dtype} {array.shape} ".encode())
            found.update(np.ascontiguousarray(array).tobytes())
        yield found.hexdigest()
