"""Values of a phase share a loop where they are computed row by row alike, and else wait."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from small_graphs import given as arriving
from small_graphs import new_graph, real_inputs, weight

from seqtasks.engine.graph.node import Columns
from seqtasks.engine.native.plan.schedule import groups, read_in_their_loop
from seqtasks.engine.native.plan.shared_sums import is_sum_of_columns, shared_sum
from seqtasks.engine.native.plan.storage import Storage


def scheduled(*nodes):
    return list(groups(Storage(), list(nodes)))


def view(graph, source, index):
    """Return a view as it stands, however simple."""
    return graph.make("view", (source,), (len(index),), index=np.array(index, np.int32))


def test_pointwise_values_of_one_shape_share_a_loop_though_one_reads_another():
    graph, phases = new_graph()
    x = real_inputs(graph, phases, 2)
    a = graph.pointwise("tanh", x)
    b = graph.pointwise("exp", a)
    c = graph.add(b, a)
    assert scheduled(a, b, c) == [[a, b, c]]


def test_values_of_other_shapes_have_loops_of_their_own():
    graph, phases = new_graph()
    a = graph.pointwise("tanh", real_inputs(graph, phases, 2))
    b = graph.pointwise("tanh", graph.leaf("inputs", 1, (3,), a.columns, a.phase))
    assert scheduled(a, b) == [[a], [b]]


def test_a_product_stands_alone_between_what_it_reads_and_what_reads_it():
    graph, phases = new_graph()
    a = graph.pointwise("tanh", real_inputs(graph, phases, 2))
    product = graph.linear(weight(graph, 0, 2, 2), a)
    after = graph.pointwise("exp", product)
    assert scheduled(a, product, after) == [[a], [product], [after]]


def test_products_that_are_ready_come_first():
    graph, phases = new_graph()
    x = real_inputs(graph, phases, 2)
    a = graph.pointwise("tanh", x)
    one, other = (graph.linear(weight(graph, k, 2, 2), x) for k in range(2))
    assert scheduled(a, one, other) == [[one], [other], [a]]


def test_a_value_that_reads_another_row_waits_until_that_loop_is_done():
    graph, phases = new_graph()
    a = graph.pointwise("tanh", real_inputs(graph, phases, 2))
    turned = graph.pointwise("exp", view(graph, a, [1, 0]))  # row 0 needs row 1
    assert scheduled(a, turned) == [[a], [turned]]
    alike = graph.pointwise("exp", view(graph, a, [0, 1]))
    assert scheduled(a, alike) == [[a, alike]]


def test_a_value_is_followed_through_expressions_that_are_not_kept():
    graph, phases = new_graph()
    x = real_inputs(graph, phases, 2)
    a, b = graph.pointwise("tanh", x), graph.pointwise("exp", x)
    both = graph.make("concatenate", (a, b), (4,))
    reads_b = graph.pointwise("negative", view(graph, both, [2, 3]))  # b, row by row
    across = graph.pointwise("negative", view(graph, both, [1, 2]))  # a's last row, b's first
    assert scheduled(a, b, reads_b) == [[a, b, reads_b]]
    assert scheduled(a, b, across) == [[a, b], [across]]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_each_value_is_computed_once_and_after_every_row_that_it_reads(data):
    graph, phases = new_graph()
    x, w = real_inputs(graph, phases, 3), weight(graph, 0, 3, 3)
    nodes = [graph.pointwise("tanh", x)]
    for k in range(data.draw(st.integers(1, 6))):
        source = data.draw(st.sampled_from(nodes))
        kind = data.draw(st.sampled_from(["alike", "turned", "product", "sum"]))
        if kind == "product":
            node = graph.linear(w, source)
        elif kind == "turned":
            node = graph.make("exp", (view(graph, source, [2, 1, 0]),), (3,), value=k)
        elif kind == "sum":
            node = graph.make("add", (source, data.draw(st.sampled_from(nodes))), (3,), value=k)
        else:
            node = graph.make("negative", (source,), (3,), value=k)
        if node not in nodes:
            nodes.append(node)
    found = scheduled(*nodes)
    assert sorted(n.number for group in found for n in group) == sorted(n.number for n in nodes)
    done = set()
    for group in found:
        for row in range(3):  # a loop computes the group row by row, in its order
            for node in group:
                for source, place in read(node, row):
                    assert source not in nodes or (source, place) in done, (node, source)
                done.add((node, row))


def read(node, row):
    """Return the (value, row) pairs that a row of a node reads, by the definition of a view."""
    if node.operation == "linear":
        return [(node.inputs[1], k) for k in range(3)]
    pairs = []
    for source in node.inputs:
        if source.operation == "view":
            pairs.append((source.inputs[0], int(source.index[row])))
        else:
            pairs.append((source, row))
    return pairs


def matrices(graph, phases, side=32):
    """Return values of a matrix for each row of the batch, as an associative memory is."""
    given = real_inputs(graph, phases, side * side)
    return graph.reshape(graph.pointwise("tanh", given), (side, side))


def test_sums_over_both_axes_of_a_large_matrix_share_the_loop_that_makes_it():
    graph, phases = new_graph()
    a = matrices(graph, phases)
    b = graph.pointwise("exp", a)
    turned = graph.view(b, graph.places(b).T, b.shape)
    down, across = graph.sum(b, 1), graph.sum(turned, 1)
    after = graph.pointwise("tanh", down)
    assert scheduled(b, down, across, after) == [[b, down, across], [after]]


def test_what_reads_a_sum_waits_until_its_loop_is_done():
    graph, phases = new_graph()
    a = matrices(graph, phases)
    b = graph.pointwise("exp", a)
    total = graph.sum(b, 1)
    spread = graph.broadcast(graph.reshape(total, (32, 1)), (32, 32))
    shared = graph.divide(b, spread)
    again = graph.sum(shared, 1)
    assert scheduled(b, total, shared, again) == [[b, total], [shared, again]]


def test_a_sum_over_few_rows_has_loops_of_its_own():
    graph, phases = new_graph()
    b = graph.pointwise("exp", matrices(graph, phases, side=8))
    assert scheduled(b, graph.sum(b, 1)) == [[b], [graph.sum(b, 1)]]


def test_of_a_turned_matrix_each_row_is_added_where_it_belongs():
    graph, phases = new_graph()
    b = graph.pointwise("exp", matrices(graph, phases))
    turned = graph.view(b, graph.places(b).T, b.shape)
    source, rows = shared_sum(Storage(), graph.sum(turned, 1))
    assert source is b
    assert rows.reshape(32, 32).tolist() == [list(range(32))] * 32
    assert shared_sum(Storage(), b) is None


def test_a_large_value_waits_for_the_loop_that_reads_it():
    graph, phases = new_graph()
    a = matrices(graph, phases)
    early, late = graph.pointwise("exp", a), graph.pointwise("tanh", a)
    total = graph.sum(early, 1)
    places = np.repeat(np.arange(32), 32)
    last = graph.sum(graph.multiply(late, graph.view(total, places, late.shape)), 1)
    assert scheduled(early, late, total, last) == [[early, total], [late, last]]


def test_large_values_that_only_their_own_loop_reads_are_found():
    graph, phases = new_graph()
    b = graph.pointwise("exp", matrices(graph, phases))
    total = graph.sum(graph.multiply(b, b), 1)
    found = read_in_their_loop(Storage(), [b, total], [])
    assert found == {b}
    assert read_in_their_loop(Storage(), [b, total], [graph.multiply(b, 2.0)]) == set()
    turned = graph.sum(graph.pointwise("exp", graph.view(b, graph.places(b).T, b.shape)), 1)
    assert read_in_their_loop(Storage(), [b, total, turned], []) == set()
    product = graph.linear(weight(graph, 0, 2, 1024), graph.reshape(b, (1024,)))
    assert read_in_their_loop(Storage(), [b, total, product], []) == set()


def test_sums_over_columns_share_the_loop_back_of_a_large_value_alone():
    graph, phases = new_graph()
    back = phases.backward_loop(0)
    storage = Storage(in_portions=True, loops_back=frozenset([back]))
    for side, phase, shares in ((32, back, True), (8, back, False), (32, phases.loop(0), False)):
        g = graph.pointwise("exp", arriving(graph, phase, side, side))
        total = graph.make("sum_of_columns", (g,), g.shape, columns=Columns.ONE, phase=back + 1)
        assert is_sum_of_columns(storage, total) is shares
        assert not is_sum_of_columns(Storage(), total)
