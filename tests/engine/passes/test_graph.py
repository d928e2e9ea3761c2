"""A graph makes each node once, in the phase and with the columns that its inputs ask for."""

import sys

import numpy as np
import pytest
from small_graphs import by_symbol, new_graph, real_inputs, state, weight

from seqtasks.engine.graph.build import Graph
from seqtasks.engine.graph.node import Columns
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.graph.walk import reached


def test_the_same_operation_of_the_same_nodes_is_made_once():
    graph, _ = new_graph()
    a, b = weight(graph, 0, 3), weight(graph, 1, 3)
    assert a is not b
    assert weight(graph, 0, 3) is a
    total = graph.add(a, b)
    count = len(graph.nodes)
    assert graph.add(a, b) is total
    assert len(graph.nodes) == count


def test_nodes_that_differ_in_one_thing_are_two():
    graph, _ = new_graph()
    a = weight(graph, 0, 4)
    made = [
        graph.make("view", (a,), (2,), index=np.array([0, 1], np.int32)),
        graph.make("view", (a,), (2,), index=np.array([1, 0], np.int32)),
        graph.make("view", (a,), (2, 1), index=np.array([0, 1], np.int32)),
        graph.make("view", (a,), (2,), index=np.array([0, 1], np.int32), phase=2),
        graph.make("view", (a,), (2,), index=np.array([0, 1], np.int32), columns=Columns.BATCH),
        graph.make("tanh", (a,), (2,), value=1),
        graph.make("tanh", (a,), (2,), value=2),
    ]
    assert len(set(made)) == len(made)


def test_a_node_belongs_to_the_latest_phase_and_the_most_columns_of_its_inputs():
    graph, phases = new_graph()
    w, x, h = weight(graph, 0, 2), real_inputs(graph, phases, 2), state(graph, phases, 2)
    assert (w.phase, w.columns) == (0, Columns.ONE)
    assert (x.phase, x.columns) == (2, Columns.BATCH)
    assert graph.multiply(w, w).phase == 0
    assert graph.multiply(w, x).phase == 2
    in_loop = graph.multiply(w, h)
    assert (in_loop.phase, in_loop.columns) == (3, Columns.BATCH)
    assert graph.add(x, h).phase == 3


def test_gradients_of_tables_and_weights_wait_until_all_steps_are_done():
    # One loop: backward 5, its loop 6, what was before it 7, by symbol 8, of weights 9.
    graph, phases = new_graph()
    g = graph.leaf("cotangent", None, (2,), Columns.BATCH, phases.backward)
    of_weight = graph.make("negative", (g,), (2,), columns=Columns.ONE)
    of_table = graph.make("negative", (g,), (2,), columns=Columns.VOCABULARY)
    of_rows = graph.make("negative", (g,), (2,))
    assert (of_weight.phase, of_table.phase, of_rows.phase) == (9, 8, 5)
    for summed in ("outer", "sum_of_columns"):  # these are added up while steps go by
        assert graph.make(summed, (g,), (2,), columns=Columns.ONE).phase == 5


def test_gradients_by_row_are_made_no_earlier_than_told():
    graph, phases = new_graph()
    g = graph.leaf("cotangent", None, (2,), Columns.BATCH, phases.backward)
    graph.least_phase = 7
    assert graph.pointwise("negative", g).phase == 7
    assert graph.pointwise("tanh", real_inputs(graph, phases, 2)).phase == 2  # forward: untouched


def test_a_copy_takes_new_nodes_without_the_first_graph_knowing():
    graph, _ = new_graph()
    a = weight(graph, 0, 2)
    root = graph.with_pullback(graph.pointwise("tanh", a), lambda g: [])
    copied = graph.copy()
    assert copied.pointwise("tanh", a) is root
    added = copied.pointwise("exp", a)
    copied.with_pullback(added, lambda g: [])
    assert added not in graph.nodes
    assert list(graph.pullbacks) == [root]
    assert graph.pointwise("exp", a) is not added


def test_a_graph_of_too_many_operations_is_refused(monkeypatch):
    monkeypatch.setattr(sys.modules[Graph.__module__], "MOST_NODES", 3)
    graph, _ = new_graph()
    for number in range(3):
        weight(graph, number, 1)
    assert weight(graph, 2, 1) is graph.nodes[2]  # no new one
    with pytest.raises(UnsupportedError, match="more than 3 operations"):
        weight(graph, 3, 1)


# ---- what is by symbol, by row of the batch, or neither


def test_what_depends_on_a_token_alone_is_computed_in_the_table():
    graph, _ = new_graph()
    table, bias = by_symbol(graph, weight(graph, 0, 5, 2)), weight(graph, 1, 2)
    total = graph.add(graph.lookup(table), bias)
    assert total.operation == "lookup"
    assert total.inputs[0] is graph.add(table, bias)
    assert total.inputs[0].columns == Columns.VOCABULARY


def test_a_table_beside_rows_of_the_batch_is_looked_up_first():
    graph, phases = new_graph()
    table, h = by_symbol(graph, weight(graph, 0, 5, 2)), state(graph, phases, 2)
    total = graph.multiply(table, h)
    assert (total.operation, total.columns) == ("multiply", Columns.BATCH)
    assert [n.operation for n in total.inputs] == ["lookup", "state"]


def test_broadcasting_over_columns_looks_tables_up_and_spreads_weights():
    graph, phases = new_graph()
    table, w = by_symbol(graph, weight(graph, 0, 5, 2)), weight(graph, 1, 2)
    h = state(graph, phases, 2)
    assert graph.broadcast_columns(table).operation == "lookup"
    spread = graph.broadcast_columns(w)
    assert (spread.operation, spread.columns) == ("spread", Columns.BATCH)
    assert graph.broadcast_columns(h) is h


# ---- reductions and products


def test_a_sum_over_one_number_is_that_number_and_over_none_is_zero():
    graph, _ = new_graph()
    assert graph.sum(weight(graph, 0, 3, 1), 1).operation == "view"
    assert graph.sum(weight(graph, 1, 3, 0), 1) is graph.constant(0.0, (3,))
    assert graph.maximum_of(weight(graph, 1, 3, 0), 1) is graph.constant(-np.inf, (3,))
    summed = graph.sum(weight(graph, 2, 3, 2), 1)
    assert (summed.operation, summed.shape) == ("sum", (3,))


def test_a_product_over_input_and_state_is_split_so_that_the_input_goes_before_the_loop():
    graph, phases = new_graph()
    x, h, w = real_inputs(graph, phases, 1), state(graph, phases, 2), weight(graph, 0, 2, 3)
    total = graph.linear(w, graph.concatenate([x, h]))
    assert total.operation == "add"
    of_x, of_h = total.inputs
    assert (of_x.operation, of_x.phase) == ("linear", phases.before(0))
    assert (of_h.operation, of_h.phase) == ("linear", phases.loop(0))
    # Column 0 of a (2, 3) matrix is its places 0, 3; columns 1 and 2 are 1, 2 and 4, 5.
    assert of_x.inputs[0].index.tolist() == [0, 3]
    assert of_h.inputs[0].index.tolist() == [1, 2, 4, 5]
    assert (of_x.inputs[1], of_h.inputs[1]) == (x, h)


def test_a_product_over_a_sum_of_early_and_late_is_a_sum_of_products():
    graph, phases = new_graph()
    x, h, w = real_inputs(graph, phases, 2), state(graph, phases, 2), weight(graph, 0, 3, 2)
    total = graph.linear(w, graph.subtract(x, h))
    assert total.operation == "subtract"
    assert [n.operation for n in total.inputs] == ["linear", "linear"]
    assert [n.inputs[1] for n in total.inputs] == [x, h]
    both_late = graph.linear(w, graph.add(h, state(graph, phases, 2, part=1)))
    assert both_late.operation == "linear"


def test_a_product_with_zeros_is_zeros_and_one_with_a_lookup_is_looked_up():
    graph, _ = new_graph()
    w = weight(graph, 0, 3, 2)
    assert graph.linear(w, graph.constant(0.0, (2,))) is graph.constant(0.0, (3,))
    found = graph.linear(w, graph.lookup(by_symbol(graph, weight(graph, 1, 5, 2))))
    assert found.operation == "lookup"
    assert found.inputs[0].operation == "linear"


def test_what_is_reached_holds_the_roots_and_all_their_sources_once():
    graph, _ = new_graph()
    a, b, unused = (weight(graph, k, 2) for k in range(3))
    total = graph.add(graph.multiply(a, b), a)
    product = graph.multiply(a, b)
    assert reached([total], lambda node: node.inputs) == {total, product, a, b}
    assert unused not in reached([total, a], lambda node: node.inputs)


def test_a_node_tells_what_it_is_when_printed():
    graph, phases = new_graph()
    h = state(graph, phases, 2, 3)
    assert repr(h) == "%0 = state() [(0, 0)] 2x3 phase 3"
    assert repr(graph.pointwise("tanh", h)) == "%1 = tanh(%0) 2x3 phase 3"


def test_a_product_whose_greatest_is_taken_is_noted_as_one_to_be_rounded():
    graph, phases = new_graph()
    x, h = real_inputs(graph, phases, 4), state(graph, phases, 4)
    product = graph.multiply(x, h)
    graph.maximum_of(graph.reshape(product, (2, 2)), 1)  # through a view
    graph.maximum_of(graph.add(x, h), 0)  # no product
    assert graph.rounded == {product}
    assert graph.copy().rounded == {product}
