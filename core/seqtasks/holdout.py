"""A held-out split: of each training length, some inputs that training never sees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.errors import UsageError
from seqtasks.randomness import stream
from seqtasks.tasks import Array, Reals, Task

__all__ = ["LARGEST_DOMAIN", "Holdout", "checked_domain_size"]

LARGEST_DOMAIN = 2**20
"""The most inputs of a length that are listed."""

MOST_REDRAWS = 1000


@dataclass(frozen=True, eq=False)
class _Split:
    """The inputs of a length, (inputs, length[, features]), parted; and how to tell them apart."""

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
    """The inputs of each training length that are kept for evaluation alone.

    Which these are depends on the seed and the length alone.

    Args:
        task: whose inputs.
        lengths: the training lengths, all of which have a split.
        share: the share of a length's inputs to hold out, above 0 and below 1.
        seed: the experiment's seed.

    Raises:
        UsageError: if the task cannot list the inputs of a length, or has too few of them for one
            to be held out and one to be trained on.

    Example:
        >>> import seqtasks as st
        >>> split = Holdout(st.task("parity"), range(4, 5), share=0.25, seed=0)
        >>> split.held_out(4).shape, split.trained(4).shape
        ((4, 4), (12, 4))
    """

    def __init__(self, task: Task, lengths: range, share: float, seed: int) -> None:
        self._task, self._lengths, self._share, self._seed = task, lengths, share, seed
        self._splits: dict[int, _Split] = {}
        for length in lengths:
            size = checked_domain_size(task, length, "none can be held out")
            if not 0 < round(share * size) < size:
                raise UsageError(
                    f"{type(task).__name__} has {size} input(s) of length {length}: a held-out "
                    f"share of {share:g} leaves none to score on or none to train on; train on "
                    "longer inputs, or choose another share"
                )

    def __contains__(self, length: int) -> bool:
        return length in self._lengths

    def held_out(self, length: int) -> Array:
        """Return the inputs of a length held out, in the order in which the task lists them."""
        return self._split(length).held_out

    def trained(self, length: int) -> Array:
        """Return the inputs of a length that training may see, in that order."""
        return self._split(length).trained

    def draw(self, rng: np.random.Generator, count: int, length: int) -> Array:
        """Draw inputs as the task does, each again until it is one that training may see.

        Raises:
            UsageError: if the task draws nothing but inputs that are held out.
        """
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

    def _split(self, length: int) -> _Split:
        if length not in self._splits:
            self._splits[length] = self._parted(length)
        return self._splits[length]

    def _parted(self, length: int) -> _Split:
        domain = np.asarray(self._task.enumerate(length))
        order = stream(self._seed, "holdout", length).permutation(len(domain))
        held_out = np.zeros(len(domain), dtype=np.bool_)
        held_out[order[: round(self._share * len(domain))]] = True
        # A code is a sum of products modulo 2^64. That those of the whole domain differ is checked,
        # so an input is told from every other for certain.
        multipliers = stream(0, "holdout codes", length).integers(
            2**64, size=domain[0].size, dtype=np.uint64
        )
        reals = isinstance(self._task.inputs, Reals)
        codes = _codes(domain, multipliers, reals)
        if len(np.unique(codes)) < len(codes):
            raise UsageError(
                f"{type(self._task).__name__}.enumerate lists an input of length {length} twice, "
                "so none can be held out"
            )
        kept = np.sort(codes[held_out])
        return _Split(domain[held_out], domain[~held_out], multipliers, kept, reals)


def checked_domain_size(task: Task, length: int, consequence: str) -> int:
    """Return how many inputs of a length a task lists.

    Raises:
        UsageError: if it cannot list them or they are too many, with what follows from that.
    """
    size = task.domain_size(length)
    if size is None or size > LARGEST_DOMAIN:
        held = "cannot enumerate its inputs" if size is None else f"has {size} inputs"
        most = "" if size is None else f" and more than {LARGEST_DOMAIN} are not listed"
        raise UsageError(f"{task.known_as} {held} of length {length}{most}, so {consequence}")
    return size


def _codes(inputs: Array, multipliers: NDArray[np.uint64], reals: bool) -> NDArray[np.uint64]:
    """Return a number for each input, (inputs,), from its ids or the bits of its reals."""
    flat = inputs.reshape(len(inputs), -1)
    if reals:  # as a batch has them; 0.0 for -0.0
        flat = (flat.astype(np.float32) + np.float32(0)).view(np.uint32)
    return flat.astype(np.uint64) @ multipliers
