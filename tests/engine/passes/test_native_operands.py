"""Where an operand lies: in the memory of what it is cut from, if it is a rectangle of it."""

import numpy as np
import pytest
from small_graphs import by_symbol, new_graph, real_inputs, weight

from seqtasks.engine.native.plan.operands import (
    block_of,
    follow_each_other,
    in_memory,
    looked_up,
    operands_in_memory,
    rectangle,
)


def cut(graph, matrix, index):
    table = np.array(index)
    return graph.make("view", (matrix,), table.shape, index=table.reshape(-1).astype(np.int32))


# A matrix (3, 4) has the places 0 1 2 3 / 4 5 6 7 / 8 9 10 11.
@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ([[5, 6], [9, 10]], (5, 4, 1)),  # rows 1 and 2, columns 1 and 2
        ([[0, 4, 8], [1, 5, 9]], (0, 1, 4)),  # turned
        ([[4, 5, 6, 7]], (4, 4, 1)),  # one row: the stride down is its width
        ([[1], [5]], (1, 4, 1)),  # one column: the stride across is 1
        ([2, 6, 10], (2, 4, 1)),  # a column as a vector
        ([[0, 0], [4, 4]], None),  # repeated
        ([[1, 0], [5, 4]], None),  # backwards
        ([[0, 1], [4, 6]], None),  # no rectangle
        ([[0, 1], [-1, -1]], None),  # zeros
    ],
)
def test_a_view_of_a_matrix_is_a_rectangle_or_must_be_copied(index, expected):
    graph, _ = new_graph()
    assert rectangle(cut(graph, weight(graph, 0, 3, 4), index)) == expected


def test_rows_of_columns_must_follow_each_other():
    graph, phases = new_graph()
    x = real_inputs(graph, phases, 6)
    assert rectangle(cut(graph, x, [2, 3, 4])) == (2, 1, 1)
    assert rectangle(cut(graph, x, [0, 2, 4])) is None  # every other row of a history
    assert rectangle(cut(graph, x, [[1, 2], [3, 4]])) == (1, 2, 1)


def test_a_rectangle_lies_in_its_source_and_anything_else_in_its_own_memory():
    graph, _ = new_graph()
    w = weight(graph, 0, 3, 4)
    part, copied = cut(graph, w, [[4, 5], [8, 9]]), cut(graph, w, [[1, 0], [5, 4]])
    base, index = in_memory(part)
    assert base is w
    assert index.tolist() == [4, 5, 8, 9]
    assert in_memory(copied) == (copied, None)
    assert in_memory(w) == (w, None)


def test_a_block_of_a_matrix_is_its_first_place_and_the_stride_of_its_rows():
    graph, _ = new_graph()
    w = weight(graph, 0, 3, 4)
    assert block_of(w) == (w, 0, 4)
    assert block_of(cut(graph, w, [[5, 6], [9, 10]])) == (w, 5, 4)
    assert block_of(cut(graph, w, [[0, 4], [1, 5]])) is None  # its rows are columns of w


def test_blocks_follow_each_other_where_each_begins_below_the_end_of_the_one_before():
    graph, _ = new_graph()
    w, other = weight(graph, 0, 4, 4), weight(graph, 1, 4, 4)
    top, middle, below = (
        cut(graph, w, [[4 * k + 0, 4 * k + 1, 4 * k + 2, 4 * k + 3]]) for k in range(3)
    )
    assert follow_each_other([top, middle, below])
    assert not follow_each_other([top, below])  # row 1 lies between
    assert not follow_each_other([middle, top])
    assert not follow_each_other([top, cut(graph, other, [[4, 5, 6, 7]])])
    left, below_left = cut(graph, w, [[0, 1], [4, 5]]), cut(graph, w, [[8, 9], [12, 13]])
    assert follow_each_other([left, below_left])
    assert not follow_each_other([left, cut(graph, w, [[10, 11], [14, 15]])])  # other columns


def test_a_lookup_reads_rows_of_the_table_that_it_is_a_view_of():
    graph, _ = new_graph()
    table = by_symbol(graph, weight(graph, 0, 5, 4))
    swapped = graph.lookup(cut(graph, table, [1, 0]))
    base, index = looked_up(swapped)
    assert base is table
    assert index.tolist() == [1, 0]  # any rows, in any order
    with_zero = cut(graph, table, [1, -1])
    assert looked_up(graph.lookup(with_zero)) == (with_zero, None)
    assert looked_up(graph.lookup(table)) == (table, None)


def test_products_and_lookups_read_memory_and_pointwise_operations_need_not():
    graph, phases = new_graph()
    w, x = weight(graph, 0, 3, 2), real_inputs(graph, phases, 2)
    table = by_symbol(graph, weight(graph, 1, 5, 3))
    assert operands_in_memory(graph.linear(w, x)) == [w, x]
    assert operands_in_memory(graph.make("outer", (x, x), (2, 2))) == [x, x]
    assert operands_in_memory(graph.lookup(table)) == [table]
    assert operands_in_memory(graph.pointwise("tanh", x)) == []
