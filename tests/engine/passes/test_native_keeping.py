"""Which values are kept, for how long, and which are computed again where they are read."""

from collections import defaultdict

import numpy as np
import pytest
from small_graphs import by_symbol, given, new_graph, real_inputs, state, weight

from seqtasks.engine.native.plan.keep_or_recompute import kept_values, kind_of, latest_input
from seqtasks.engine.native.plan.liveness import live_in
from seqtasks.engine.native.plan.storage import Storage, inputs_of


def users_of(storage):
    users = defaultdict(list)
    for node in storage.live:
        for source in inputs_of(storage, node):
            users[source].append(node)
    return users


def kept(*roots, rounded=()):
    """Return the values kept of what roots need, leaves left out."""
    storage = Storage()
    storage.live = live_in(storage, list(roots))
    found = kept_values(storage, users_of(storage), set(roots), set(rounded))
    return {node for node in found if node.inputs}


def view(graph, source, index):
    return graph.make("view", (source,), (len(index),), index=np.array(index, np.int32))


@pytest.fixture
def made():
    graph, phases = new_graph()
    return graph, real_inputs(graph, phases, 2), state(graph, phases, 2)


# The root of each is a sum over features: it has a loop of its own, which reads expressions.


def test_a_value_used_once_is_computed_where_it_is_read(made):
    graph, x, _ = made
    for once in (graph.add(x, x), graph.pointwise("tanh", x)):
        root = graph.sum(once, 0)
        assert kept(root) == {root}


def test_a_dear_value_used_twice_is_kept_and_a_cheap_one_computed_again(made):
    graph, x, _ = made
    dear, cheap = graph.pointwise("tanh", x), graph.pointwise("negative", x)
    root = graph.sum(graph.multiply(dear, dear), 0)
    assert kept(root) == {root, dear}
    root = graph.sum(graph.multiply(cheap, cheap), 0)
    assert kept(root) == {root}


def test_a_product_that_must_be_rounded_is_kept_before_it_is_read(made):
    graph, x, h = made
    product = graph.multiply(x, h)
    root = graph.sum(graph.subtract(product, x), 0)
    assert kept(root) == {root}  # a processor may multiply and subtract in one step
    assert kept(root, rounded=[product]) == {root, product}


def test_a_dear_value_that_another_phase_reads_is_kept(made):
    graph, x, h = made
    dear, cheap = graph.pointwise("tanh", x), graph.add(x, x)
    root = graph.sum(graph.multiply(dear, h), 0)
    assert kept(root) == {root, dear}
    root = graph.sum(graph.multiply(cheap, h), 0)
    assert kept(root) == {root}


def test_a_dear_value_that_is_rearranged_is_kept(made):
    graph, x, _ = made
    dear = graph.pointwise("tanh", x)
    root = graph.sum(view(graph, dear, [1, 0]), 0)
    assert kept(root) == {root, dear}


def test_a_cheap_value_that_is_spread_is_kept_where_it_is_an_expression_of_several_operations(made):
    graph, x, _ = made
    one = graph.add(x, x)
    root = graph.sum(view(graph, one, [0, 0, 1, 1]), 0)
    assert kept(root) == {root}
    two = graph.multiply(one, x)
    root = graph.sum(view(graph, two, [0, 0, 1, 1]), 0)
    assert kept(root) == {root, two}


@pytest.mark.parametrize(("operations", "is_kept"), [(8, False), (9, True)])
def test_cheap_operations_are_kept_once_there_are_more_than_eight(made, operations, is_kept):
    graph, x, h = made
    value = graph.add(x, h)
    for _ in range(operations - 1):  # each costs one more than the one before
        value = graph.multiply(value, h)
    root = graph.sum(graph.multiply(value, value), 0)
    assert kept(root) == ({root, value} if is_kept else {root})


def test_what_is_computed_of_weights_alone_is_kept(made):
    graph, x, _ = made
    of_weights = graph.add(weight(graph, 0, 2), weight(graph, 1, 2))
    root = graph.sum(graph.multiply(of_weights, x), 0)
    assert kept(root) == {root, of_weights}


def test_a_pointwise_root_is_kept_and_a_rearranged_root_is_not(made):
    graph, x, _ = made
    total = graph.add(x, x)
    assert kept(total) == {total}
    assert kept(view(graph, total, [1, 0])) == set()


def test_what_a_product_reads_is_kept_where_it_is_cut_from():
    graph, phases = new_graph()
    x, h = real_inputs(graph, phases, 2), state(graph, phases, 2)
    w = weight(graph, 0, 3, 2)
    total = graph.add(x, h)
    product = graph.linear(w, graph.pointwise("negative", total))
    assert kept(product) == {product, product.inputs[1]}
    four = graph.add(state(graph, phases, 4), state(graph, phases, 4, part=1))
    half = view(graph, four, [2, 3])
    product = graph.make("linear", (w, half), (3,), value=False)
    assert kept(product) == {product, four}  # the half lies in the memory of the whole
    turned = view(graph, four, [3, 2])
    product = graph.make("linear", (w, turned), (3,), value=False)
    assert kept(product) == {product, turned}


def test_a_table_that_is_looked_up_is_kept(made):
    graph, _, h = made
    table = graph.pointwise("negative", by_symbol(graph, weight(graph, 0, 5, 2)))
    root = graph.sum(graph.multiply(graph.lookup(table), h), 0)
    assert kept(root) == {root, table, table.inputs[0]}


def test_what_is_made_of_a_carried_gradient_is_kept_if_a_later_phase_reads_it():
    graph, phases = new_graph()
    back = given(graph, phases.backward_loop(0), 2, name="back")
    arriving = graph.pointwise("negative", back)  # cheap, but `back` is overwritten
    summed = graph.make("sum_of_columns", (arriving,), (2,), phase=phases.backward_before(0))
    assert kept(summed) == {summed, arriving}
    here = graph.sum(arriving, 0)
    assert kept(here) == {here}


# ---- how long


def kind(graph, phases, node, *roots, in_portions=False):
    storage = Storage(in_portions=in_portions)
    storage.live = live_in(storage, list(roots))
    users = users_of(storage)
    found = kept_values(storage, users, set(roots), set()) | {node}
    return kind_of(storage, phases, node, users, found)


def test_weights_have_one_column_and_tables_one_for_each_symbol():
    graph, phases = new_graph()
    of_weights = graph.add(weight(graph, 0, 2), weight(graph, 1, 2))
    table = graph.pointwise("tanh", by_symbol(graph, weight(graph, 2, 5, 2)))
    assert kind(graph, phases, of_weights, of_weights) == "one"
    assert kind(graph, phases, table, table) == "vocabulary"


def test_a_value_that_its_own_phase_alone_reads_is_kept_for_a_step():
    graph, phases = new_graph()
    h = state(graph, phases, 2)
    dear = graph.pointwise("tanh", h)
    assert kind(graph, phases, dear, graph.multiply(dear, dear)) == "scratch"


def test_a_value_that_a_later_phase_reads_is_kept_for_all_steps():
    graph, phases = new_graph()
    h, g = state(graph, phases, 2), given(graph, phases.backward, 2)
    dear = graph.pointwise("tanh", h)
    assert kind(graph, phases, dear, graph.multiply(dear, g)) == "history"
    # also where the later phase reads an expression that is made of it again
    again = graph.multiply(graph.pointwise("negative", dear), g)
    assert kind(graph, phases, dear, again) == "history"


def test_what_only_sums_over_steps_read_is_kept_for_a_few_steps_where_sums_go_in_portions():
    graph, phases = new_graph()
    back = given(graph, phases.backward_loop(0), 2, name="back")
    node = graph.pointwise("tanh", back)
    summed = graph.make("sum_of_columns", (node,), (2,), phase=phases.backward_before(0))
    assert kind(graph, phases, node, summed, in_portions=True) == "recent"
    assert kind(graph, phases, node, summed) == "history"
    later = graph.make("exp", (node,), (2,), phase=phases.backward_before(0))
    assert kind(graph, phases, node, summed, later, in_portions=True) == "history"


def test_the_latest_input_is_the_one_of_the_last_phase():
    graph, phases = new_graph()
    x, h = real_inputs(graph, phases, 2), state(graph, phases, 2)
    assert latest_input(graph.multiply(h, x)) == phases.loop(0)
    assert latest_input(graph.multiply(x, weight(graph, 0, 2))) == phases.before(0)
