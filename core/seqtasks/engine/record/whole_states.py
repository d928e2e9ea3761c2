"""Whole numbers and flags in a state: a counter, a place, a mask.

A program holds them as numbers of its own type, in which whole numbers are exact up to a bound. So
a state may grow by a few at each step, and no whole number computed from it may pass the bound.
What may grow more is refused. No gradient passes through whole numbers.
"""

import math
from collections.abc import Mapping

import torch

from seqtasks.engine.graph.node import Node
from seqtasks.engine.graph.operations import COMPARISONS
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.record.recorder import Recorder
from seqtasks.engine.record.whole_numbers import is_whole

__all__ = ["KINDS", "LARGEST_STATE", "MOST_STEPS", "bounds_of", "check_exact", "check_growth"]

KINDS = (torch.bool, torch.int64, torch.int32)
"""The types of states that are no floating-point numbers."""
LARGEST_STATE = 2**20
"""No whole number in a state may be larger."""
MOST_STEPS, GROWTH = 2**16, 8
"""The most steps of a loop with whole numbers in its state, and how much they may grow in a step: a
state that begins at half the largest one reaches the largest one in this number of steps."""
_EXACT = {torch.float32: 2**24, torch.float64: 2**53}


def bounds_of(kinds: Mapping[Node, torch.dtype | None]) -> dict[Node, float]:
    """Return a bound of the size of each leaf of a state that holds whole numbers or flags."""
    return {
        leaf: 1 if kind == torch.bool else LARGEST_STATE
        for leaf, kind in kinds.items()
        if kind is not None and not kind.is_complex
    }


def check_exact(recorder: Recorder, bounds: Mapping[Node, float]) -> None:
    """Refuse a recording in which whole numbers may be too large to be exact.

    Args:
        recorder: that saw a step.
        bounds: the result of `bounds_of`.
    """
    known = dict(bounds)
    for tracked in recorder.known():
        if _is_cut(tracked.node):  # what was cut of a number is a number of the same type
            continue
        if is_whole(tracked.tensor) and not _size(tracked.node, known) <= _EXACT[recorder.dtype]:
            raise UnsupportedError("it computes whole numbers that may be too large to be exact")


def _is_cut(node: Node) -> bool:
    """Say whether whole numbers are other numbers without what stands behind the point."""
    while node.operation in ("view", "stopped"):
        (node,) = node.inputs
    return node.operation == "truncate"


def check_growth(node: Node, bounds: Mapping[Node, float]) -> None:
    """Refuse a state of whole numbers that may grow by more than a few at a step.

    Args:
        node: what the state becomes.
        bounds: the result of `bounds_of`.
    """
    if not _size(node, dict(bounds)) <= LARGEST_STATE + GROWTH:
        raise UnsupportedError(f"whole numbers in its state may grow by more than {GROWTH} a step")


_BOUNDED = {*COMPARISONS, "sign", "sigmoid", "tanh", "sine", "cosine", "error_function"}
_SAME = {"view", "negative", "absolute", "stopped", "lookup", "spread", "relu", "truncate"}
_LARGEST = {"concatenate", "maximum", "minimum", "maximum_of"}


def _size(node: Node, known: dict[Node, float]) -> float:
    """Return a bound of a value's size; infinity if none is known."""
    if node not in known:
        sources = () if node.operation in _BOUNDED else node.inputs
        known[node] = _bound(node, [_size(source, known) for source in sources])
    return known[node]


def _bound(node: Node, of: list[float]) -> float:
    operation = node.operation
    if operation == "constant":
        return abs(node.value)
    if operation in _BOUNDED:
        return 1
    if operation == "count":
        return node.size
    if operation == "draw":  # no word is further out than 6.4
        return 1 if node.value[0] == "uniform" else 7
    if operation in _SAME:
        return of[0]
    if operation in _LARGEST:
        return max(of)
    if operation in ("floor", "ceiling", "nearest"):
        return of[0] + 1
    if operation == "where":
        return min(max(of[1:]), _clamp(node))
    if operation in ("add", "subtract"):
        return of[0] + of[1]
    if operation == "multiply":
        return of[0] * of[1]
    if operation in ("remainder", "modulo"):
        return min(of[1], of[0]) if operation == "modulo" else of[1]
    if operation == "order":
        return node.shape[-1]
    if operation == "sum":
        return of[0] * node.inputs[0].size / max(1, node.size)
    if operation == "cumulative_sum":
        return of[0] * node.shape[-1]
    if operation == "floored_quotient" and node.inputs[1].operation == "constant":
        return of[0] / abs(of[1]) + 1 if of[1] else math.inf
    return math.inf


def _clamp(node: Node) -> float:
    """Return a bound of a value that is clamped by two numbers, else infinity."""
    bounds: list[float] = []
    for comparison in ("greater", "less"):
        condition, bound, rest = node.inputs if node.operation == "where" else (node,) * 3
        clamped = condition.operation == comparison and condition.inputs == (rest, bound)
        if not clamped or bound.operation != "constant":
            return math.inf
        bounds.append(abs(bound.value))
        node = rest
    return max(bounds)
