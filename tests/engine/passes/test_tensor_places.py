"""An index of a view as rectangles of its source, which torch reads without copying."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.engine.graph.index import (
    Box,
    Strided,
    boxes,
    dense,
    strided,
)


def test_a_value_in_its_own_order_has_the_strides_of_its_shape():
    assert dense((2, 3, 4)) == Strided(0, (12, 4, 1))
    assert dense(()) == Strided(0, ())


# A matrix (3, 4) has the places 0 1 2 3 / 4 5 6 7 / 8 9 10 11.
@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ([[5, 6], [9, 10]], Strided(5, (4, 1))),  # rows 1 and 2, columns 1 and 2
        ([[0, 4, 8], [1, 5, 9]], Strided(0, (1, 4))),  # the first two columns, turned
        ([[2, 2], [3, 3]], Strided(2, (1, 0))),  # each number twice
        ([[0, 2], [8, 10]], Strided(0, (8, 2))),  # every other row and column
        ([[7, 7]], Strided(7, (0, 0))),  # an axis of one number has no stride
        ([[3, 2, 1]], None),  # backwards
        ([[0, 1], [4, 6]], None),  # no rectangle
        ([[0, 1], [-1, -1]], None),  # zeros
    ],
)
def test_a_pattern_is_where_it_starts_and_a_stride_for_each_axis(index, expected):
    table = np.array(index)
    assert strided(table.reshape(-1), table.shape) == expected


def test_an_index_of_nothing_has_no_pattern():
    assert strided(np.zeros(0, int), (0, 3)) is None


def test_what_is_one_rectangle_is_one_box():
    assert boxes(np.array([4, 5, 6]), (3,)) == [Box((0,), (3,), Strided(4, (1,)))]


def test_zeros_are_a_box_without_a_source():
    # 0 1 2 zero zero: a shift by two places with zeros after it.
    assert boxes(np.array([0, 1, 2, -1, -1]), (5,)) == [
        Box((0,), (3,), Strided(0, (1,))),
        Box((3,), (2,), None),
    ]


def test_a_matrix_with_one_column_of_zeros_is_two_boxes():
    # zero 0 1
    # zero 2 3
    found = boxes(np.array([-1, 0, 1, -1, 2, 3]), (2, 3))
    assert found == [
        Box((0, 0), (2, 1), None),
        Box((0, 1), (2, 2), Strided(0, (2, 1))),
    ]


def test_a_jump_begins_another_box():
    # 0 1 | 7 8
    assert boxes(np.array([0, 1, 7, 8]), (4,)) == [
        Box((0,), (2,), Strided(0, (1,))),
        Box((2,), (2,), Strided(7, (1,))),
    ]


def test_a_number_alone_is_a_box_of_its_own():
    # 5 | 1 2: the step from 5 to 1 is backwards, so 5 stands alone.
    assert boxes(np.array([5, 1, 2]), (3,)) == [
        Box((0,), (1,), Strided(5, (0,))),
        Box((1,), (2,), Strided(1, (1,))),
    ]


def test_more_than_eight_boxes_are_none():
    backwards = np.arange(9)[::-1].copy()
    assert boxes(backwards, (9,)) is None
    assert len(boxes(backwards[:8], (8,))) == 8


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_boxes_cover_every_place_once_and_read_what_the_index_says(data):
    shape = data.draw(st.sampled_from([(5,), (2, 3), (3, 3), (2, 2, 2)]))
    kind = data.draw(st.sampled_from(["any", "shifted", "turned"]))
    size = int(np.prod(shape))
    if kind == "any":
        index = np.array(
            data.draw(st.lists(st.integers(-1, 6), min_size=size, max_size=size)), dtype=int
        )
    else:
        table = np.arange(size).reshape(shape)
        axis = data.draw(st.integers(0, len(shape) - 1))
        table = np.roll(table, data.draw(st.integers(0, 3)), axis)
        table = table.T if kind == "turned" else table
        shape, index = table.shape, table.reshape(-1).copy()
        index[index < data.draw(st.integers(0, 2))] = -1
    found = boxes(index, shape)
    if found is None:
        assert kind == "any"  # these take few boxes
        return
    read = np.full(shape, -2)
    for box in found:
        inside = read[tuple(slice(s, s + n) for s, n in zip(box.starts, box.sizes, strict=True))]
        assert (inside == -2).all(), "covered twice"
        inside[...] = -1
        if box.source is not None:
            for place in np.ndindex(*box.sizes):
                steps = zip(place, box.source.strides, strict=True)
                inside[place] = box.source.first + sum(p * s for p, s in steps)
    assert read.reshape(-1).tolist() == index.tolist()
