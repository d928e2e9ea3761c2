"""Grids of cases: a sample of them is quick, and the whole runs with the slow tests."""

from collections.abc import Collection
from itertools import product
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet

__all__ = ["first_part_quick", "one_quick_in"]


def one_quick_in(share: int, **axes: Collection[Any]) -> pytest.MarkDecorator:
    """Parametrise a test by all combinations of the axes' values, one in `share` of them quick.

    The quick ones are spread evenly: each value of each axis is in one of them, and if `share` is
    at most the size of the last axis, each combination of the others. As in pytest, an axis may
    name several arguments, `"a, b"`.
    """
    places = product(*(range(len(axis)) for axis in axes.values()))
    quick = {place for place in places if sum(place) % share == 0}
    for number, axis in enumerate(axes.values()):
        assert {place[number] for place in quick} == set(range(len(axis))), "a value is never quick"
    cases = []
    for numbered in product(*(enumerate(axis) for axis in axes.values())):
        parts = [
            ParameterSet.extract_from(value, force_tuple="," not in names)
            for names, (_, value) in zip(axes, numbered, strict=True)
        ]
        marks = [mark for part in parts for mark in part.marks]
        if tuple(number for number, _ in numbered) not in quick:
            marks.append(pytest.mark.slow)
        values = [value for part in parts for value in part.values]
        cases.append(pytest.param(*values, marks=marks))
    return pytest.mark.parametrize(", ".join(axes), cases)


def first_part_quick(parts: int) -> pytest.MarkDecorator:
    """Parametrise a test by `part`, the number of a part of its cases; only the first is quick."""
    slow = [pytest.param(part, marks=pytest.mark.slow) for part in range(1, parts)]
    return pytest.mark.parametrize("part", [0, *slow])
