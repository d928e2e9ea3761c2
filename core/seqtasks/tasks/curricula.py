"""Curricula: a spec string says which training length each batch has."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from seqtasks.errors import UsageError, did_you_mean
from seqtasks.specs.bind import bind
from seqtasks.specs.grammar import parse_spec
from seqtasks.tasks.lengths import describe_lengths

__all__ = ["CURRICULA", "Curriculum", "build_curriculum"]


class Curriculum(Protocol):
    """Chooses the lengths of batches."""

    def check(self, lengths: range) -> None:
        """Refuse lengths that do not go with the parameters.

        Raises:
            UsageError: saying which parameter.
        """

    def places(
        self, rng: np.random.Generator, lengths: range, first_step: int, steps: int
    ) -> NDArray[np.int64]:
        """Return the place among `lengths` of each step's length, (steps,).

        Args:
            rng: the stream of these steps.
            lengths: the training lengths that the task can have, smallest first.
            first_step: the first of the steps, counted from 0.
            steps: how many.
        """
        ...


@dataclass(frozen=True)
class Uniform:
    """Every training length as likely as any other, from the first step to the last."""

    def check(self, lengths: range) -> None:
        """Accept any lengths."""

    def places(
        self, rng: np.random.Generator, lengths: range, first_step: int, steps: int
    ) -> NDArray[np.int64]:
        """Draw each step's place uniformly."""
        return rng.integers(len(lengths), size=steps)


@dataclass(frozen=True)
class Fixed:
    """One length at every step: `length`, or the longest training length."""

    length: int | None = None

    def check(self, lengths: range) -> None:
        """Refuse a length that is not among those trained.

        Raises:
            UsageError: saying which are.
        """
        if self.length is not None and self.length not in lengths:
            raise UsageError(
                f"the curriculum's length must be one of the training lengths, "
                f"{describe_lengths(lengths)}, got {self.length}"
            )

    def places(
        self, rng: np.random.Generator, lengths: range, first_step: int, steps: int
    ) -> NDArray[np.int64]:
        """Return the same place at every step."""
        length = lengths[-1] if self.length is None else self.length
        return np.full(steps, lengths.index(length), dtype=np.int64)


@dataclass(frozen=True)
class Increasing:
    """From the shortest training length to longer ones: `by` more of them every `every` steps.

    A batch's length is drawn from those reached so far, each as likely as any other; with
    `mixed=false` it is the longest of them. (The two are the mixed and the naive strategy of
    Zaremba & Sutskever 2014, Learning to execute.)
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
        """Return each step's place among those reached by then."""
        rises = (first_step + np.arange(steps, dtype=np.int64)) // self.every
        last = np.minimum(rises * self.by, len(lengths) - 1)
        return rng.integers(last, endpoint=True) if self.mixed else last


CURRICULA: dict[str, type[Uniform] | type[Fixed] | type[Increasing]] = {
    "fixed": Fixed,
    "increasing": Increasing,
    "uniform": Uniform,
}


def build_curriculum(text: str, lengths: range) -> Curriculum:
    """Return the curriculum a spec string names, such as `increasing:every=200`.

    Args:
        text: the spec string.
        lengths: the training lengths that the task can have.

    Raises:
        UsageError: for an unknown name, or a parameter that it does not have or that does not fit.

    Example:
        >>> import numpy as np
        >>> growing = build_curriculum("increasing:every=2,mixed=false", range(1, 4))
        >>> growing.places(np.random.default_rng(0), range(1, 4), first_step=0, steps=7)
        array([0, 0, 1, 1, 2, 2, 2])
    """
    spec = parse_spec(text, modules=False)
    if spec.path is not None or spec.name not in CURRICULA:
        raise UsageError(
            f"unknown curriculum '{text}'; known: {', '.join(CURRICULA)}."
            + did_you_mean(spec.name, CURRICULA)
        )
    chosen = CURRICULA[spec.name]
    made = chosen(**bind(spec, chosen))
    made.check(lengths)
    return made
