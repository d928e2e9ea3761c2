"""Loop over the rows of a value: rows that follow a pattern, split where they do not."""

import itertools
import math
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from seqtasks.engine.graph.index import affine as index_affine
from seqtasks.engine.graph.node import Index

__all__ = ["Box", "IrregularError", "Shape", "affine", "halves", "positions", "split_mixed"]

Shape = tuple[int, ...]
Box = tuple[tuple[int, int], ...]
"""For each axis (first, last + 1)."""


class IrregularError(Exception):
    """A box's positions follow no single pattern; split it before `at` on `axis`."""

    def __init__(self, axis: int, at: int) -> None:
        super().__init__(axis, at)
        self.axis, self.at = axis, at


def affine(index: Index, names: list[str]) -> str:
    """Return the positions in a box as C: first + stride · variable + ...

    Args:
        index: the positions, in the box's shape.
        names: the loop variable of each axis, counted from the box's start.

    Raises:
        IrregularError: if the positions are no such sum.
    """
    pattern = index_affine(index)
    if pattern is None:
        split(index)
    terms = [
        name if stride == 1 else f"{stride} * {name}"
        for stride, name in zip(pattern.strides, names, strict=True)
        if stride
    ]
    if pattern.first or not terms:
        terms.insert(0, str(pattern.first))
    return " + ".join(terms)


def split(index: Index) -> NoReturn:
    """Raise IrregularError for the first axis along which a pattern breaks."""
    best: tuple[int, int, int] | None = None
    for axis, size in enumerate(index.shape):
        if size == 1:
            continue
        lines = np.moveaxis(index, axis, 0).reshape(size, -1)
        steps = np.diff(lines, axis=0)
        broken = np.flatnonzero(
            (steps != steps[0]).any(axis=1) | (steps != steps[:, :1]).any(axis=1)
        )
        if len(broken) and (best is None or len(broken) < best[0]):
            best = (len(broken), axis, int(broken[0]) + 1)
    if best is None or best[2] >= index.shape[best[1]]:
        axis = max(range(index.ndim), key=lambda a: index.shape[a])
        raise IrregularError(axis, index.shape[axis] // 2)
    raise IrregularError(best[1], best[2])


def halves(box: Box, irregular: IrregularError) -> tuple[Box, Box]:
    """Return both parts of a box that must be split, the latter one first."""
    low, high = box[irregular.axis]
    middle = low + irregular.at
    before, after = box[: irregular.axis], box[irregular.axis + 1 :]
    return (*before, (middle, high), *after), (*before, (low, middle), *after)


def positions(shape: Shape, box: Box) -> Index:
    """Return the flat positions of a box within a shape, in the box's own shape."""
    whole = np.arange(math.prod(shape), dtype=np.int32).reshape(shape)
    return whole[tuple(itertools.starmap(slice, box))]


def split_mixed(inside: NDArray[np.bool_]) -> NoReturn:
    """Raise IrregularError if the positions in a box are of two kinds."""
    for axis in range(inside.ndim):
        lines = np.moveaxis(inside, axis, 0).reshape(inside.shape[axis], -1)
        changes = np.flatnonzero((lines[1:] != lines[:-1]).any(axis=1))
        if len(changes):
            raise IrregularError(axis, int(changes[0]) + 1)
    split(inside.astype(np.int64))
