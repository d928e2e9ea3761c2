"""The error for models that the faster engines cannot run."""

from typing import Literal

__all__ = ["REFUSALS", "Refusal", "UnsupportedError", "refusal"]

Refusal = Literal["draws", "in place", "script", "own function", "shared memory", "unseen"]
REFUSALS: dict[Refusal, str] = {
    "draws": "it draws random numbers",
    "in place": "it changes a tensor in place",
    "script": "it is compiled by torch.jit",
    "own function": "it uses an autograd.Function of its own",
    "shared memory": (
        "it uses a tensor that shares the memory of a parameter, a buffer or an input"
    ),
    "unseen": (
        "it uses a tensor that was computed from a parameter, a buffer or an input where no call "
        "of torch is seen, as in a script or under torch.vmap"
    ),
}
"""What is refused though a step may do it, and could once be recorded: one place for all of it."""


class UnsupportedError(Exception):
    """What a cell does that the faster engines do not understand, said for its author."""


def refusal(kind: Refusal, what: str = "") -> UnsupportedError:
    """Return the error of a refusal.

    Args:
        kind: of REFUSALS.
        what: the function or operation that is refused, if it is known.
    """
    return UnsupportedError(REFUSALS[kind] + (f" ({what})" if what else ""))
