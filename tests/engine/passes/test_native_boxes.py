"""Loops over rows: an index as C, and a shape split into boxes in which it is one sum."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.engine.native.emit.boxes import (
    IrregularError,
    affine,
    boxes,
    positions,
    split_mixed,
)


# Places of a matrix (3, 4): 0 1 2 3 / 4 5 6 7 / 8 9 10 11.
@pytest.mark.parametrize(
    ("index", "code"),
    [
        ([[0, 1], [4, 5]], "4 * r + c"),
        ([[6, 7], [10, 11]], "6 + 4 * r + c"),
        ([[0, 4], [1, 5]], "r + 4 * c"),  # turned
        ([[2, 2], [6, 6]], "2 + 4 * r"),  # each number twice
        ([[5]], "5"),
        ([[0]], "0"),
        ([[0, 0]], "0"),
        ([[3, 2, 1]], "3 + -1 * c"),  # backwards
        ([[7], [3]], "7 + -4 * r"),
    ],
)
def test_places_in_a_pattern_are_a_sum_of_loop_variables(index, code):
    assert affine(np.array(index), ["r", "c"]) == code


@pytest.mark.parametrize(
    ("index", "axis", "at"),
    [
        ([0, 1, 2, 10, 11], 0, 3),  # from 2 to 10 is no step of one
        ([[0, 1], [4, 5], [20, 21]], 0, 2),  # the third row
        ([[0, 1, 9], [4, 5, 13]], 1, 2),  # the third column
    ],
)
def test_a_pattern_that_breaks_tells_where_to_split(index, axis, at):
    with pytest.raises(IrregularError) as refused:
        affine(np.array(index), ["r", "c"][: np.array(index).ndim])
    assert (refused.value.axis, refused.value.at) == (axis, at)


def test_of_axes_that_break_the_one_with_fewest_breaks_is_split():
    # 0 1 2 3 / 5 8 5 8: the step down breaks once, the steps across break at each column.
    with pytest.raises(IrregularError) as refused:
        affine(np.array([[0, 1, 2, 3], [5, 8, 5, 8]]), ["r", "c"])
    assert (refused.value.axis, refused.value.at) == (0, 1)


def test_a_box_that_breaks_nowhere_is_halved_along_its_longest_axis():
    with pytest.raises(IrregularError) as refused:
        split_mixed(np.full((2, 4), True))
    assert (refused.value.axis, refused.value.at) == (1, 2)


def test_boxes_come_in_order_and_are_split_where_told():
    index = np.array([0, 1, 2, 10, 11, 3])
    tried = []

    def attempt(box):
        tried.append(box)
        affine(positions((6,), box).astype(int) * 0 + index[slice(*box[0])], ["i"])

    assert list(boxes((6,), attempt)) == [((0, 3),), ((3, 5),), ((5, 6),)]
    assert tried[0] == ((0, 6),)


def test_a_shape_in_which_the_attempt_succeeds_is_one_box():
    assert list(boxes((2, 3), lambda box: None)) == [((0, 2), (0, 3))]


def test_the_positions_of_a_box_are_its_places_in_the_whole():
    # 0 1 2 / 3 4 5 / 6 7 8
    assert positions((3, 3), ((1, 3), (0, 2))).tolist() == [[3, 4], [6, 7]]


def test_a_box_that_is_half_one_kind_and_half_another_is_split_between_them():
    split_at = []
    for inside in ([True, True, False], [[True, False], [True, False]]):
        with pytest.raises(IrregularError) as refused:
            split_mixed(np.array(inside))
        split_at.append((refused.value.axis, refused.value.at))
    assert split_at == [(0, 2), (1, 1)]


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_boxes_cover_each_place_once_and_the_code_reads_what_the_index_says(data):
    shape = data.draw(st.sampled_from([(6,), (3, 4), (2, 3, 2)]))
    size = math.prod(shape)
    index = np.array(data.draw(st.lists(st.integers(0, 9), min_size=size, max_size=size)))
    if data.draw(st.booleans()):
        index = np.roll(np.arange(size), data.draw(st.integers(0, size)))
    table = index.reshape(shape)
    names = ["i", "j", "k"][: len(shape)]
    codes = {}

    def attempt(box):
        codes[box] = affine(table[tuple(slice(*ends) for ends in box)], names)

    read = np.full(shape, -1)
    for box in boxes(shape, attempt):
        for place in np.ndindex(*(high - low for low, high in box)):
            at = tuple(p + low for p, (low, _) in zip(place, box, strict=True))
            assert read[at] == -1, "covered twice"
            read[at] = eval(codes[box], dict(zip(names, place, strict=True)))
    assert read.tolist() == table.tolist()
