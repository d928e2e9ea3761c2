"""Cotangents of graphs of a few nodes: derived by hand, and held against finite differences."""

import numpy as np
import pytest
from small_graphs import (
    by_symbol,
    evaluated,
    given,
    looped,
    new_graph,
    real_inputs,
    state,
    weight,
)

from seqtasks.engine.derive.backward import derive
from seqtasks.engine.graph.node import Columns
from seqtasks.engine.graph.unsupported import UnsupportedError
from seqtasks.engine.graph.walk import depends_on_trained

# ---- by hand


def test_the_derivative_of_tanh_of_a_product_is_the_one_worked_out_by_hand():
    graph, phases = new_graph()
    w, x = weight(graph, 0, 3, 2), real_inputs(graph, phases, 2)
    y = graph.pointwise("tanh", graph.linear(w, x))
    g = given(graph, phases.backward, 3)
    found = derive(graph, phases, [(y, g)], {})
    # y = tanh(a), a = W x. So a' = g (1 - y²), W' = Σ a' xᵀ over the rows, x' = Wᵀ a'.
    by_hand = graph.multiply(g, graph.subtract(1.0, graph.multiply(y, y)))
    (of_w,) = found.of_parameters[w]
    assert (of_w.operation, of_w.inputs, of_w.columns) == ("outer", (by_hand, x), Columns.ONE)
    assert found.of_inputs is graph.linear(w, by_hand, transposed=True)
    assert found.of_states == {}


def test_a_value_used_twice_gets_the_sum_of_both_cotangents():
    graph, phases = new_graph()
    x, w = real_inputs(graph, phases, 2), weight(graph, 0, 2)
    g = given(graph, phases.backward, 2)
    found = derive(graph, phases, [(graph.multiply(x, graph.add(x, w)), g)], {})
    # y = x (x + w), so x' = g (x + w) + g x, and w' is Σ g x over the rows.
    first, second = graph.multiply(g, graph.add(x, w)), graph.multiply(g, x)
    assert set(found.of_inputs.inputs) == {first, second}
    assert found.of_inputs.operation == "add"
    assert [(n.operation, n.inputs) for n in found.of_parameters[w]] == [
        ("sum_of_columns", (second,))
    ]


def test_the_gradient_carried_through_a_loop_is_the_one_worked_out_by_hand():
    made = looped([2], lambda graph, x, h: [graph.add(graph.multiply(weight(graph, 0, 2), h), x)])
    graph, phases, (part,) = made.graph, made.phases, made.parts
    w = weight(graph, 0, 2)
    # h⁺ = w h + x, and h is predicted: what arrives at h⁺ is G = the carried gradient + the
    # predictions' own. Then h' = G w goes to the step before, x' = G, and w' = Σ G h over steps.
    arriving = graph.add(made.model_graph.cotangent, part.back)  # the early one first
    assert part.before is graph.multiply(arriving, w)
    assert part.before.phase == phases.backward_loop(0)
    (of_w,) = made.model_graph.gradients.of_parameters[w]
    assert (of_w.operation, of_w.inputs) == (
        "sum_of_columns",
        (graph.multiply(arriving, part.previous),),
    )
    assert of_w.phase == phases.backward_before(0)  # once the loop back is done
    of_x = made.model_graph.gradients.of_inputs
    assert (of_x.operation, of_x.inputs) == ("stopped", (arriving,))
    assert of_x.phase == phases.backward_before(0)  # x was there before the loop


def test_a_state_read_twice_in_a_step_carries_both_gradients_back():
    made = looped([2], lambda graph, x, h: [graph.multiply(h, graph.pointwise("exp", h))])
    graph, (part,) = made.graph, made.parts
    arriving = graph.add(made.model_graph.cotangent, part.back)
    # h⁺ = h exp(h), so h' = G exp(h) + (G h) exp(h).
    e = graph.pointwise("exp", part.previous)
    through_exp = graph.multiply(graph.multiply(arriving, part.previous), e)
    assert part.before.operation == "add"
    assert set(part.before.inputs) == {graph.multiply(arriving, e), through_exp}


def test_what_was_computed_before_a_loop_is_derived_after_the_loop_back():
    made = looped(
        [2],
        lambda graph, x, h: [graph.add(graph.pointwise("tanh", graph.multiply(x, x)), h)],
    )
    phases = made.phases
    assert made.model_graph.gradients.of_inputs.phase == phases.backward_before(0)
    assert made.parts[0].before.phase == phases.backward_loop(0)


def test_a_state_that_begins_with_a_weight_gives_it_the_gradient_of_the_first_step():
    made = looped(
        [2], lambda graph, x, h: [graph.add(h, x)], initial=lambda graph, size: weight(graph, 5, 2)
    )
    (part,) = made.parts
    assert part.initial_back is not None
    assert made.model_graph.gradients.of_parameters[part.initial] == [part.initial_back]


def test_what_is_not_trained_has_no_gradient():
    graph, phases = new_graph()
    buffer, x = weight(graph, 0, 2, trained=False), real_inputs(graph, phases, 2)
    w = weight(graph, 1, 2)
    g = given(graph, phases.backward, 2)
    product = graph.multiply(graph.multiply(x, w), buffer)
    found = derive(graph, phases, [(product, g)], {})
    assert list(found.of_parameters) == [w]
    assert depends_on_trained(graph.multiply(w, buffer))
    assert not depends_on_trained(graph.add(buffer, buffer))


def test_a_comparison_and_a_stopped_value_pass_nothing_on():
    graph, phases = new_graph()
    x, g = real_inputs(graph, phases, 2), given(graph, phases.backward, 2)
    for node in (graph.pointwise("greater", x, 0.0), graph.pointwise("stopped", x)):
        assert derive(graph, phases, [(node, g)], {}).of_inputs is None


def test_a_derivative_of_a_nodes_own_is_taken_in_place_of_the_usual_one():
    graph, phases = new_graph()
    x, g = real_inputs(graph, phases, 2), given(graph, phases.backward, 2)
    node = graph.with_pullback(
        graph.multiply(x, x), lambda cotangent: [(x, graph.multiply(cotangent, 7.0))]
    )
    assert derive(graph, phases, [(node, g)], {}).of_inputs is graph.multiply(g, 7.0)


def test_what_has_no_derivative_is_refused():
    graph, phases = new_graph()
    x, g = real_inputs(graph, phases, 2), given(graph, phases.backward, 2)
    with pytest.raises(UnsupportedError, match="no derivative for sum_of_columns"):
        derive(graph, phases, [(graph.make("sum_of_columns", (x,), (2,)), g)], {})


def test_the_graph_is_left_free_to_make_gradients_in_any_phase():
    graph, phases = new_graph()
    h, x = state(graph, phases, 2), real_inputs(graph, phases, 2)
    g = given(graph, phases.backward_loop(0), 2, name="back")
    derive(graph, phases, [(graph.multiply(h, graph.multiply(x, x)), g)], {})
    assert graph.least_phase == 0


# ---- against finite differences

# Each makes a value of x (4,), W (4, 4), v (4,) and the row of a table by symbol (4,).
FORMS = {
    "linear": lambda g, x, w, v, t: g.linear(w, x),
    "linear transposed": lambda g, x, w, v, t: g.linear(w, x, True),
    "of a product of weights": lambda g, x, w, v, t: g.linear(g.multiply(w, w), x),
    "weights alone": lambda g, x, w, v, t: g.multiply(g.linear(w, v), x),
    "repeated and left out": lambda g, x, w, v, t: g.view(x, np.array([0, 0, -1, 2]), (4,)),
    "a weight repeated": lambda g, x, w, v, t: g.multiply(
        g.view(v, np.array([1, 1, 1, 3]), (4,)), x
    ),
    "a weight turned": lambda g, x, w, v, t: g.linear(
        g.view(w, np.arange(16).reshape(4, 4).T, (4, 4)), x
    ),
    "a slice": lambda g, x, w, v, t: g.view(g.linear(w, x), np.array([1, 2]), (2,)),
    "concatenate": lambda g, x, w, v, t: g.pointwise("tanh", g.concatenate([x, g.multiply(x, v)])),
    "sum": lambda g, x, w, v, t: g.sum(g.reshape(g.multiply(x, x), (2, 2)), 1),
    "maximum_of": lambda g, x, w, v, t: g.maximum_of(g.reshape(g.multiply(x, v), (2, 2)), 1),
    "where": lambda g, x, w, v, t: g.pointwise("where", g.pointwise("greater", x, 0.1), v, x),
    "sigmoid": lambda g, x, w, v, t: g.pointwise("sigmoid", g.multiply(x, v)),
    "divide": lambda g, x, w, v, t: g.divide(x, g.add(g.multiply(v, v), 1.0)),
    "a table": lambda g, x, w, v, t: g.multiply(g.lookup(t), x),
    "of a table alone": lambda g, x, w, v, t: g.pointwise("exp", g.lookup(t)),
    "a product with a table": lambda g, x, w, v, t: g.pointwise("tanh", g.linear(w, g.lookup(t))),
    "spread": lambda g, x, w, v, t: g.broadcast_columns(g.pointwise("tanh", v)),
    "broadcast": lambda g, x, w, v, t: g.sum(
        g.multiply(g.reshape(x, (4, 1)), g.reshape(v, (1, 4))), 1
    ),
}
SYMBOLS, STEP = [2, 0, 2], 1e-6


@pytest.mark.parametrize("form", FORMS)
def test_every_kind_of_node_has_the_derivative_that_finite_differences_find(form):
    graph, phases = new_graph()
    x, w, v = real_inputs(graph, phases, 4), weight(graph, 0, 4, 4), weight(graph, 1, 4)
    table = weight(graph, 2, 3, 4)
    node = FORMS[form](graph, x, w, v, by_symbol(graph, table))
    node = graph.broadcast_columns(node)
    g = given(graph, phases.backward, *node.shape)
    draw = np.random.default_rng(5)
    rows = len(SYMBOLS)
    values = {leaf: draw.normal(size=(1, *leaf.shape)) for leaf in (w, v, table)}
    values |= {leaf: draw.normal(size=(rows, *leaf.shape)) for leaf in (x, g)}
    found = derive(graph, phases, [(node, g)], {})
    gradients = {leaf: list(terms) for leaf, terms in found.of_parameters.items()}
    if found.of_inputs is not None:
        gradients[x] = [found.of_inputs]
    reached = 0
    for leaf in (x, w, v, table):
        expected = differences(node, g, leaf, values)
        terms = [evaluated(term, values, SYMBOLS) for term in gradients.get(leaf, [])]
        assert all(term.shape == expected.shape for term in terms), leaf
        got = sum(terms, np.zeros(expected.shape))
        assert got == pytest.approx(expected, rel=1e-6, abs=1e-8), leaf
        reached += bool(np.abs(expected).max() > 0)
    assert reached


def differences(node, g, leaf, values):
    """Return the derivative of Σ g · node by each number of a leaf."""

    def loss():
        return float((values[g] * evaluated(node, values, SYMBOLS)).sum())

    found = np.empty_like(values[leaf])
    for place in np.ndindex(found.shape):
        kept = values[leaf][place]
        values[leaf][place] = kept + STEP
        above = loss()
        values[leaf][place] = kept - STEP
        found[place] = (above - loss()) / (2 * STEP)
        values[leaf][place] = kept
    return found


def test_the_greatest_of_equals_shares_its_gradient_among_them():
    graph, phases = new_graph()
    x, g = real_inputs(graph, phases, 3), given(graph, phases.backward)
    found = derive(graph, phases, [(graph.maximum_of(x, 0), g)], {})
    values = {x: np.array([[4.0, 4.0, 1.0]]), g: np.array([3.0])}
    assert evaluated(found.of_inputs, values).tolist() == [[1.5, 1.5, 0.0]]
