"""The task adding."""

from dataclasses import dataclass

import numpy as np

from seqtasks.tasks import (
    AllowedLengths,
    Array,
    Reals,
    Settings,
    Task,
    mean_squared_error,
    r_squared,
)
from seqtasks_memory.symbols import LONG_LAGS

__all__ = ["Adding"]


@dataclass(frozen=True)
class Adding(Task):
    """Add the two marked numbers among many.

    Each step is a pair: a value, uniform on [0, 1), and a marker, 1 at two steps and 0 elsewhere.
    The first marked step is uniform among the first n // 2 steps, the second among the others. The
    answer at the end is the sum of the two marked values, scored by its squared error. It is
    learned when the mean squared error is below 0.001; always answering 1 has a mean of 1/6. Length
    counts the pairs, n, from 2.
    """

    inputs = Reals(2)
    targets = Reals(1)
    layout = "end"
    lengths = AllowedLengths(2)
    metrics = (mean_squared_error, r_squared)
    settings = Settings(
        cell="gru", hidden_size=64, length="50", evaluation_lengths=(50, 100, 200, 500)
    )
    source = (
        "Hochreiter & Schmidhuber 1997, Long short-term memory, experiment 4; in the form of Le, "
        "Jaitly & Hinton 2015, A simple way to initialize recurrent networks of rectified linear "
        "units, with a marker in each half as in Arjovsky, Shah & Bengio 2016, Unitary evolution "
        "recurrent neural networks"
    )
    published = LONG_LAGS

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw values and the places of the markers, (batch, length, 2) float32."""
        inputs = np.zeros((batch_size, length, 2), dtype=np.float32)
        inputs[:, :, 0] = rng.random((batch_size, length), dtype=np.float32)
        every_row = np.arange(batch_size)
        half = length // 2
        inputs[every_row, rng.integers(half, size=batch_size), 1] = 1
        inputs[every_row, rng.integers(half, length, size=batch_size), 1] = 1
        return inputs

    def encode(self, inputs: Array) -> Array:
        """Return the sum of the marked values, (batch, 1)."""
        return np.einsum("bt,bt->b", inputs[:, :, 0], inputs[:, :, 1])[:, None]

    def is_solved(self, metrics: dict[str, float]) -> bool:
        """Say whether the mean squared error is below 0.001."""
        return metrics.get("mean_squared_error", np.inf) < 0.001
