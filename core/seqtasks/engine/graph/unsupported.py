"""The error for models that the faster engines cannot run."""

import math
from collections.abc import Sequence
from typing import Literal

__all__ = ["REFUSALS", "Refusal", "UnsupportedError", "check_spread", "refusal"]

LARGEST_SPREAD = 2**20
"""The most numbers for one row of the batch in a product, or in all pairs, that is written out."""

Refusal = Literal[
    "draws",
    "in place",
    "given in place",
    "own function",
    "shared memory",
    "unseen",
]
REFUSALS: dict[Refusal, str] = {
    "draws": "it draws random numbers",
    "in place": "it changes a tensor in place",
    "given in place": (
        "it changes a tensor in place that it did not make in this step: a state, an input, a "
        "parameter or an attribute; make a new tensor, as state = state + x for state += x, or "
        "change a copy, state.clone()"
    ),
    "own function": "it uses an autograd.Function of its own",
    "shared memory": (
        "it uses a tensor that shares the memory of a parameter, a buffer or an input"
    ),
    "unseen": (
        "it uses a tensor that was computed from a parameter, a buffer or an input where no call "
        "of torch is seen, as in a script or under torch.vmap"
    ),
}
"""Reasons to refuse a step that the plain loop allows and a recording could accept, in one
place."""


class UnsupportedError(Exception):
    """The faster engines do not support what a cell does; the message is for its author."""


def refusal(kind: Refusal, what: str = "") -> UnsupportedError:
    """Return the error of a refusal.

    Args:
        kind: a key of REFUSALS.
        what: the refused function or operation, if it is known.
    """
    return UnsupportedError(REFUSALS[kind] + (f" ({what})" if what else ""))


def check_spread(shape: Sequence[int], does: str) -> None:
    """Refuse to write out too many numbers for one row of the batch.

    Args:
        shape: of these numbers.
        does: what the step does, for the message: "it ...".
    """
    if math.prod(shape) > LARGEST_SPREAD:
        raise UnsupportedError(f"it {does}")
