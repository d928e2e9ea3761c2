"""What tensors compute where: in the loops no more than the states and carried gradients need."""

import numpy as np
import pytest
from small_graphs import by_symbol, looped, new_graph, real_inputs, state, weight

from seqtasks.engine.tensors.rewrite.sections import (
    by_section,
    is_alias,
    is_flat_view,
    sections,
)

# The sections of a model of one loop: 2 before it, 3 the loop, 4 after it, 5 before going back,
# 6 the loop back, 7 after it.
LOOP, AFTER, BACKWARD, LOOP_BACK, AFTER_BACK = 3, 4, 5, 6, 7


def tanh_of(graph, x, h):
    w, u = weight(graph, 0, 2, 2), weight(graph, 1, 2, 2)
    return [graph.pointwise("tanh", graph.add(graph.linear(w, x), graph.linear(u, h)))]


def gated(graph, x, h):
    gate = graph.pointwise("sigmoid", graph.linear(weight(graph, 0, 2, 2), h))
    return [graph.add(graph.multiply(gate, h), x)]


MODELS = {
    "tanh": lambda: looped([2], tanh_of),
    "gated": lambda: looped([2], gated),
    "masked": lambda: looped([2], tanh_of, masked=True),
    "a weight to begin with": lambda: looped(
        [2], tanh_of, initial=lambda graph, size: weight(graph, 5, 2)
    ),
    "two states": lambda: looped(
        [2, 2], lambda graph, x, h, m: [*tanh_of(graph, x, m), graph.multiply(m, h)]
    ),
    "a readout": lambda: looped(
        [2], gated, lambda graph, x, h: graph.linear(weight(graph, 9, 3, 2), h)
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_each_value_is_computed_after_what_it_reads_and_no_section_reads_a_later_one(name):
    parted = sections(MODELS[name]().model_graph, False)
    place = {node: k for k, node in enumerate(parted.nodes)}
    assert len(place) == len(parted.nodes)
    for node in parted.nodes:
        for source in node.inputs:
            assert place[source] < place[node], (source, node)
            assert parted.section[source] <= parted.section[node], (source, node)


@pytest.mark.parametrize("name", MODELS)
def test_the_roots_and_all_that_they_need_are_there(name):
    parted = sections(MODELS[name]().model_graph, False)
    assert set(parted.roots.all()) == parted.wanted
    assert parted.wanted <= set(parted.nodes)
    for node in parted.nodes:
        assert set(node.inputs) <= set(parted.nodes)
        for user in parted.users[node]:
            assert node in user.inputs
    assert parted.forward == {n for n in parted.nodes if parted.section[n] < BACKWARD}


def test_what_only_the_pass_back_needs_of_the_loop_is_computed_for_all_steps_at_once():
    made = looped([2], tanh_of)
    parted = sections(made.model_graph, False)
    (following,) = parted.roots.following
    assert parted.section[following] == LOOP
    # tanh' = 1 - y²: y is of the loop, yet no step forward needs its square.
    squares = [
        n for n in parted.nodes if n.operation == "multiply" and n.inputs == (following,) * 2
    ]
    assert [parted.section[n] for n in squares] == [BACKWARD]


def test_what_is_not_carried_on_leaves_the_loop_back():
    made = looped([2], tanh_of)
    parted = sections(made.model_graph, False)
    in_loop_back = [n for n in parted.nodes if parted.section[n] == LOOP_BACK and n.inputs]
    # Carried back: G = the carried gradient + the prediction's own, G (1 - y²), and Uᵀ of that.
    assert sorted(n.operation for n in in_loop_back) == ["add", "arriving", "linear", "multiply"]
    assert all(parted.in_loop(n) for n in in_loop_back)
    of_weights = [n for n in parted.nodes if n.operation == "outer"]
    assert {parted.section[n] for n in of_weights} == {AFTER_BACK}


def test_what_only_a_weight_needs_of_the_loop_back_is_computed_after_it():
    made = looped([2], lambda graph, x, h: [graph.add(graph.multiply(weight(graph, 0, 2), h), x)])
    parted = sections(made.model_graph, False)
    # h' = G w is carried back; of w' = Σ G h the product is not.
    (h,), w = made.states, weight(made.graph, 0, 2)
    products = {n.inputs[1]: n for n in parted.nodes if n.operation == "multiply"}
    backward = {source: n for source, n in products.items() if n not in parted.forward}
    assert set(backward) == {h, w}
    assert parted.section[backward[w]] == LOOP_BACK
    assert parted.section[backward[h]] == AFTER_BACK


def test_gradients_carried_back_arrive_in_values_of_their_own():
    parted = sections(looped([2], gated).model_graph, False)
    (before,) = parted.roots.before
    assert (before.operation, before.value) == ("arriving", (0, 0))
    assert parted.roots.inputs.operation == "stored"


def test_a_next_state_that_has_no_memory_of_its_own_is_stored():
    made = looped([2, 2], lambda graph, x, h, m: [m, *tanh_of(graph, x, h)])
    first, second = sections(made.model_graph, False).roots.following
    assert (first.operation, first.inputs, first.value) == ("stored", (made.states[1],), (0, 0))
    assert second.operation == "tanh"


def test_a_value_that_is_the_next_state_of_two_is_stored_for_the_second():
    made = looped([2, 2], lambda graph, x, h, m: tanh_of(graph, x, m) * 2)
    first, second = sections(made.model_graph, False).roots.following
    assert second.operation == "stored"
    assert second.inputs == (first,)


def test_gradients_from_outside_are_left_out_where_there_are_none():
    made = looped([2], tanh_of, external=True)
    for external in (False, True):
        operations = {n.operation for n in sections(made.model_graph, external).nodes}
        assert ("external" in operations) == external


def test_sections_are_given_in_the_order_of_computing():
    parted = sections(looped([2], gated).model_graph, False)
    found = by_section(parted)
    assert list(found) == sorted(found)
    assert [n for nodes in found.values() for n in nodes] == parted.nodes


# ---- what lies in the memory of something else


def test_a_view_is_read_from_memory_as_it_stands_if_it_is_a_rectangle():
    graph, phases = new_graph()
    x, w = real_inputs(graph, phases, 6), weight(graph, 0, 2, 3)

    def view(source, index, shape):
        return graph.make("view", (source,), shape, index=np.array(index, np.int32))

    assert is_flat_view(view(x, [2, 3, 4], (3,)))
    assert is_flat_view(view(w, [0, 3, 1, 4, 2, 5], (3, 2)))  # turned
    assert not is_flat_view(view(x, [0, 1, 4], (3,)))
    assert not is_flat_view(view(x, [0, -1], (2,)))
    assert is_alias(view(x, [2, 3, 4], (3,)))
    assert not is_alias(view(x, [4, 3], (2,)))
    assert is_alias(graph.broadcast_columns(w))
    assert is_alias(by_symbol(graph, w))
    assert not is_alias(graph.pointwise("tanh", x))


def test_readers_are_found_through_views_and_users_counted_with_them():
    graph_made = looped(
        [4],
        lambda graph, x, h: [
            graph.concatenate(
                [
                    graph.pointwise("exp", graph.view(h, np.array([2, 3]), (2,))),
                    graph.pointwise("tanh", graph.view(h, np.array([0, 1]), (2,))),
                ]
            )
        ],
    )
    parted = sections(graph_made.model_graph, False)
    (h,) = graph_made.states
    forward = [n for n in parted.readers(h) if n in parted.forward]
    assert sorted(n.operation for n in forward) == ["exp", "tanh"]
    assert all(is_alias(user) for user in parted.users[h])
    assert not parted.only_here(h)


def test_a_root_is_never_used_only_once():
    def step(graph, x, h, m):
        total = graph.add(graph.linear(weight(graph, 0, 2, 2), m), x)
        return [total, graph.pointwise("negative", total)]

    parted = sections(looped([2, 2], step).model_graph, False)
    first, second = parted.roots.following
    assert parted.users[first] == [second]
    assert not parted.only_here(first)  # it is the next state too
    (product,) = (n for n in first.inputs if n.operation == "linear")
    assert parted.users[product] == [first]
    assert parted.only_here(product)


def test_the_values_of_a_loop_are_computed_step_by_step_and_others_are_not():
    made = looped([2], gated, lambda graph, x, h: graph.pointwise("exp", h))
    parted = sections(made.model_graph, False)
    assert parted.in_loop(parted.roots.following[0])
    assert not parted.in_loop(parted.roots.predictions)
    assert parted.section[parted.roots.predictions] == AFTER
    assert not parted.in_loop(weight(made.graph, 0, 2, 2))


def test_states_are_leaves_of_the_loop():
    graph, phases = new_graph()
    assert state(graph, phases, 2).phase == LOOP
