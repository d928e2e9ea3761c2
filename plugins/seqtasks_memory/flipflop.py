"""Tasks of holding what was last written: flip-flop and n-bit-flip-flop."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqtasks.tasks import (
    IGNORE,
    AllowedLengths,
    Array,
    PublishedProtocol,
    Reals,
    Settings,
    Task,
    Tokens,
    UsageError,
    mean_squared_error,
    r_squared,
    random_bits,
    random_octets,
)
from seqtasks_memory.symbols import check_range, portions, set_attributes

__all__ = ["FlipFlop", "NBitFlipFlop"]

_WRITE, _READ, _PASS = 2, 3, 4


@dataclass(frozen=True)
class FlipFlop(Task):
    """Say, at each read, the bit that was written last.

    The input is instructions, each w (write), r (read) or i (ignore), with a bit after each. The
    first instruction is w and the last r; any other is i with probability `ignore`, else w or r
    with equal chance. A bit after w or i is fair; a bit after r is the bit written last. Only the
    steps of the r are scored: the answer there is the bit that must come next. Length counts the
    steps, two per instruction, from 4; the paper's is 512. It trains with `ignore=0.8`, and also
    tests with sparse reads and writes (`ignore=0.98`) and with dense ones (`ignore=0.1`).
    """

    ignore: float = 0.8

    inputs = Tokens("01wri")
    targets = Tokens("01")
    layout = "each"
    lengths = AllowedLengths(4, 2)
    settings = Settings(
        cell="lstm",
        hidden_size=32,
        length="4..40",
        learning_rate=0.005,
        evaluation_lengths=(40, 100, 512),
    )
    source = "Liu et al. 2023, Exposing attention glitches with flip-flop language modeling"
    published = PublishedProtocol(
        source=source,
        missing=(
            (
                "Its networks are transformers, and an LSTM whose figures are errors on 160,000 "
                "sequences; few of these test what matters."
            ),
            "Its training can be set: --training-inputs 1600000 --length 512.",
        ),
    )

    def __post_init__(self) -> None:
        """Check the parameter."""
        if not 0 <= self.ignore <= 1:
            raise UsageError(f"ignore must be a probability, 0 to 1, got {self.ignore!r}")

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw instructions and their bits, (batch, length)."""
        shape = (batch_size, length // 2)
        drawn = rng.random(shape, dtype=np.float32)
        instructions = np.full(shape, _PASS, dtype=np.uint8)
        instructions -= drawn >= self.ignore  # i to r
        instructions -= drawn >= (1 + self.ignore) / 2  # and half of these to w
        instructions[:, 0], instructions[:, -1] = _WRITE, _READ
        bits = random_bits(rng, drawn.size).reshape(shape)
        inputs = np.empty((batch_size, length), dtype=np.uint8)
        inputs[:, 0::2] = instructions
        inputs[:, 1::2] = np.where(instructions == _READ, _last_written(instructions, bits), bits)
        return inputs

    def encode(self, inputs: Array) -> Array:
        """Return the bit written last at each read that follows a write, (batch, length)."""
        instructions = inputs[:, 0::2]
        answers = np.full(inputs.shape, IGNORE, dtype=np.int8)
        held = _last_written(instructions, inputs[:, 1::2])
        answers[:, 0::2] = np.where((instructions == _READ) & (held >= 0), held, IGNORE)
        return answers


def _last_written(instructions: Array, bits: Array) -> NDArray[np.int8]:
    """Return the bit written last up to each instruction, -1 before the first write."""
    ones = (bits == 1).view(np.int8)
    return _hold((instructions == _WRITE).view(np.int8) * (ones + np.int8(1))) - np.int8(1)


@dataclass(frozen=True)
class NBitFlipFlop(Task):
    """Hold the last pulse of each of several channels.

    At each step, each of `channels` inputs is a pulse with probability `rate`, else 0; at the first
    step it is always a pulse. A pulse is +1 or -1 with equal chance. The answer at each step is
    each channel's last pulse, scored by its squared error. It is learned when the mean squared
    error is below 0.001. Length counts the steps, from 1. The paper's network has 3 channels and
    rare pulses; we chose the rate.
    """

    channels: int = 3
    rate: float = 0.1

    layout = "each"
    metrics = (mean_squared_error, r_squared)
    settings = Settings(
        cell="gru",
        hidden_size=32,
        length="50",
        learning_rate=0.005,
        evaluation_lengths=(50, 100, 500),
    )
    source = (
        "Sussillo & Barak 2013, Opening the black box: low-dimensional dynamics in "
        "high-dimensional recurrent neural networks"
    )

    def __post_init__(self) -> None:
        """Check the parameters and set the sizes of the vectors."""
        check_range("channels", self.channels, 1, 1000)
        if not 0 <= self.rate <= 1:
            raise UsageError(f"rate must be a probability, 0 to 1, got {self.rate!r}")
        set_attributes(self, inputs=Reals(self.channels), targets=Reals(self.channels))

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Draw pulses, (batch, length, channels) of -1, 0 and 1."""
        pulses = np.empty((batch_size, length, self.channels), dtype=np.int8)
        limit = round(self.rate * 2**32)
        for rows in portions(batch_size, length * self.channels):
            shape = pulses[rows].shape
            count = math.prod(shape)
            # Drawing four bytes is twice as fast as drawing a float.
            drawn = random_octets(rng, 4 * count).view("<u4").reshape(shape)
            # One draw for both: numbers below the limit are pulses, its lower half negative ones.
            some = (drawn < limit).view(np.int8)
            some -= 2 * (drawn < limit // 2).view(np.int8)
            some[:, 0] = 1 - 2 * (drawn[:, 0] < 2**31).view(np.int8)
            pulses[rows] = some
        return pulses

    def encode(self, inputs: Array) -> Array:
        """Return each channel's last pulse, 0 before the first, (batch, length, channels)."""
        held = np.empty(inputs.shape, dtype=np.int8)
        for rows in portions(len(inputs), inputs.shape[1] * self.channels):
            some = inputs[rows]
            held[rows] = _hold((some > 0).view(np.int8) - (some < 0).view(np.int8))
        return held

    def is_solved(self, metrics: dict[str, float]) -> bool:
        """Say whether the mean squared error is below 0.001."""
        return metrics.get("mean_squared_error", np.inf) < 0.001


def _hold(signals: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return the last nonzero number so far, along axis 1; 0 before the first.

    Passes reach back 1, 2, 4, ... steps, until each place has seen all places before it: a few
    passes over whole arrays are faster than many over single steps.
    """
    held = signals.copy()
    reach = 1
    while reach < held.shape[1] and not held.all():
        missing = (held[:, reach:] == 0).view(np.int8)
        missing *= held[:, :-reach]
        held[:, reach:] += missing
        reach *= 2
    return held
