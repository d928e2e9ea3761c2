"""Operations that need not be made are not made; what is known early is added first."""

import math

import numpy as np
import pytest
from small_graphs import by_symbol, new_graph, real_inputs, state, weight

from seqtasks.engine.graph.node import Columns
from seqtasks.engine.graph.simplify import tables_of, truth_of


@pytest.fixture
def made():
    graph, phases = new_graph()
    return graph, phases, real_inputs(graph, phases, 2)


def test_an_operation_on_numbers_is_a_number(made):
    graph, _, _ = made
    assert graph.multiply(graph.constant(2.0, (3,)), graph.constant(4.0, (3,))).value == 8.0
    assert graph.pointwise("exp", 0.0) is graph.constant(1.0)
    assert graph.divide(1.0, 8.0) is graph.constant(0.125)
    assert math.isinf(graph.divide(1.0, 0.0).value)


def test_adding_nothing_multiplying_and_dividing_by_one_leave_a_value_as_it_is(made):
    graph, _, x = made
    assert graph.add(x, 0.0) is x
    assert graph.add(0.0, x) is x
    assert graph.subtract(x, 0.0) is x
    assert graph.multiply(x, 1.0) is x
    assert graph.multiply(1.0, x) is x
    assert graph.divide(x, 1.0) is x
    assert graph.pointwise("negative", graph.pointwise("negative", x)) is x


def test_what_is_no_such_case_is_made(made):
    graph, _, x = made
    assert graph.subtract(0.0, x).operation == "subtract"
    assert graph.divide(1.0, x).operation == "divide"
    assert graph.pointwise("negative", x).operation == "negative"


def test_a_product_with_zero_is_made_for_infinity_times_zero_is_no_zero(made):
    graph, _, x = made
    assert graph.multiply(x, 0.0).operation == "multiply"


def test_what_is_known_early_is_added_first(made):
    graph, phases, x = made
    h, w = state(graph, phases, 2), weight(graph, 0, 2)
    # (x + h) + w: x is known before the loop, h in it, w before any step.
    total = graph.add(graph.add(x, h), w)
    early, late = total.inputs
    assert late is h
    assert set(early.inputs) == {x, w}
    assert early.phase == phases.before(0)


def test_an_order_that_gains_nothing_is_kept(made):
    graph, phases, x = made
    h, m = state(graph, phases, 2), state(graph, phases, 2, part=1)
    total = graph.add(graph.add(x, h), m)  # m is as late as h
    assert total.inputs == (graph.add(x, h), m)


def test_values_that_are_all_by_token_are_found_in_their_tables(made):
    graph, _, x = made
    one = by_symbol(graph, weight(graph, 0, 4, 2))
    other = by_symbol(graph, weight(graph, 1, 4, 2))
    w = weight(graph, 2, 2)
    assert tables_of(graph, [graph.lookup(one), graph.lookup(other), w]) == [one, other, w]
    assert tables_of(graph, [graph.lookup(one), x]) is None  # x is by row of the batch
    assert tables_of(graph, [w, one]) is None  # nothing is looked up
    assert graph.add(graph.lookup(one), x).columns == Columns.BATCH


def test_the_truth_of_a_comparison_is_itself_and_of_another_value_whether_it_is_not_zero(made):
    graph, _, x = made
    compared = graph.pointwise("greater", x, 0.0)
    assert truth_of(graph, compared) is compared
    both = graph.multiply(compared, graph.pointwise("less", x, 1.0))
    assert truth_of(graph, both) is both
    sliced = graph.view(both, np.array([1, 0]), (2,))
    assert truth_of(graph, sliced) is sliced
    chosen = graph.pointwise("where", x, 1.0, 0.0)
    assert truth_of(graph, chosen) is chosen
    for value in (x, graph.add(compared, compared), graph.pointwise("where", x, 1.0, 2.0)):
        assert truth_of(graph, value) is graph.pointwise("not_equal", value, 0.0)
