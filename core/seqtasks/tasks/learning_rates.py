"""Learning-rate schedules: a spec says what share of the learning rate each step takes."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from seqtasks.errors import UsageError
from seqtasks.specs.bind import bind_one_of

__all__ = ["SCHEDULES", "Schedule", "build_schedule"]


class Schedule(Protocol):
    """Gives each step's share of the learning rate."""

    def shares(self, first_step: int, steps: int) -> NDArray[np.float64]:
        """Return the shares of consecutive steps, (steps,). The first training step is step 0."""
        ...


@dataclass(frozen=True)
class Constant:
    """The full learning rate at every step."""

    def shares(self, first_step: int, steps: int) -> NDArray[np.float64]:
        """Return ones."""
        return np.ones(steps)


@dataclass(frozen=True)
class Warmup:
    """A linear rise to the full learning rate over the first `steps` steps.

    Step k, counted from 0, takes the share (k + 1) / steps.
    """

    steps: int

    def __post_init__(self) -> None:
        _at_least("steps", self.steps, 1)

    def shares(self, first_step: int, steps: int) -> NDArray[np.float64]:
        """Return (k + 1) / steps during the rise, and 1 afterwards."""
        return np.minimum(1.0, (np.arange(first_step, first_step + steps) + 1) / self.steps)


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from the full learning rate down to the share `last`, reached at `steps`.

    The first `warmup` steps rise linearly, and the cosine takes the other steps. From step `steps`
    on, the share is `last`. (I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient
    Descent with Warm Restarts", ICLR 2017, without a restart.)
    """

    steps: int
    warmup: int = 0
    last: float = 0.0

    def __post_init__(self) -> None:
        _at_least("steps", self.steps, 1)
        _at_least("warmup", self.warmup, 0)
        if self.warmup >= self.steps:
            raise UsageError(
                f"the schedule's warmup must be less than its steps, {self.steps}, "
                f"got {self.warmup}"
            )
        if not 0 <= self.last <= 1:
            raise UsageError(f"the schedule's last must be a share from 0 to 1, got {self.last:g}")

    def shares(self, first_step: int, steps: int) -> NDArray[np.float64]:
        """Return the rise, then last + (1 - last) (1 + cos(π t)) / 2 for t from 0 to 1."""
        step = np.arange(first_step, first_step + steps)
        done = np.clip((step - self.warmup) / (self.steps - self.warmup), 0.0, 1.0)
        falling = self.last + (1 - self.last) * (1 + np.cos(math.pi * done)) / 2
        return np.where(step < self.warmup, (step + 1) / max(1, self.warmup), falling)


SCHEDULES: dict[str, type[Constant] | type[Warmup] | type[Cosine]] = {
    "constant": Constant,
    "cosine": Cosine,
    "warmup": Warmup,
}


def build_schedule(text: str) -> Schedule:
    """Return the schedule that a spec string names, such as `cosine:steps=5000,warmup=100`.

    Raises:
        UsageError: for an unknown name, an unknown parameter, or a value out of range.

    Example:
        >>> build_schedule("warmup:steps=4").shares(first_step=0, steps=6)
        array([0.25, 0.5 , 0.75, 1.  , 1.  , 1.  ])
        >>> build_schedule("cosine:steps=4,last=0.2").shares(first_step=2, steps=4).round(3)
        array([0.6  , 0.317, 0.2  , 0.2  ])
    """
    chosen, values = bind_one_of(text, SCHEDULES, "learning-rate schedule")
    return chosen(**values)


def _at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise UsageError(f"the schedule's {name} must be at least {least}, got {value}")
