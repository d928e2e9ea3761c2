"""Views are composed as they are made, and what is sliced is made of slices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_graphs import by_symbol, evaluated, new_graph, real_inputs, state, weight


def test_a_view_of_a_view_is_one_view_of_the_source():
    graph, _ = new_graph()
    a = weight(graph, 0, 4)
    first = graph.view(a, np.array([3, 1, -1]), (3,))
    second = graph.view(first, np.array([2, 0, -1, 1]), (2, 2))
    # Place 2 of the first is its zero, place 0 is a[3], -1 is a zero, and place 1 is a[1].
    assert second.inputs == (a,)
    assert second.index.tolist() == [-1, 3, -1, 1]
    assert second.shape == (2, 2)


def test_a_view_of_everything_in_order_is_the_source_itself():
    graph, _ = new_graph()
    a = weight(graph, 0, 2, 2)
    assert graph.view(a, np.arange(4), (2, 2)) is a
    turned = graph.view(a, np.array([0, 2, 1, 3]), (2, 2))
    assert turned.operation == "view"
    assert graph.view(turned, np.array([0, 2, 1, 3]), (2, 2)) is a
    assert graph.reshape(a, (4,)).operation == "view"  # the shape is another


def test_a_view_of_numbers_is_numbers_unless_a_zero_stands_among_others():
    graph, _ = new_graph()
    five, zero = graph.constant(5.0, (2,)), graph.constant(0.0, (2,))
    assert graph.view(five, np.array([1, 1, 0]), (3,)) is graph.constant(5.0, (3,))
    assert graph.view(zero, np.array([1, -1]), (2,)) is zero
    assert graph.view(five, np.array([-1, -1]), (2,)) is zero
    assert graph.view(weight(graph, 0, 2), np.array([-1, -1]), (2,)) is zero
    mixed = graph.view(five, np.array([0, -1]), (2,))
    assert evaluated(mixed, {}).tolist() == [[5.0, 0.0]]


def test_a_view_of_one_part_of_several_reads_that_part_alone():
    graph, _ = new_graph()
    a, b = weight(graph, 0, 2), weight(graph, 1, 3)
    both = graph.concatenate([a, b])  # a0 a1 b0 b1 b2
    of_b = graph.view(both, np.array([4, -1, 2]), (3,))
    assert of_b.inputs == (b,)
    assert of_b.index.tolist() == [2, -1, 0]
    assert graph.view(both, np.array([0, 1]), (2,)) is a
    across = graph.view(both, np.array([1, 2]), (2,))
    assert across.inputs == (both,)


def test_a_part_of_what_is_looked_up_is_looked_up_in_a_part_of_the_table():
    graph, _ = new_graph()
    table = by_symbol(graph, weight(graph, 0, 5, 4))
    found = graph.view(graph.lookup(table), np.array([1, 2]), (2,))
    assert found.operation == "lookup"
    (part,) = found.inputs
    assert part.inputs == (table,)
    assert part.index.tolist() == [1, 2]


def test_a_slice_of_a_gate_is_made_of_slices():
    graph, _ = new_graph()
    a, b = weight(graph, 0, 4), weight(graph, 1, 4)
    part = graph.view(graph.add(a, b), np.array([1, 2]), (2,))
    assert part.operation == "add"
    assert [n.inputs[0] for n in part.inputs] == [a, b]
    assert [n.index.tolist() for n in part.inputs] == [[1, 2], [1, 2]]
    backwards = graph.view(graph.add(a, b), np.array([2, 1]), (2,))  # no run of places
    assert backwards.operation == "view"


def test_a_slice_of_a_product_is_the_product_with_rows_of_the_matrix():
    graph, phases = new_graph()
    w, x = weight(graph, 0, 3, 2), real_inputs(graph, phases, 2)
    part = graph.view(graph.linear(w, x), np.array([1, 2]), (2,))
    assert (part.operation, part.value) == ("linear", False)
    # Rows 1 and 2 of a (3, 2) matrix are its places 2, 3 and 4, 5.
    assert part.inputs[0].index.tolist() == [2, 3, 4, 5]
    assert part.inputs[0].shape == (2, 2)


def test_a_slice_of_a_transposed_product_is_the_product_with_columns_of_the_matrix():
    graph, phases = new_graph()
    w, x = weight(graph, 0, 2, 3), real_inputs(graph, phases, 2)
    part = graph.view(graph.linear(w, x, transposed=True), np.array([1, 2]), (2,))
    assert (part.operation, part.value) == ("linear", True)
    # Columns 1 and 2 of a (2, 3) matrix are its places 1, 2 and 4, 5.
    assert part.inputs[0].index.tolist() == [1, 2, 4, 5]
    assert part.inputs[0].shape == (2, 2)


def test_a_node_with_a_derivative_of_its_own_is_never_sliced_apart():
    graph, _ = new_graph()
    whole = graph.with_pullback(graph.add(weight(graph, 0, 4), weight(graph, 1, 4)), lambda g: [])
    part = graph.view(whole, np.array([1, 2]), (2,))
    assert part.inputs == (whole,)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_chain_of_views_reads_what_the_views_read_one_after_the_other(data):
    graph, phases = new_graph()
    x, y = real_inputs(graph, phases, 4), state(graph, phases, 4)
    made = {
        "add": graph.add(x, y),
        "linear": graph.linear(weight(graph, 0, 4, 4), x),
        "concatenate": graph.concatenate([x, y]),
        "tanh": graph.pointwise("tanh", x),
    }
    node = made[data.draw(st.sampled_from(sorted(made)))]
    draw = np.random.default_rng(1)
    values = {leaf: draw.normal(size=(1, *leaf.shape)) for leaf in (x, y)}
    values[weight(graph, 0, 4, 4)] = draw.normal(size=(1, 4, 4))
    expected = evaluated(node, values).reshape(-1)
    for _ in range(data.draw(st.integers(1, 3))):
        places = st.integers(-1, node.size - 1)
        index = data.draw(st.lists(places, min_size=1, max_size=5))
        if data.draw(st.booleans()):  # a run, as slices have it
            first = data.draw(st.integers(0, node.size - 1))
            index = list(range(first, data.draw(st.integers(first + 1, node.size))))
        node = graph.view(node, np.array(index), (len(index),))
        expected = np.array([0.0 if place < 0 else expected[place] for place in index])
        assert evaluated(node, values).reshape(-1) == pytest.approx(expected, rel=1e-12)


def test_the_pass_back_reads_parts_of_what_the_pass_forward_computed_whole():
    graph, phases = new_graph()
    x = real_inputs(graph, phases, 4)
    known, other = graph.pointwise("tanh", x), graph.pointwise("exp", x)
    part = graph.view(known, [0, 1], (2,))
    assert part.operation == "tanh"  # the pass forward computes no more than it needs
    graph.recorded = len(graph.nodes)
    assert graph.view(known, [0, 1], (2,)) is part
    read = graph.view(other, [0, 1], (2,))
    assert (read.operation, read.inputs) == ("view", (other,))
    later = graph.pointwise("sine", other)
    assert graph.view(later, [0, 1], (2,)).operation == "sine"
