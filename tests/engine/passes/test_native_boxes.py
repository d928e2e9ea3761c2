"""Loops over rows: an index as C, and a shape split into boxes in which it is one sum."""

import numpy as np
import pytest

from seqtasks.engine.native.emit.boxes import (
    IrregularError,
    affine,
    halves,
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


def test_a_box_is_cut_where_told_and_the_latter_half_comes_first():
    box = ((2, 8), (0, 3))
    assert halves(box, IrregularError(0, 2)) == (((4, 8), (0, 3)), ((2, 4), (0, 3)))
    assert halves(box, IrregularError(1, 1)) == (((2, 8), (1, 3)), ((2, 8), (0, 1)))


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
