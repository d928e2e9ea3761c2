"""The task temporal-order."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from seqtasks.tasks import AllowedLengths, Array, Settings, Task, Tokens, UsageError
from seqtasks_memory.symbols import LONG_SHORT_TERM, refuse, set_attributes

__all__ = ["TemporalOrder"]

_X = 4


@dataclass(frozen=True)
class TemporalOrder(Task):
    """Tell in which order two (or three) relevant symbols came.

    The input begins with E and ends with B. In between it has a b c d, drawn uniformly, except for
    two places that hold X or Y with equal chance: the first place is drawn from n/10 .. n/5 and the
    second from n/2 .. 3n/5, counted from 0, rounded down, both ends included. The answer at the end
    is Q for X X, R for X Y, S for Y X and U for Y Y. With `relevant=3` the places are from n/10 ..
    n/5, 33n/100 .. 43n/100 and 66n/100 .. 76n/100, and the answers, in the same order of X before
    Y, are Q R S U V A B C. Length counts all steps, n, from 10; the paper has lengths 100 .. 110,
    with the places of length 100.
    """

    relevant: Literal[2, 3] = 2

    inputs = Tokens("abcdXYEB")
    layout = "end"
    lengths = AllowedLengths(10)
    settings = Settings(cell="gru", hidden_size=32, length="10..30", learning_rate=0.005)
    source = (
        "Hochreiter & Schmidhuber 1997, Long short-term memory, experiment 6, with places in "
        "proportion to the length"
    )
    published = LONG_SHORT_TERM
    percents: ClassVar = {2: ((10, 20), (50, 60)), 3: ((10, 20), (33, 43), (66, 76))}

    def __post_init__(self) -> None:
        """Check the parameter and set the answers."""
        if self.relevant not in self.percents:
            raise UsageError(f"relevant must be 2 or 3, got {self.relevant!r}")
        set_attributes(self, targets=Tokens("QRSUVABC"[: 2**self.relevant]))

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw distractors, and the relevant symbols at their places, (batch, length)."""
        inputs = rng.integers(4, size=(batch_size, length), dtype=np.uint8)
        inputs[:, 0], inputs[:, -1] = 6, 7
        every_row = np.arange(batch_size)
        for first, last in self.percents[self.relevant]:
            places = rng.integers(first * length // 100, last * length // 100 + 1, size=batch_size)
            inputs[every_row, places] = _X + rng.integers(2, size=batch_size, dtype=np.uint8)
        return inputs

    def encode(self, inputs: Array) -> Array:
        """Return the number that the relevant symbols spell, X as 0 and Y as 1, (batch,)."""
        found = (inputs == _X) | (inputs == _X + 1)
        wrong = np.count_nonzero(found, axis=1) != self.relevant
        refuse(wrong, inputs, f"an input must have {self.relevant} symbols of X and Y")
        digits = inputs[found].reshape(len(inputs), self.relevant) - _X
        return digits @ (2 ** np.arange(self.relevant)[::-1])
