"""Share among tasks: inputs are any strings of symbols, answers the state at each step."""

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import Array, PublishedProtocol, Reals, Task, Tokens, UsageError

__all__ = [
    "STATE_TRACKING",
    "STATE_TRACKING_PROTOCOL",
    "FollowingTask",
    "check_range",
    "follow",
]


STATE_TRACKING = (
    "Grazzi et al. 2024, Unlocking state-tracking in linear RNNs through negative eigenvalues"
)
STATE_TRACKING_PROTOCOL = PublishedProtocol(
    source=STATE_TRACKING,
    missing=(
        "Its networks are layers of Mamba and DeltaNet with normalisation between them.",
        "It scores whole sequences at each place, the best of three seeds, in figures only.",
        (
            "Its training can be set: --training-inputs 1600000 --batch-size 512 --length 32 "
            "--optimizer adamw:weight_decay=0.01 --lr 0.0001 --clip 1."
        ),
    ),
)


def check_range(name: str, value: int, least: int, most: int) -> None:
    """Raise a UsageError for a parameter that is not a whole number from `least` to `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UsageError(f"{name} must be a whole number from {least} to {most}, got {value!r}")


def follow(table: NDArray[np.integer], inputs: Array, start: int = 0) -> Array:
    """Return the state after each step, (batch, length).

    Args:
        table: the next state of each state at each symbol, (states, symbols).
        inputs: ids of symbols, (batch, length).
        start: the state before the first step.
    """
    states, symbols = table.shape
    flat = table.ravel()
    # Time is the first axis, so that each step reads and writes contiguous memory.
    steps = np.ascontiguousarray(inputs.T, dtype=np.intp)
    visited = np.empty(steps.shape, np.min_scalar_type(states - 1))
    state = np.full(len(inputs), start, dtype=np.intp)
    for time, step in enumerate(steps):
        state = flat.take(state * symbols + step)
        visited[time] = state
    return np.ascontiguousarray(visited.T)


class FollowingTask(Task):
    """A task on all strings of an alphabet, uniformly drawn; its answer at each step is a state."""

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw symbols uniformly, (batch, length)."""
        kind = np.min_scalar_type(self.inputs.size - 1)
        return rng.integers(self.inputs.size, size=(batch_size, length), dtype=kind)

    def domain_size(self, length: int) -> int:
        """Return symbols^length."""
        return self.inputs.size**length

    def enumerate(self, length: int) -> Array:
        """Return every string of a length in alphabetical order, (domain size, length)."""
        symbols, places = self.inputs.size, np.arange(length - 1, -1, -1)
        return np.arange(symbols**length)[:, None] // symbols**places % symbols

    def _set_alphabets(self, inputs: Tokens | Reals, targets: Tokens | Reals) -> None:
        """Set the alphabets, which depend on the parameters of a frozen task."""
        object.__setattr__(self, "inputs", inputs)
        object.__setattr__(self, "targets", targets)
