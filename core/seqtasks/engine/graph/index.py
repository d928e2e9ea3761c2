"""Express a view's index as rectangles that torch can slice without copying."""

import math
from dataclasses import dataclass

import numpy as np

from seqtasks.engine.graph.node import Index

__all__ = ["Box", "Strided", "affine", "boxes", "dense", "rectangle", "strided"]

MOST_BOXES = 8


@dataclass(frozen=True)
class Strided:
    """Positions that are `first` plus a stride for each axis."""

    first: int
    strides: tuple[int, ...]


@dataclass(frozen=True)
class Box:
    """A rectangle of a result: its start, its sizes, and its source (None for zeros)."""

    starts: tuple[int, ...]
    sizes: tuple[int, ...]
    source: Strided | None


def dense(shape: tuple[int, ...]) -> Strided:
    """Return the pattern of a value stored in its own order."""
    return Strided(0, tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape))))


def strided(index: Index, shape: tuple[int, ...]) -> Strided | None:
    """Return the pattern of an index; None if it has none, or reads backwards or a zero."""
    table = index.reshape(shape)
    if table.size == 0 or (table < 0).any():
        return None
    found = affine(table)
    return None if found is None or min(found.strides, default=0) < 0 else found


def affine(table: Index) -> Strided | None:
    """Return the pattern of a table of numbers, forwards or backwards; None if it has none."""
    first, last = int(table.flat[0]), int(table.flat[-1])
    strides: list[int] = []
    for axis, size in enumerate(table.shape):
        second = tuple(int(a == axis) for a in range(table.ndim))
        strides.append(int(table[second]) - first if size > 1 else 0)
    if last != first + sum(s * (n - 1) for s, n in zip(strides, table.shape, strict=True)):
        return None
    expected: Index = np.array(first)
    for axis, (stride, size) in enumerate(zip(strides, table.shape, strict=True)):
        along = [1] * table.ndim
        along[axis] = size
        expected = expected + stride * np.arange(size).reshape(along)
    return Strided(first, tuple(strides)) if np.array_equal(table, expected) else None


def rectangle(index: Index, rows: int, width: int, row_stride: int) -> tuple[int, int, int] | None:
    """Return (first, row stride, column stride) of a matrix within another, read forwards.

    Of a matrix with 4 columns, the block [[5, 6], [9, 10]] is (5, 4, 1). An index that repeats or
    reads backwards is no rectangle.

    Args:
        index: the position of each number.
        rows: how many rows it has.
        width: how many columns it has.
        row_stride: the row stride of a single row.
    """
    pattern = strided(index, (rows, width))
    if pattern is None:
        return None
    down = pattern.strides[0] if rows > 1 else row_stride
    across = pattern.strides[1] if width > 1 else 1
    return (pattern.first, down, across) if down > 0 and across > 0 else None


def boxes(index: Index, shape: tuple[int, ...]) -> list[Box] | None:
    """Return rectangles that make up an index, or None if more than a few are needed."""
    table = index.reshape(shape)
    found = _split(table, (0,) * len(shape))
    return found if found is not None and len(found) <= MOST_BOXES else None


def _split(table: Index, starts: tuple[int, ...]) -> list[Box] | None:
    whole = _uniform(table)
    if whole is not None:
        return [Box(starts, table.shape, whole[0])]
    best: list[Box] | None = None
    for axis in range(table.ndim):
        runs = _runs(table, axis)
        if len(runs) > MOST_BOXES or len(runs) == 1:
            continue
        found: list[Box] = []
        for low, high in runs:
            part = np.take(table, np.arange(low, high), axis)
            moved = tuple(s + low * (a == axis) for a, s in enumerate(starts))
            inner = _split(part, moved)
            if inner is None:
                break
            found += inner
        else:
            if best is None or len(found) < len(best):
                best = found
    return best


def _uniform(table: Index) -> tuple[Strided | None] | None:
    """Return (the pattern,), (None,) for zeros, or None for neither."""
    if (table < 0).all():
        return (None,)
    pattern = strided(table, table.shape)
    return None if pattern is None else (pattern,)


def _runs(table: Index, axis: int) -> list[tuple[int, int]]:
    """Return the ranges along an axis within which the slices continue in the same way."""
    slices = np.moveaxis(table, axis, 0).reshape(table.shape[axis], -1)
    runs: list[tuple[int, int]] = []
    low = 0
    for k in range(1, len(slices) + 1):
        if k < len(slices) and _goes_on(slices, low, k):
            continue
        runs.append((low, k))
        low = k
    return runs


def _goes_on(slices: Index, low: int, k: int) -> bool:
    same = (slices[k] < 0) == (slices[low] < 0)
    if not same.all():
        return False
    read = slices[low] >= 0
    if not read.any():
        return True
    steps = (slices[k] - slices[k - 1])[read]
    if not (steps == steps[0]).all():
        return False
    if k - 1 > low:
        return bool(steps[0] == (slices[k - 1] - slices[k - 2])[read][0])
    return bool(steps[0] >= 0)
