"""Checks of training: the engine, its speed, and a small batch learnt by heart."""

import time
from typing import Any

import numpy as np
import torch

from seqtasks.errors import UsageError
from seqtasks.models.model import Model
from seqtasks.randomness.streams import stream
from seqtasks.tasks import Array, Task, Tokens
from seqtasks.tasks.alphabets import IGNORE
from seqtasks.tasks.lengths import LengthRange
from seqtasks.testing.check import CheckFailedError
from seqtasks.testing.modules.specimen import Specimen
from seqtasks.testing.modules.trial import SYMBOLS, ids, model_of
from seqtasks.training import BatchSource, Trainer

__all__ = ["learns_a_batch_by_heart", "speed_is_measured", "which_engine_runs_it"]

SIZE, CLASSES = 32, 2
SEQUENCES, LENGTH = 8, 6
LEARNING_RATES = (0.01, 0.003)
STEPS, AT_ONCE = 400, 50
"""The most training steps, and how many of them between two looks at the answers."""
TIMED_LENGTH, TIMED_BATCH = 20, 16
SECONDS, BURSTS = 0.1, 3
"""How long an engine is timed, and in how many turns beside the other."""


class Learnt(Task):
    """Say at each step the bit of a sequence, which only its first symbol tells.

    A cell that passes carries a bit to the end. No cell needs more than that, and a linear one
    can do it.
    """

    inputs, targets = Tokens("0123456789abcdefg"), Tokens("01")
    source = "our own"

    def generate(self, rng: np.random.Generator, batch_size: int, length: int) -> Array:
        """Return the same sequences each time: a symbol of its own for each, then the blank."""
        inputs = np.full((batch_size, length), SYMBOLS - 1)
        inputs[:, 0] = np.arange(batch_size) % (SYMBOLS - 1)
        return inputs

    def encode(self, inputs: Array) -> Array:
        """Return the bit of the first symbol, at each step."""
        bits = stream(0, "trial").permutation(np.arange(SYMBOLS) % 2)
        return np.repeat(bits[np.asarray(inputs)[:, :1]], inputs.shape[1], axis=1)


def which_engine_runs_it(specimen: Specimen) -> str:
    """The fastest engine that runs it is reported, and why a faster one does not."""
    model = _model(specimen)
    model.against_draws = None  # as in a run
    engines = model.use_engine("auto")
    name = engines.settle(model.plain_pass, ids(TIMED_BATCH, TIMED_LENGTH), 1)
    reasons = dict.fromkeys(engines.reasons.values())
    return "; ".join([name, *(f"no faster one: {reason}" for reason in reasons)])


def speed_is_measured(specimen: Specimen) -> str:
    """The time of a training step is reported, by its fastest engine and by the plain loop."""
    fast, plain = (_trainer(specimen, name) for name in ("auto", "plain"))
    seconds: dict[str, list[float]] = {"fast": [], "plain": []}
    for _ in range(BURSTS):  # in turns, so that a busy moment of the machine strikes both
        for name, trainer in (("fast", fast), ("plain", plain)):
            seconds[name].append(_seconds_per_step(trainer))
    best, of_plain = min(seconds["fast"]), min(seconds["plain"])
    shape = f"{TIMED_BATCH} sequences of {TIMED_LENGTH} steps, hidden size {_size(specimen)}"
    if fast.engine == "plain":
        return f"{of_plain * 1e3:.2f} ms by the plain loop, which alone runs it ({shape})"
    return (
        f"{best * 1e3:.3f} ms by {fast.engine}, {of_plain * 1e3:.2f} ms by the plain loop: "
        f"{of_plain / best:.0f} times as fast ({shape})"
    )


def learns_a_batch_by_heart(specimen: Specimen) -> str:
    """A small model of it learns a bit for each of 8 sequences by heart, and carries it along."""
    seen: list[str] = []
    for rate in LEARNING_RATES:
        trainer = _trainer(specimen, "auto", SEQUENCES, LENGTH, rate)
        losses: list[float] = []
        right = 0.0
        while len(losses) < STEPS and right < 1 and np.isfinite(losses[-1:]).all():
            losses += trainer.advance(AT_ONCE)
            right = _share_right(trainer.model)
        if right == 1:
            return f"after {len(losses)} steps by {trainer.engine}"
        seen.append(
            f"at learning rate {rate} {right:.0%} of the bits are right after {len(losses)} steps, "
            f"and the loss went from {losses[0]:.2f} to {losses[-1]:.2f}"
        )
    raise CheckFailedError(
        f"it does not learn a bit for each of {SEQUENCES} sequences of {LENGTH} steps: "
        f"{'; '.join(seen)}. "
        "Does the state reach the next step, and a gradient every part?"
    )


def _size(specimen: Specimen) -> int:
    return specimen.new().hidden_size if specimen.is_made else SIZE


def _model(specimen: Specimen) -> Model:
    """Return a model of the size at which cells are trained, or of another that it takes."""
    if specimen.is_made:
        return model_of(specimen, outputs=CLASSES)
    try:
        return model_of(specimen, SIZE, SIZE, outputs=CLASSES)
    except UsageError:
        return model_of(specimen, outputs=CLASSES)


def _trainer(
    specimen: Specimen,
    engine: Any,
    batch: int = TIMED_BATCH,
    length: int = TIMED_LENGTH,
    rate: float = 0.01,
) -> Trainer:
    """Return a model of a cell in training on a few fixed sequences."""
    source = BatchSource(Learnt(), LengthRange(length, length), batch, "sampled", 0)
    return Trainer(_model(specimen), source, "adam", rate, clip=1.0, engine=engine, threads=1)


def _seconds_per_step(trainer: Trainer) -> float:
    """Return the time of a training step, without the first, which may wait for a block."""
    trainer.advance(1)
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        steps += len(trainer.advance(4))
    return (time.perf_counter() - start) / steps


def _share_right(model: Any) -> float:
    """Return the share of bits that a model has right."""
    batch = Learnt().batch(stream(0, "trial"), SEQUENCES, LENGTH)
    targets = torch.from_numpy(batch.targets)
    right = model.eval().predict(torch.from_numpy(batch.inputs)) == targets
    return float(right[targets != IGNORE].double().mean())
