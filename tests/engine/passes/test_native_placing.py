"""Every value that is kept gets one place, and states and gradients theirs."""

import pytest
from small_graphs import looped, weight

from seqtasks.engine.native.plan.place import plan_storage
from seqtasks.engine.native.plan.storage import Place


def tanh_step(graph, x, h):
    w, u = weight(graph, 0, 2, 2), weight(graph, 1, 2, 2)
    return [graph.pointwise("tanh", graph.add(graph.linear(w, x), graph.linear(u, h)))]


def planned(made, *more, elsewhere=(), in_portions=False):
    """Return the storage of a model's predictions, states and gradients."""
    model_graph = made.model_graph
    roots = [model_graph.predictions, *more]
    for part in made.parts:
        roots += [part.following, part.initial, part.before]
    for nodes in model_graph.gradients.of_parameters.values():
        roots += nodes
    return plan_storage(model_graph, roots, set(elsewhere), in_portions)


def test_a_state_is_kept_for_all_steps_and_read_one_step_later_after_the_loop():
    made = looped([2], tanh_step)
    storage, (part,) = planned(made), made.parts
    states = storage.buffers["state_0_0"]
    assert (states.rows, states.kind) == (2, "history")
    assert storage.places[part.previous] == Place(states, 0)
    assert storage.places[part.carried] == Place(states, 1)
    assert storage.places[part.following] == Place(states, 1)  # written where it is read


def test_a_next_state_that_is_a_product_is_computed_elsewhere_and_copied():
    made = looped([2], lambda graph, x, h: [graph.linear(weight(graph, 0, 2, 2), h)])
    storage, (part,) = planned(made), made.parts
    assert storage.places[part.following].buffer is not storage.buffers["state_0_0"]


def test_a_value_that_is_the_next_state_of_two_is_written_where_the_first_lies():
    made = looped([2, 2], lambda graph, x, h, m: [graph.pointwise("tanh", graph.add(h, m))] * 2)
    storage, parts = planned(made), made.parts
    assert parts[0].following is parts[1].following
    assert storage.places[parts[0].following].buffer is storage.buffers["state_0_0"]


def test_states_of_rows_that_wait_are_held_in_memory_of_their_own():
    made = looped([2], tanh_step, masked=True)
    storage, (part,) = planned(made), made.parts
    held = storage.places[part.carried]
    assert (held.buffer.name, held.shift) == ("held_0_0", 0)
    assert storage.buffers["running"].rows == 1


def test_carried_gradients_take_turns_and_gradients_from_outside_stay():
    made = looped([2], tanh_step, external=True, initial=lambda graph, size: weight(graph, 7, size))
    storage = planned(made)
    kinds = {name: storage.buffers[name].kind for name in storage.buffers}
    assert kinds["carry_0_0"] == "carry"
    assert kinds["external_0_0"] == "history"
    assert kinds["initial_back_0_0"] == "one"
    assert kinds["cotangent"] == "history"


def test_inputs_are_taken_in_even_where_nothing_reads_them():
    made = looped([2], lambda graph, x, h: [graph.pointwise("tanh", h)], features=3)
    assert planned(made).buffers["inputs"].rows == 3


def test_what_has_memory_elsewhere_gets_none():
    made = looped([2], tanh_step)
    (of_w,) = made.model_graph.gradients.of_parameters[weight(made.graph, 0, 2, 2)]
    assert of_w in planned(made).places
    assert of_w not in planned(made, elsewhere=[of_w]).places


@pytest.mark.parametrize("options", [{}, {"masked": True}, {"external": True}], ids=str)
def test_no_two_values_lie_in_the_same_rows_but_states_and_what_they_become(options):
    made = looped(
        [2, 2],
        lambda graph, x, h, m: [
            *tanh_step(graph, x, h),
            graph.multiply(graph.pointwise("sigmoid", m), h),
        ],
        predicted=lambda graph, x, h, m: graph.linear(
            weight(graph, 3, 3, 2), graph.pointwise("exp", graph.add(h, m))
        ),
        **options,
    )
    storage = planned(made)
    taken = {}
    allowed = {n for part in made.parts for n in (part.carried, part.following)}
    for node, place in storage.places.items():
        if node in allowed:
            continue
        for row in range(place.first, place.first + node.size):
            key = place.buffer.name, place.shift, place.ahead, row
            assert key not in taken, (node, taken[key])
            taken[key] = node
            assert row < place.buffer.rows
