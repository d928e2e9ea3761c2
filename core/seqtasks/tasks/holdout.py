"""A held-out split: inputs of each training length that training never sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seqtasks.errors import UsageError
from seqtasks.randomness.streams import stream
from seqtasks.tasks import Array, Reals, Task
from seqtasks.tasks.lengths import LengthRange
from seqtasks.tasks.listed_inputs import domain_size

__all__ = ["LARGEST_DOMAIN", "Holdout", "checked_domain_size"]

LARGEST_DOMAIN = 2**20
"""A length with more inputs than this is not listed."""

MOST_REDRAWS = 1000
MOST_LENGTHS_TRIED = 100
"""How many of a task's shortest lengths to search for one that can be split."""

_Sort = Literal["split", "few", "many"]


@dataclass(frozen=True, eq=False)
class _Split:
    """The two parts of a length's inputs, (inputs, length[, features]), and codes to tell them."""

    held_out: Array
    trained: Array
    multipliers: NDArray[np.uint64]
    codes: NDArray[np.uint64]
    reals: bool

    def is_held_out(self, inputs: Array) -> NDArray[np.bool_]:
        codes = _codes(inputs, self.multipliers, self.reals)
        places = np.searchsorted(self.codes, codes)
        return self.codes[np.minimum(places, len(self.codes) - 1)] == codes


class Holdout:
    """The inputs of the training lengths that are kept for evaluation alone.

    The split of a length depends on the seed and the length alone. A length is split if it has at
    most `LARGEST_DOMAIN` inputs, and if the share leaves some inputs to hold out and some to train
    on. The other lengths hold nothing out. If a length has too few inputs, training uses all of
    them. If it has too many, training draws them as without a split: a draw hits a given input
    about once in a million times or less.

    Args:
        task: the task whose inputs are split.
        lengths: the training lengths.
        share: the share of a length's inputs to hold out, above 0 and below 1.
        seed: the experiment's seed.

    Attributes:
        split: the training lengths that are split; `length in holdout` says whether one is.
        too_few: the training lengths with too few inputs to be split.
        too_many: the training lengths with more inputs than are listed.

    Raises:
        UsageError: if the task cannot list its inputs, or no training length can be split.

    Example:
        >>> import seqtasks as st
        >>> split = Holdout(st.task("parity"), range(1, 5), share=0.25, seed=0)
        >>> split.held_out(4).shape, split.trained(4).shape
        ((4, 4), (12, 4))
        >>> split.describe()
        'held out: 25 % of the inputs of length 2..4; none of length 1 (too few)'
    """

    def __init__(self, task: Task, lengths: range, share: float, seed: int) -> None:
        self._task, self._trained_on, self._share, self._seed = task, lengths, share, seed
        self._splits: dict[int, _Split] = {}
        sorts: dict[_Sort, list[int]] = {"split": [], "few": [], "many": []}
        for length in lengths:
            size = domain_size(task, length)
            if size is None:
                raise UsageError(f"{_unlisted(task, length)}, so none can be held out")
            sorts[_sort(size, share)].append(length)
        self.split, self.too_few, self.too_many = map(tuple, sorts.values())
        if not self.split:
            raise UsageError(self._why_none())

    def __contains__(self, length: int) -> bool:
        return length in self.split

    def describe(self) -> str:
        """Return one line: which training lengths are split, which are not, and why not."""
        text = f"held out: {100 * self._share:g} % of the inputs of length {self._runs(self.split)}"
        others: list[str] = []
        if self.too_few:
            others.append(f"of length {self._runs(self.too_few)} (too few)")
        if self.too_many:
            others.append(f"of length {self._runs(self.too_many)} (more than {LARGEST_DOMAIN})")
        return f"{text}; none {' and '.join(others)}" if others else text

    def held_out(self, length: int) -> Array:
        """Return the held-out inputs of a length, in the order in which the task lists them."""
        return self._split(length).held_out

    def trained(self, length: int) -> Array:
        """Return the inputs of a length that training may see, in the task's order."""
        return self._split(length).trained

    def draw(self, rng: np.random.Generator, count: int, length: int) -> Array:
        """Draw inputs as the task does, and redraw each until training may see it.

        At a length that is not split, training may see any input.

        Raises:
            UsageError: if the task draws only inputs that are held out.
        """
        if length not in self:
            return self._task.draw(rng, count, length)
        split = self._split(length)
        drawn = self._task.draw(rng, count, length)
        again = np.flatnonzero(split.is_held_out(drawn))
        if len(again):
            drawn = np.array(drawn)
        for _ in range(MOST_REDRAWS):
            if not len(again):
                return drawn
            drawn[again] = self._task.draw(rng, len(again), length)
            again = again[split.is_held_out(drawn[again])]
        raise UsageError(
            f"{self._task.known_as} hardly draws an input of length {length} that is not "
            "held out; choose a smaller share"
        )

    def _runs(self, chosen: Sequence[int]) -> str:
        return _runs(chosen, self._trained_on)

    def _why_none(self) -> str:
        """Say why no length can be split, and which length could be."""
        why: list[str] = []
        if self.too_few:
            why.append(
                f"too few inputs of length {self._runs(self.too_few)} for a share of "
                f"{self._share:g} to leave some to hold out and some to train on"
            )
        if self.too_many:
            why.append(
                f"more than {LARGEST_DOMAIN} inputs of length {self._runs(self.too_many)}, which "
                "are not listed"
            )
        return f"{self._task.known_as} has {' and '.join(why)}; {self._remedy()}"

    def _remedy(self) -> str:
        allowed = self._task.lengths
        last = allowed.minimum + MOST_LENGTHS_TRIED * allowed.step
        tried = allowed.within(LengthRange(allowed.minimum, last))
        sizes = {length: domain_size(self._task, length) for length in tried}
        possible = [
            length
            for length, size in sizes.items()
            if size is not None and _sort(size, self._share) == "split"
        ]
        if possible:
            return f"train on some of length {_runs(possible, tried)}"
        if any(size is not None and 1 < size <= LARGEST_DOMAIN for size in sizes.values()):
            return "choose another share"
        return "no length of it can be split"

    def _split(self, length: int) -> _Split:
        if length not in self:
            raise UsageError(f"the inputs of length {length} are not split; {self.describe()}")
        if length not in self._splits:
            self._splits[length] = self._parted(length)
        return self._splits[length]

    def _parted(self, length: int) -> _Split:
        domain = np.asarray(self._task.enumerate(length))
        order = stream(self._seed, "holdout", length).permutation(len(domain))
        held_out = np.zeros(len(domain), dtype=np.bool_)
        held_out[order[: round(self._share * len(domain))]] = True
        # A code is a sum of products modulo 2^64. All inputs of the domain are checked to have
        # different codes, so the code identifies an input with certainty.
        multipliers = stream(0, "holdout codes", length).integers(
            2**64, size=domain[0].size, dtype=np.uint64
        )
        reals = isinstance(self._task.inputs, Reals)
        codes = _codes(domain, multipliers, reals)
        if len(np.unique(codes)) < len(codes):
            raise UsageError(
                f"{self._task.known_as} lists an input of length {length} twice, so none can be "
                "held out"
            )
        kept = np.sort(codes[held_out])
        return _Split(domain[held_out], domain[~held_out], multipliers, kept, reals)


def checked_domain_size(task: Task, length: int, consequence: str) -> int:
    """Return how many inputs of a length a task lists.

    Raises:
        UsageError: if it cannot list them or they are too many; the message adds `consequence`.
    """
    size = domain_size(task, length)
    if size is None:
        raise UsageError(f"{_unlisted(task, length)}, so {consequence}")
    if size > LARGEST_DOMAIN:
        raise UsageError(
            f"{task.known_as} has more than {LARGEST_DOMAIN} inputs of length {length}, which are "
            f"not listed, so {consequence}"
        )
    return size


def _unlisted(task: Task, length: int) -> str:
    """Say that a task cannot list its inputs, and why, if the reason is known."""
    if isinstance(task.inputs, Reals):
        return f"{task.known_as} has real numbers as inputs, which cannot be enumerated"
    return f"{task.known_as} cannot enumerate its inputs of length {length}"


def _sort(size: int, share: float) -> _Sort:
    """Return whether a number of inputs can be split, or is too few or too many."""
    if size > LARGEST_DOMAIN:
        return "many"
    return "split" if 0 < round(share * size) < size else "few"


def _runs(chosen: Sequence[int], among: range) -> str:
    """Return some of the lengths as text, such as `1..3, 7`; neighbours form one range."""
    text: list[str] = []
    for length in chosen:
        if text and length - among.step in chosen:
            text[-1] = f"{text[-1].partition('..')[0]}..{length}"
        else:
            text.append(str(length))
    return ", ".join(text)


def _codes(inputs: Array, multipliers: NDArray[np.uint64], reals: bool) -> NDArray[np.uint64]:
    """Return a number for each input, (inputs,), from its ids or the bits of its reals."""
    flat = inputs.reshape(len(inputs), -1)
    if reals:  # in the type of a batch; 0.0 for -0.0
        flat = (flat.astype(np.float32) + np.float32(0)).view(np.uint32)
    return flat.astype(np.uint64) @ multipliers
