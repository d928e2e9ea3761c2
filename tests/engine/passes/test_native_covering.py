"""Few loops cover a shape: axes taken apart, conditions on diagonals, else pieces."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqtasks.engine.native.emit.boxes import affine, positions, split_mixed
from seqtasks.engine.native.emit.covering import (
    FEW,
    NAMES,
    condition,
    cover,
    extended,
)

SIDE = 12


def code_of(index, size, loops):
    """Return rows as an expression, like the writer of statements; a row below 0 is a zero."""
    own, names = index[positions(loops.shape, loops.box)], list(NAMES[: len(loops.shape)])
    zero = own < 0
    if zero.all():
        return "-1"
    if not zero.any():
        return affine(own, names)
    holds = condition(~zero, names) if loops.conditions else None
    whole = None if holds is None else extended(own, ~zero, size)
    if holds is None or whole is None:
        split_mixed(zero)
    return f"({affine(whole, names)}) if {holds} else -1"


def read(index, shape, keep=0, last=True, size=SIDE * SIDE):
    """Cover a shape, and return the loops and the rows that their code reads, in order."""
    flat = index.reshape(-1)
    codes = {}

    def attempt(loops):
        codes[loops] = code_of(flat, size, loops)

    covered = cover(shape, keep, attempt, last)
    rows = np.full(flat.shape, -2)
    for loops in covered:
        order = positions(loops.shape, loops.box)
        for place in np.ndindex(*order.shape):
            assert rows[order[place]] == -2, "covered twice"
            rows[order[place]] = eval(codes[loops], dict(zip(NAMES, place, strict=False)))
    return covered, rows.reshape(index.shape)


square = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
down, across = np.indices(square.shape)
PATTERNS = {
    "turned, as one axis": (square.T.reshape(-1), (SIDE * SIDE,)),
    "every third, by turns": (np.arange(36).reshape(3, 12).T.reshape(-1), (36,)),
    "three axes as one": (np.arange(120).reshape(4, 5, 6).transpose(2, 0, 1).reshape(-1), (120,)),
    "zeros but for every fourth": (np.where(np.arange(48) % 4 == 1, 5, -1), (48,)),
    "a diagonal": (np.where(down == across, down, -1), square.shape),
    "all but a diagonal": (np.where(down == across, -1, square), square.shape),
    "beside the diagonal": (np.where(across == down + 1, down, -1), square.shape),
    "above": (np.where(across > down, square, -1), square.shape),
    "below, with the diagonal": (np.where(across <= down, square.T, -1), square.shape),
    "a diagonal of blocks": (
        np.where(down // 3 == across // 3, square, -1),
        square.shape,
    ),
}


@pytest.mark.parametrize(("index", "shape"), PATTERNS.values(), ids=list(PATTERNS))
def test_the_number_of_loops_does_not_grow_with_a_pattern(index, shape):
    covered, rows = read(index, shape)
    assert rows.tolist() == index.tolist()
    assert len(covered) <= FEW


def test_a_reduction_keeps_an_axis_that_is_taken_apart():
    index = np.tile(np.arange(6), (12, 1)) + 6 * (np.arange(12)[:, None] % 2)
    covered, rows = read(index, (12, 6), keep=1)
    assert [(loops.shape, loops.keep) for loops in covered] == [((6, 2, 6), 2)]
    assert rows.tolist() == index.tolist()


def test_the_last_axis_stays_whole_where_that_is_asked_for():
    index = np.arange(48).reshape(2, 3, 8).transpose(1, 0, 2).reshape(3, 16)
    covered, rows = read(index, (3, 16), keep=1, last=False)
    assert all(loops.shape == (3, 16) for loops in covered)
    assert rows.tolist() == index.tolist()


def test_a_pattern_of_few_pieces_is_cut_as_it_is():
    covered, _ = read(np.array([0, 1, 2, 10, 11, 3]), (6,))
    assert [loops.box for loops in covered] == [((0, 3),), ((3, 5),), ((5, 6),)]


def test_rows_that_a_condition_leaves_out_are_never_beyond_the_value():
    index = np.where(across == down, 100 + down, -1)[:, ::-1]
    held = index >= 0
    whole = extended(index, held, 112)
    assert whole[held].tolist() == index[held].tolist()
    assert 0 <= whole.min() <= whole.max() < 112
    assert extended(index, held, 111) is None  # no pattern stays among so few rows


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_loops_cover_each_place_once_and_read_what_the_index_says(data):
    shape = data.draw(st.sampled_from([(12,), (3, 4), (2, 3, 2), (4, 4)]))
    size = math.prod(shape)
    rows = st.integers(-1, 9)
    index = np.array(data.draw(st.lists(rows, min_size=size, max_size=size))).reshape(shape)
    if data.draw(st.booleans()):
        index = np.roll(np.arange(size), data.draw(st.integers(0, size))).reshape(shape)
    elif data.draw(st.booleans()):
        other = data.draw(st.permutations(range(len(shape))))
        index = np.arange(size).reshape(shape).transpose(other).reshape(shape)
    keep = data.draw(st.integers(0, len(shape)))
    _, found = read(index, shape, keep, data.draw(st.booleans()))
    assert found.tolist() == index.tolist()
