"""Large values that few numbers give are computed again on the way back, and the others kept."""

import numpy as np
import pytest
from small_graphs import evaluated, given, looped, new_graph, state, weight

from seqtasks.engine.graph.compute_again import computed_again
from seqtasks.engine.graph.verify import verify
from seqtasks.engine.native.plan.expansions import MANY_PAIRS, expansions
from seqtasks.engine.native.plan.plan import make_plan

SIDE = 46
assert SIDE**2 >= MANY_PAIRS


def spread(graph, value, across=0):
    """Return a value in every row of a square, or in every column."""
    places = np.broadcast_to(np.arange(value.size), (SIDE, SIDE))
    places = places.T if across else places
    return graph.view(value, np.ascontiguousarray(places), places.shape)


def pairs(function, side=SIDE):
    """Return the model of a state whose next value is a sum of a function of pairs."""

    def step(graph, x, before):
        square = function(graph, spread(graph, before), weight(graph, 0, side, side))
        return [graph.sum(square, 1)]

    return looped([SIDE], step).model_graph


def sigmoids(graph, v, m):
    return graph.pointwise("sigmoid", graph.subtract(v, m))


def rows_kept(model):
    plan = make_plan(model, dict.fromkeys(model.leaves, "m"))
    return plan, max(
        place.buffer.rows for place in plan.storage.places.values() if place.buffer.kind != "one"
    )


def test_a_sigmoid_of_pairs_is_not_kept_and_leaves_the_cache_to_more_columns():
    plan, rows = rows_kept(pairs(sigmoids))
    assert rows == SIDE
    assert plan.block >= 128


def of_few(graph, v, m):
    few = graph.linear(weight(graph, 1, 5, SIDE), graph.view(v, np.arange(SIDE), (SIDE,)))
    many = graph.linear(weight(graph, 2, SIDE**2, 5), few)
    return graph.reshape(graph.pointwise("tanh", many), (SIDE, SIDE))


def test_a_product_of_few_numbers_is_written_out_and_computed_again():
    plan, _ = rows_kept(pairs(of_few))
    kept = [place.buffer for place in plan.storage.places.values()]
    assert max(one.rows for one in kept if one.kind in ("history", "packed")) == SIDE
    loop = plan.model.phases.loop(0)
    large = [n for n in plan.storage.live if n.phase == loop and n.size > SIDE]
    assert large
    assert not [n for n in large if n.operation == "linear" or n in plan.storage.places]


def slow(graph, v, m):
    """A function that takes one number after the other."""
    return graph.pointwise("hyperbolic_sine", graph.subtract(v, m))


def compared(graph, v, m):
    return graph.pointwise("maximum", graph.pointwise("tanh", graph.multiply(v, m)), m)


def dear(graph, v, m):
    return graph.pointwise("exp", graph.pointwise("tanh", sigmoids(graph, v, m)))


@pytest.mark.parametrize("function", [slow, compared, dear])
def test_what_must_not_be_computed_again_is_kept(function):
    plan, rows = rows_kept(pairs(function))
    assert rows == SIDE**2
    assert plan.block <= 64


def test_a_value_that_is_read_after_the_loop_is_kept():
    def step(graph, x, before, _):
        square = sigmoids(graph, spread(graph, before), weight(graph, 0, SIDE, SIDE))
        return [graph.sum(square, 1), graph.reshape(square, (SIDE**2,))]

    model = looped([SIDE, SIDE**2], step, lambda graph, x, one, other: other).model_graph
    assert rows_kept(model)[1] == SIDE**2


def test_a_value_of_many_numbers_is_kept():
    graph, phases = new_graph()
    back = phases.backward_loop(0)
    square = state(graph, phases, SIDE, SIDE)
    once = graph.pointwise("exp", square)
    model = pairs(sigmoids)
    root = graph.sum(graph.multiply(given(graph, back, SIDE, SIDE), once), 1)
    assert expansions(model, [root]) == {}


def test_a_graph_with_nodes_computed_again_has_the_same_values():
    graph, phases = new_graph()
    loop, back = phases.loop(0), phases.backward_loop(0)
    v = state(graph, phases, 3)
    inner = graph.pointwise("tanh", v)
    outer = graph.pointwise("exp", inner)
    g = given(graph, back, 3)
    root = graph.multiply(graph.multiply(g, outer), inner)
    new, copies = computed_again(graph, {inner: back, outer: back})
    verify(new)
    again = [node for node in new.nodes if node.operation in ("tanh", "exp") and node.phase == back]
    assert [node.operation for node in again] == ["tanh", "exp"]
    assert {copies[inner].phase, copies[outer].phase} == {loop}
    values = {v: np.array([[0.1, -2.0, 3.0]]), g: np.array([[1.0, 2.0, -1.0]])}
    moved = {copies[leaf]: numbers for leaf, numbers in values.items()}
    assert np.array_equal(evaluated(root, values), evaluated(copies[root], moved))
