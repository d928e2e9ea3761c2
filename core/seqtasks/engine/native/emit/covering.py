"""Cover a value's rows with few loops: axes taken apart, conditions in place of more loops.

A loop in C reads several values, each at rows of its own. Where their rows follow no single
pattern, the loop is split. Many pieces are avoided in two ways, so that a program does not grow
with its sizes: an axis along which a pattern begins again and again becomes two axes, and what
differs on a diagonal, or on one side of it, becomes a condition within the loop. Where nothing else
serves, tables hold the positions.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from seqtasks.engine.graph.node import Index
from seqtasks.engine.native.emit.boxes import Box, IrregularError, Shape, halves

__all__ = ["FEW", "NAMES", "Loops", "condition", "cover", "extended", "repeated"]

FEW = 4
"""The most pieces for which no other way is sought."""
SOME = 8
"""The most pieces beside which a table is no gain."""
NAMES = "ikmnpq"
"""The variables of the loops over axes."""


@dataclass(frozen=True)
class Loops:
    """Loops over one box of a value's rows.

    Attributes:
        shape: the value's axes; some may be parts of an axis of the value.
        box: the ranges of the axes.
        keep: how many axes, the first ones, a reduction keeps.
        conditions: whether a condition may choose between patterns.
        tables: whether tables may hold what follows no pattern.
    """

    shape: Shape
    box: Box
    keep: int
    conditions: bool = False
    tables: bool = False


def cover(
    shape: Shape, keep: int, attempt: Callable[[Loops], None], last: bool = True
) -> list[Loops]:
    """Return loops over all of a shape, in the order of its rows; an attempt succeeds in each.

    Args:
        shape: the axes of a value.
        keep: how many axes, the first ones, a reduction keeps.
        attempt: raises IrregularError where a box must be split.
        last: whether the last axis may be taken apart.
    """
    plain, conditions = Loops(shape, (), keep), Loops(shape, (), keep, conditions=True)
    found = _split(plain, attempt, FEW) or _split(conditions, attempt, 1)
    found = found or _taken_apart(plain, attempt, last) or _taken_apart(conditions, attempt, last)
    found = found or _split(conditions, attempt, FEW) or _split(plain, attempt, SOME)
    tables = Loops(shape, (), keep, conditions=True, tables=True)
    return found or _split(tables, attempt, math.inf) or []


def _split(loops: Loops, attempt: Callable[[Loops], None], most: float) -> list[Loops] | None:
    """Return loops over boxes that cover a shape; None if there are more than some."""
    found: list[Loops] = []
    pending: list[Box] = [tuple((0, size) for size in loops.shape)]
    while pending:
        box = pending.pop()
        one = replace(loops, box=box)
        try:
            attempt(one)
        except IrregularError as irregular:
            pending += halves(box, irregular)
            if len(found) + len(pending) > most:
                return None
        else:
            found.append(one)
    return found


def _taken_apart(given: Loops, attempt: Callable[[Loops], None], last: bool) -> list[Loops] | None:
    """Take one or two axes of a shape apart, and return a few loops over it, if some serve."""
    for most in range(1, FEW + 1):
        for once in _refined(given, last):
            found = _split(once, attempt, most)
            if found is not None:
                return found
    for once in _refined(given, last):
        for twice in _refined(once, last):
            found = _split(twice, attempt, 1)
            if found is not None:
                return found
    return None


def _refined(given: Loops, last: bool) -> Iterator[Loops]:
    """Yield loops over the same rows, with one more axis taken apart."""
    if len(given.shape) >= len(NAMES):
        return
    for axis, size in enumerate(given.shape):
        if axis == len(given.shape) - 1 and not last:
            continue
        for inner in range(2, size // 2 + 1):
            if size % inner == 0:
                shape = (*given.shape[:axis], size // inner, inner, *given.shape[axis + 1 :])
                yield replace(given, shape=shape, keep=given.keep + (axis < given.keep))


def condition(true: NDArray[np.bool_], names: list[str]) -> str | None:
    """Return a condition as C that holds in some places of a box alone; None if none was found.

    Args:
        true: the places, in the shape of the box.
        names: the variable of each axis, counted from the box's start.
    """
    axes = [axis for axis, size in enumerate(true.shape) if size > 1]
    places = np.indices(true.shape, sparse=True)
    for one, other in itertools.combinations(axes, 2):
        apart = np.broadcast_to(places[other] - places[one], true.shape)
        left, right = names[one], names[other]
        low, high = int(apart[true].min()), int(apart[true].max())
        elsewhere = apart[~true]
        off = int(elsewhere[0])
        if (elsewhere == off).all() and np.array_equal(apart != off, true):
            return f"{right} != {_plus(left, off)}"
        if not np.array_equal((apart >= low) & (apart <= high), true):
            continue
        if low == high:
            return f"{right} == {_plus(left, low)}"
        if high == apart.max():
            return f"{right} >= {_plus(left, low)}"
        if low == apart.min():
            return f"{right} <= {_plus(left, high)}"
    return None


def extended(index: Index, true: NDArray[np.bool_], size: int) -> Index | None:
    """Return positions of one pattern in a whole box that are the given ones in some places.

    Args:
        index: the positions, in the shape of the box.
        true: the places in which they count.
        size: the number of rows there are: no position goes beyond.
    """
    places = np.indices(true.shape)
    axes = [axis for axis, count in enumerate(true.shape) if count > 1]
    for left_out in (None, *axes):  # on a diagonal, one variable says where it is
        taken = [axis for axis in axes if axis != left_out]
        columns = [np.ones(true.sum())] + [places[axis][true] for axis in taken]
        found, *_ = np.linalg.lstsq(np.stack(columns, 1), index[true].astype(float), rcond=None)
        first, *strides = (round(number) for number in found)
        whole = first + sum(
            (stride * places[axis] for stride, axis in zip(strides, taken, strict=True)),
            start=np.zeros(true.shape, dtype=np.int64),
        )
        inside = whole.min() >= 0 and whole.max() < size
        if inside and np.array_equal(whole[true], index[true]):
            return whole
    return None


def repeated(index: Index, true: NDArray[np.bool_], size: int) -> Index:
    """Return positions that are the given ones in some places, and the first of them elsewhere.

    Args:
        index: the positions, in the shape of the box.
        true: the places in which they count.
        size: the number of rows there are: no position goes beyond.
    """
    whole = np.where(true, index, index[true][0])
    assert 0 <= whole.min() <= whole.max() < size, "a place outside a value"
    return whole


def _plus(name: str, number: int) -> str:
    return name if not number else f"{name} {'-' if number < 0 else '+'} {abs(number)}"
