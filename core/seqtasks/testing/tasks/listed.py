"""Checks of the list of all inputs, over which a score is exact."""

import numpy as np

from seqtasks.errors import counted
from seqtasks.tasks.listed_inputs import all_inputs, as_keys, domain_size
from seqtasks.tasks.mistakes import shown
from seqtasks.tasks.task import Task
from seqtasks.testing.check import CheckFailedError, NotApplicable
from seqtasks.testing.tasks.samples import drawn, short_lengths

__all__ = ["all_inputs_are_listed", "inputs_are_equally_likely"]

_MOST_LISTED = 2**12
_MOST_COUNTED = 2**10
_DRAWS_EACH = 20
_SURPRISE = 7
"""How many standard deviations a sum of squares may lie above its mean."""


def all_inputs_are_listed(task: Task) -> str:
    """`enumerate` lists each input once, as many as `domain_size` says, and all that are drawn."""
    lengths = _listed_lengths(task, _MOST_LISTED)
    total = 0
    for length in lengths:
        listed = all_inputs(task, length)
        total += len(listed)
        if not task.equally_likely:
            known = set(as_keys(listed))
            inputs = drawn(task, length, min(1000, _DRAWS_EACH * len(listed)))
            for row, key in zip(inputs, as_keys(inputs), strict=True):
                if key not in known:
                    raise CheckFailedError(
                        f"task {task.known_as} at length {length}: generate draws "
                        f"{shown(task.inputs, row)}, which enumerate does not list"
                    )
    return f"{counted(total, 'input')} of {counted(len(lengths), 'length')}"


def inputs_are_equally_likely(task: Task) -> str:
    """Each listed input is drawn as often as any other, so exact and sampled scores agree."""
    if not task.equally_likely:
        raise NotApplicable("the task says `equally_likely = False`")
    length = _listed_lengths(task, _MOST_COUNTED)[-1]
    listed = all_inputs(task, length)
    count = _DRAWS_EACH * len(listed)
    places = {key: place for place, key in enumerate(as_keys(listed))}
    inputs = drawn(task, length, count, "frequencies")
    found = np.bincount([places[key] for key in as_keys(inputs)], minlength=len(listed))
    # Pearson's sum of squares: its mean is the number of inputs minus 1, its variance twice that
    freedom = len(listed) - 1
    excess = ((found - _DRAWS_EACH) ** 2).sum() / _DRAWS_EACH - freedom
    if freedom and excess > _SURPRISE * (2 * freedom) ** 0.5 + _SURPRISE:
        often, seldom = int(found.argmax()), int(found.argmin())
        raise CheckFailedError(
            f"task {task.known_as} at length {length}: of {count} draws, {found[often]} are "
            f"{shown(task.inputs, listed[often])} and {found[seldom]} are "
            f"{shown(task.inputs, listed[seldom])}. An exact score counts each input once, so it "
            "would differ from a score over drawn inputs: draw all inputs equally often, or say "
            "`equally_likely = False`"
        )
    return f"{count} draws of {counted(len(listed), 'input')} of length {length}"


def _listed_lengths(task: Task, most: int) -> list[int]:
    """Return short lengths with few enough inputs to list.

    Raises:
        NotApplicable: if there are none.
    """
    sizes = {length: domain_size(task, length) for length in short_lengths(task)}
    found = [length for length, size in sizes.items() if size is not None and 0 < size <= most]
    if not found:
        declared = any(size is not None for size in sizes.values())
        raise NotApplicable(
            "even the shortest length has too many inputs to list"
            if declared
            else "the task lists no inputs (it defines no domain_size)"
        )
    return found
