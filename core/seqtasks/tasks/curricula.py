"""Curricula: a spec string says which training length each batch has."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from seqtasks.errors import UsageError
from seqtasks.specs.bind import bind_one_of
from seqtasks.tasks.lengths import describe_lengths

__all__ = ["CURRICULA", "Curriculum", "build_curriculum"]


class Curriculum(Protocol):
    """Chooses the lengths of batches."""

    def check(self, lengths: range) -> None:
        """Refuse lengths that do not fit the parameters.

        Raises:
            UsageError: naming the parameter.
        """

    def places(
        self, rng: np.random.Generator, lengths: range, first_step: int, steps: int
    ) -> NDArray[np.int64]:
        """Return, for each step, the index of its length in `lengths`, (steps,).

        Args:
            rng: the stream of these steps.
            lengths: the training lengths that the task can have, smallest first.
            first_step: the first of the steps, counted from 0.
            steps: the number of steps.
        """
        ...


@dataclass(frozen=True)
class Uniform:
    """Each batch's length is drawn uniformly from the training lengths, at every step."""

    def check(self, lengths: range) -> None:
        """Accept any lengths."""

    def places(
        self, rng: np.random.Generator, lengths: range, first_step: int, steps: int
    ) -> NDArray[np.int64]:
        """Draw each step's index uniformly."""
        return rng.integers(len(lengths), size=steps)


@dataclass(frozen=True)
class Fixed:
    """One length at every step: `length`, or the longest training length."""

    length: int | None = None

    def check(self, lengths: range) -> None:
        """Refuse a length that is not a training length.

        Raises:
            UsageError: listing the training lengths.
        """
        if self.length is not None and self.length not in lengths:
            raise UsageError(
                f"the curriculum's length must be one of the training lengths, "
                f"{describe_lengths(lengths)}, got {self.length}"
            )

    def places(
        self, rng: np.random.Generator, lengths: range, first_step: int, steps: int
    ) -> NDArray[np.int64]:
        """Return the same index at every step."""
        length = lengths[-1] if self.length is None else self.length
        return np.full(steps, lengths.index(length), dtype=np.int64)


@dataclass(frozen=True)
class Increasing:
    """Start with the shortest training length and add `by` longer ones every `every` steps.

    A batch's length is drawn uniformly from the lengths reached so far. With `mixed=false` it is
    the longest of them. (These are the mixed and the naive strategy of Zaremba & Sutskever 2014,
    Learning to execute.)
    """

    every: int = 100
    by: int = 1
    mixed: bool = True

    def check(self, lengths: range) -> None:
        """Refuse parameters that are not above 0.

        Raises:
            UsageError: naming the parameter.
        """
        for name, value in (("every", self.every), ("by", self.by)):
            if value < 1:
                raise UsageError(f"the curriculum's {name} must be at least 1, got {value}")

    def places(
        self, rng: np.random.Generator, lengths: range, first_step: int, steps: int
    ) -> NDArray[np.int64]:
        """Return each step's index, below the number of lengths reached by then."""
        rises = (first_step + np.arange(steps, dtype=np.int64)) // self.every
        last = np.minimum(rises * self.by, len(lengths) - 1)
        return rng.integers(last, endpoint=True) if self.mixed else last


CURRICULA: dict[str, type[Uniform] | type[Fixed] | type[Increasing]] = {
    "fixed": Fixed,
    "increasing": Increasing,
    "uniform": Uniform,
}


def build_curriculum(text: str, lengths: range) -> Curriculum:
    """Return the curriculum that a spec string names, such as `increasing:every=200`.

    Args:
        text: the spec string.
        lengths: the training lengths that the task can have.

    Raises:
        UsageError: for an unknown name, an unknown parameter, or a value that does not fit.

    Example:
        >>> import numpy as np
        >>> growing = build_curriculum("increasing:every=2,mixed=false", range(1, 4))
        >>> growing.places(np.random.default_rng(0), range(1, 4), first_step=0, steps=7)
        array([0, 0, 1, 1, 2, 2, 2])
    """
    chosen, values = bind_one_of(text, CURRICULA, "curriculum")
    made = chosen(**values)
    made.check(lengths)
    return made
