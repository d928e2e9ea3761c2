"""A contender: one or several ways to train a problem's model by n steps."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle

import torch
from torch import Tensor, nn

from seqtasks.training import TorchBatch

__all__ = [
    "Run",
    "UnavailableError",
    "Variant",
    "mean_cross_entropy",
    "per_thread_count",
    "training",
    "using_threads",
]

Run = Callable[[int], Sequence[float]]
"""Trains for a number of steps and returns the loss of each, if there is one."""


class UnavailableError(Exception):
    """A contender cannot take part. The text is the reason."""


@dataclass(frozen=True)
class Variant:
    """One way to run a contender. The fastest variant counts.

    Attributes:
        setting: the name of this variant among the contender's, for the reader.
        threads: torch's threads while it runs; None if torch's threads do not matter.
        run: a function that trains for a number of steps.
    """

    setting: str
    threads: int | None
    run: Run


@contextmanager
def using_threads(count: int | None) -> Generator[None, None, None]:
    """Set torch's number of threads for a while; None leaves it alone."""
    before = torch.get_num_threads()
    if count is not None:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def per_thread_count(threads: Sequence[int], make: Callable[[int], Run]) -> list[Variant]:
    """Return a variant for each number of torch threads, each with its own model."""
    variants: list[Variant] = []
    for count in threads:
        with using_threads(count):
            label = "1 thread" if count == 1 else f"{count} threads"
            variants.append(Variant(label, count, make(count)))
    return variants


def training(
    loss_of: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    batches: Sequence[TorchBatch],
) -> Run:
    """Return torch's usual loop: loss, backward pass, optimiser, over the batches in turn."""
    turns = cycle(batches)

    def run(steps: int) -> list[float]:
        losses: list[float] = []
        for _ in range(steps):
            inputs, targets = next(turns)
            optimizer.zero_grad()
            loss = loss_of(inputs, targets)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    return run


def mean_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the mean over all positions, from logits (..., symbols) and targets (...)."""
    return nn.functional.cross_entropy(logits.flatten(0, -2), targets.flatten())
