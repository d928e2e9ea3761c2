"""Choose the right one of several readings of a module, or refuse it."""

from torch import Tensor

from seqtasks.cells.any_module.calls import ABSENT, Calls, alike, read
from seqtasks.cells.any_module.convention import Convention
from seqtasks.cells.any_module.readings import Reading, is_real
from seqtasks.cells.any_module.refusal import NotACellError
from seqtasks.cells.any_module.separate import is_made_from
from seqtasks.cells.state_tree import joined, split

__all__ = ["one_of", "output_part", "refuse_unread"]

_OUTPUTS = ("output", "out", "y", "h", "hidden", "hidden_state", "hx")
"""Of several named parts of a state, the first of these is a step's output."""


_SAID = (
    "say it in a class of your own: override forward(self, x, state) so that it returns "
    "(output, state) with a state of another form, or write a seqtasks.Cell"
)


def one_of(calls: Calls, one: Reading, other: Reading) -> Reading:
    """Return the right one of two readings.

    Raises:
        NotACellError: if both are possible.
    """
    if one.returns == other.returns:
        raise NotACellError(
            f"it takes {one.start.name} and {other.start.name} for its state, and nothing tells "
            "which is meant: give its state the default None, or the class a method "
            "initial_state(self, batch_size)"
        )
    if "state" in (one.returns, other.returns):
        apart = other if one.returns == "state" else one
        if _agree(calls, one, other):
            return apart
        raise NotACellError(
            f"what it returns may be its whole state or ({apart.returns.replace(' and', ',')}), "
            f"and it takes either back: {_SAID}"
        )
    # (output, state) is torch's order; a second that is made from the first alone may be an output.
    first, second = calls.call(calls.x(5, 3), one.start.make(5))
    if alike(first, second):
        return one
    if is_made_from(calls, one.state, 1, 0) and not is_made_from(calls, one.state, 0, 1):
        raise NotACellError(
            "it returns two tensors alike, and the second is computed from the first alone: they "
            "may be (output, state) or (state, output). Override forward in a class of your own "
            "so that it returns (output, state), and name this class"
        )
    return one


def _agree(calls: Calls, one: Reading, other: Reading) -> bool:
    """Say whether a module returns the same by either reading, step after step."""
    states = [one.start.make(5), other.start.make(5)]
    for turn in range(4):
        x = calls.x(5, turn)
        results = [calls.attempt(x, state, turn) for state in states]
        if results[0] is ABSENT or not alike(results[0], results[1]):
            return False
        states = [
            read(result, each.returns)[1]
            for result, each in zip(results, (one, other), strict=True)
        ]
    return True


def refuse_unread(calls: Calls, chosen: Reading, made: Convention) -> None:
    """Refuse a whole state if a part of it is never read again: it may be no state.

    Raises:
        NotACellError: naming the part.
    """
    if made.returns != "state" or len(made.parts) < 2:
        return
    tree, leaves = split(chosen.state)
    rows = next(
        (
            leaf.shape[part.axis]
            for leaf, part in zip(leaves, made.parts, strict=True)
            if isinstance(leaf, Tensor) and part.axis is not None
        ),
        1,
    )
    x = calls.x(rows, 3)
    expected = calls.attempt(x, chosen.state, 3)
    for k, (leaf, part) in enumerate(zip(leaves, made.parts, strict=True)):
        if not is_real(part) or k == made.reads:
            continue
        changed = [*leaves[:k], leaf + 1.0, *leaves[k + 1 :]]
        if alike(calls.attempt(x, joined(tree, changed), 3), expected):
            raise NotACellError(
                f"it returns {len(leaves)} parts and never reads {part.label} of them again, so "
                "they may not all be its state: override forward in a class of your own so that "
                "it returns (output, state)"
            )


def output_part(calls: Calls, chosen: Reading) -> int:
    """Return the part of the state that is a step's output: by its name, or the first."""
    real = [
        k
        for k, part in enumerate(chosen.parts)
        if is_real(part) and part.shape and (part.axis is not None or calls.batch == "rows")
    ]
    if not real:
        raise NotACellError(
            "its state has no tensor of several features that could be a step's output: return "
            "(output, state)"
        )
    names = {
        chosen.parts[k].label.rpartition(".")[2].rpartition("[")[2].strip("]'\""): k for k in real
    }
    return next((names[name] for name in _OUTPUTS if name in names), real[0])
