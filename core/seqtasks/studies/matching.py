"""Make cells equal in size before they are compared: in hidden size, or in trained numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from seqtasks.display import printable
from seqtasks.errors import UsageError, did_you_mean
from seqtasks.experiments.experiment import Experiment
from seqtasks.registry.references import short_name
from seqtasks.studies.plan import identity
from seqtasks.studies.settle import trained_numbers

__all__ = ["Match", "Matched", "matched", "nearest_size"]

Match = Literal["parameters", "hidden-size"]

MOST_OFF = 0.05
"""The largest share by which a matched number of trained numbers may differ."""

MOST_HIDDEN = 2**16
"""The largest hidden size that is tried."""

MOST_REFUSED = 64
"""How many sizes in a row a cell may refuse, such as all that its heads do not divide."""


@dataclass(frozen=True)
class Matched:
    """An experiment after matching.

    Attributes:
        experiment: the experiment, with the hidden size that fits.
        parameters: the number of trained numbers of its model.
        wanted: the number that it was matched to: the first cell's.
    """

    experiment: Experiment
    parameters: int
    wanted: int


def matched(experiments: Sequence[Experiment], how: str) -> list[Matched]:
    """Match each experiment to the one that has the first cell and is otherwise the same.

    Args:
        experiments: the experiments; the first has the cell to which the others are matched.
        how: `parameters` for hidden sizes that bring the numbers of trained numbers as near to one
            another as possible, `hidden-size` for the same hidden size.

    Raises:
        UsageError: if there is one cell alone, or no hidden size comes within 5 % of the first
            cell's number of trained numbers.
    """
    if how not in get_args(Match):
        known = get_args(Match)
        raise UsageError(
            f"match must be {' or '.join(known)}, got {how!r}{did_you_mean(how, known)}"
        )
    first = experiments[0].cell
    if all(experiment.cell == first for experiment in experiments):
        raise UsageError("--match makes cells equal in size: name several with --cell")
    references = {identity(one): one for one in experiments if one.cell == first}
    found: list[Matched] = []
    for experiment in experiments:
        reference = references[identity(experiment.with_changes(cell=first))]
        wanted = trained_numbers(reference)
        if how == "parameters" and experiment.cell != first:
            size = nearest_size(lambda h, e=experiment: _count_at(e, h), wanted)
            experiment = experiment.with_changes(hidden_size=size)
        one = Matched(experiment, trained_numbers(experiment), wanted)
        if how == "parameters" and abs(one.parameters - wanted) > MOST_OFF * wanted:
            raise _too_far(one, reference)
        found.append(one)
    return found


def nearest_size(count: Callable[[int], int | None], wanted: int) -> int:
    """Return the hidden size whose count is nearest to a number; of two, the smaller.

    Args:
        count: returns the trained numbers at a hidden size, which grow with it; None for a size
            that the cell refuses.
        wanted: the number to come near to.

    Raises:
        UsageError: if the cell refuses all small sizes.

    Example:
        >>> from seqtasks.studies.matching import nearest_size
        >>> nearest_size(lambda hidden: hidden * hidden, 50)
        7
    """
    counted = cache(count)
    low = _possible(counted, 1, 1)
    if low is None:
        raise UsageError(f"the cell can be made with no hidden size from 1 to {MOST_REFUSED}")
    high = low
    while _at(counted, high) < wanted and high < MOST_HIDDEN:
        following = _possible(counted, 2 * high, 1) or high
        if _at(counted, following) <= _at(counted, high):
            break
        low, high = high, following
    while high - low > 1:  # at low there are too few or just enough, at high enough or too many
        middle = _possible(counted, (low + high) // 2, 1)
        if middle is None or middle >= high:
            middle = _possible(counted, (low + high) // 2, -1)
        if middle is None or middle <= low:
            break
        if _at(counted, middle) < wanted:
            low = middle
        else:
            high = middle
    return min((low, high), key=lambda size: (abs(_at(counted, size) - wanted), size))


def _possible(count: Callable[[int], int | None], size: int, step: int) -> int | None:
    """Return the first size from here on, upwards or downwards, that the cell accepts."""
    for tried in range(size, size + step * MOST_REFUSED, step):
        if tried < 1:
            return None
        if count(tried) is not None:
            return tried
    return None


def _at(count: Callable[[int], int | None], size: int) -> int:
    found = count(size)
    assert found is not None
    return found


def _count_at(experiment: Experiment, hidden_size: int) -> int | None:
    try:
        return trained_numbers(experiment.with_changes(hidden_size=hidden_size))
    except UsageError:
        return None


def _too_far(one: Matched, reference: Experiment) -> UsageError:
    off = abs(one.parameters - one.wanted) / one.wanted
    cell, first = (printable(short_name(e.cell)) for e in (one.experiment, reference))
    return UsageError(
        f"no hidden size of {cell} has about as many trained numbers as {first} of hidden size "
        f"{reference.hidden_size}, {one.wanted:,}: the nearest, {one.experiment.hidden_size}, has "
        f"{one.parameters:,} ({off:.0%} off, at most {MOST_OFF:.0%}); take a larger --hidden-size, "
        "or --match hidden-size"
    )
