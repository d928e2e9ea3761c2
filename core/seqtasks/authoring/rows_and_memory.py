"""Find models whose rows mix, that remember earlier sequences, or that draw random numbers.

Each function runs a model that is a copy, and lets the model's own errors through.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from seqtasks.authoring.held_tensors import attributes, close, listed
from seqtasks.authoring.trial_copies import answers
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.outside_draws import without_draws
from seqtasks.randomness.torch_streams import torch_stream

__all__ = [
    "DEPENDS_ON_PAST",
    "DRAWS",
    "DRAWS_OUTSIDE",
    "KEPT",
    "ROWS_MIX",
    "TRAINS_ONCE",
    "Memory",
    "draws_outside",
    "memory_of",
    "rows_mix",
    "trains_once",
]

KEPT = 2
"""The row that stays in place while all other rows change."""
ROWS_MIX = "its rows mix: what it makes of an instance depends on the others of its batch"
TRAINS_ONCE = (
    "its second training step fails, for it keeps what has a gradient from one sequence to the "
    "next: begin anew in initial_state, or keep it detached"
)
DRAWS_OUTSIDE = "it draws random numbers outside torch, which no seed of a run decides"
DEPENDS_ON_PAST = "what it makes of an instance depends on what it was run on before"
DRAWS = "it draws random numbers while it is scored, so its scores depend on the draws"


def rows_mix(first: nn.Module, second: nn.Module, some: Tensor, others: Tensor) -> bool:
    """Say whether the answer to a row changes with the other rows, in training.

    Args:
        first: a copy of the model.
        second: another copy.
        some: a batch.
        others: a batch that shares only the row KEPT with it.
    """
    with torch.no_grad():
        one = answers(first.train(), some)[KEPT]
        other = answers(second.train(), others)[KEPT]
    return not close(one, other)


@dataclass(frozen=True)
class Memory:
    """What a model keeps from one sequence to the next, and what it draws, in evaluation.

    Attributes:
        names: the attributes that change from one sequence to the next.
        differs: whether the same sequence has other predictions after another one.
        draws: whether it draws random numbers by torch.
        draws_outside: whether it draws random numbers otherwise. Then the rest is unknown.
    """

    names: tuple[str, ...] = ()
    differs: bool = False
    draws: bool = False
    draws_outside: bool = False

    def describe(self) -> str:
        """Return what is kept, as a line for the author."""
        if not self.names:
            return DEPENDS_ON_PAST
        noun = "attribute" if len(self.names) == 1 else "attributes"
        verb = "keeps" if len(self.names) == 1 else "keep"
        return f"its {noun} {listed(self.names)} {verb} something from one sequence to the next"


def memory_of(model: nn.Module, some: Tensor, others: Tensor) -> Memory:
    """Return what a model keeps from one sequence to the next, and what it draws."""
    model.eval()
    stream = torch_stream(0, "trial")

    def attempt() -> tuple[Any, ...]:
        with stream.drawing():
            model(some)
        first, before = answers(model, some), attributes(model)
        answers(model, others)
        return first, before, answers(model, some), attributes(model)

    try:
        with torch.no_grad():
            first, before, again, after = without_draws(attempt, model.modules())
    except UnsupportedError:
        return Memory(draws_outside=True)
    names = sorted(name for name in after if before.get(name) != after[name])
    return Memory(tuple(names), not close(first, again), stream.is_used)


def draws_outside(model: nn.Module, inputs: Tensor) -> bool:
    """Say whether a model draws random numbers otherwise than by torch, in its present mode."""
    try:
        with torch.no_grad():
            without_draws(lambda: answers(model, inputs), model.modules())
    except UnsupportedError:
        return True
    return False


def trains_once(model: nn.Module, some: Tensor, others: Tensor) -> bool:
    """Say whether a gradient goes back through one batch, and after that through no other."""
    model.train()
    for turn, inputs in enumerate((some, others)):
        try:
            with torch.enable_grad():
                total = answers(model, inputs).sum()
            if total.requires_grad:
                total.backward()
        except Exception:
            if turn == 0:
                raise
            return True
    return False
