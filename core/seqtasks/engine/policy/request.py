"""The request for a program, and the reason why there is none."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import NamedTuple

from seqtasks.engine.contract.passes import Passes
from seqtasks.engine.record.batch_layout import Form

__all__ = ["Check", "Refusal", "Request"]

Check = Callable[[Passes], str | None]
"""Says what is wrong with a new program, or returns None if it is right."""


class Request(NamedTuple):
    """A request for a program.

    Attributes:
        steps: the length of the sequences.
        input_size: features of real inputs.
        masked: whether each row has its own length.
        external_states: whether states receive gradients from outside.
        rows: of a batch that the plain loop may run if it is small; None for another.
        form: of the states given to start from, if any.
        wanted: the engine asked for.
        against_draws: why a program may not draw random numbers; None if it may.
        may_fall_back: whether any engine will do.
        may_choose: whether the plain loop may run a small batch though there could be a program.
    """

    steps: int
    input_size: int
    masked: bool
    external_states: bool
    rows: int | None
    form: Form | None
    wanted: str
    against_draws: str | None
    may_fall_back: bool
    may_choose: bool


@dataclass(frozen=True)
class Refusal:
    """Why the plain loop runs.

    Attributes:
        reason: for all engines that have no reason of their own.
        signature: of the parts for which no program is tried again; None if it is for one batch.
        each: the reason of each engine.
        unsupported: whether the model does something that no faster engine supports.
    """

    reason: str
    signature: Hashable = None
    each: dict[str, str] = field(default_factory=dict[str, str])
    unsupported: bool = False
