"""Where tensors lie: a value lies in the place of its only user's result, and nothing is lost."""

import itertools

import numpy as np
import pytest
from small_graphs import looped, weight

from seqtasks.engine.tensors.plan.buffers import Slot
from seqtasks.engine.tensors.plan.gradients import without_memory
from seqtasks.engine.tensors.plan.place import plan_storage
from seqtasks.engine.tensors.rewrite.sections import sections


def stored(made, external=False):
    parted = sections(made.model_graph, external)
    return parted, plan_storage(parted, without_memory(parted))


def tanh_of(graph, x, h):
    w, u = weight(graph, 0, 2, 2), weight(graph, 1, 2, 2)
    return [graph.pointwise("tanh", graph.add(graph.linear(w, x), graph.linear(u, h)))]


def test_states_lie_in_one_buffer_and_the_next_state_one_step_later():
    made = looped([2], tanh_of)
    parted, storage = stored(made)
    (part,), states = made.parts, storage.buffers["state_0_0"]
    assert (states.kind, states.size) == ("states", 2)
    assert storage.slots[part.previous] == Slot(states)
    assert storage.slots[parted.roots.following[0]] == Slot(states, later=1)
    assert storage.slots[part.carried] == Slot(states, later=1)


def test_all_that_an_activation_is_made_of_lies_in_its_place():
    made = looped([2], tanh_of)
    parted, storage = stored(made)
    (following,) = parted.roots.following
    (total,) = following.inputs
    early = made.graph.linear(weight(made.graph, 0, 2, 2), made.x)
    # y = tanh(W x + U h): W x is written for all steps where y will lie, U h is added to it
    # there in each step, and tanh is taken in place.
    assert storage.slots[total] == storage.slots[early] == storage.slots[following]
    assert total in storage.started
    (term,) = storage.sums[total]
    assert (term.operation, term.sign) == ("product", 1)
    assert term.nodes == (weight(made.graph, 1, 2, 2), made.states[0])


def test_a_value_with_another_reader_is_not_written_over():
    def step(graph, x, h):
        gate = graph.pointwise("sigmoid", graph.add(h, x))
        return [graph.multiply(gate, graph.pointwise("tanh", gate))]

    parted, storage = stored(looped([2], step))
    gate = next(n for n in parted.nodes if n.operation == "sigmoid")
    others = [n for n in storage.slots if n is not gate and n not in gate.inputs]
    assert all(storage.slots[n].buffer is not storage.slots[gate].buffer for n in others)


def test_a_value_of_the_loop_is_kept_for_all_steps_only_if_something_later_reads_it():
    def step(graph, x, h):
        # The pass back reads the sigmoid and the tanh, not the product of both with h.
        gate, new = graph.pointwise("sigmoid", h), graph.pointwise("tanh", graph.multiply(h, x))
        return [graph.pointwise("exp", graph.multiply(graph.multiply(gate, new), h))]

    parted, storage = stored(looped([2], step))
    kinds = {}
    for node in parted.forward:
        if node in storage.slots and parted.in_loop(node) and node.operation != "state":
            kinds.setdefault(node.operation, set()).add(storage.slots[node].buffer.kind)
    assert kinds["sigmoid"] == kinds["tanh"] == {"steps"}
    assert kinds["exp"] == {"states"}


def test_kinds_of_buffers_follow_from_columns_and_pass():
    made = looped(
        [2],
        tanh_of,
        lambda graph, x, h: graph.linear(
            graph.multiply(weight(graph, 7, 2, 2), weight(graph, 8, 2, 2)), h
        ),
    )
    parted, storage = stored(made)
    of_weights = made.graph.multiply(weight(made.graph, 7, 2, 2), weight(made.graph, 8, 2, 2))
    assert storage.slots[of_weights].buffer.kind == "one"
    assert storage.slots[parted.roots.predictions].buffer.kind == "steps"
    assert storage.buffers["carried_back_0_0"].kind == "carry"
    # The pass back: 1 - y² and its product with the gradient are needed for a stretch of steps,
    # the gradient of the inputs, which is handed out, for all.
    square = made.graph.multiply(*(parted.roots.following * 2))
    complement = made.graph.subtract(1.0, square)
    assert storage.slots[complement].buffer.kind == "stretch"
    assert storage.slots[parted.roots.inputs].buffer.kind == "steps"


def test_parts_of_a_concatenation_are_written_where_it_lies():
    def step(graph, x, h):
        part = graph.view(h, np.array([0, 1]), (2,))
        return [graph.concatenate([graph.pointwise("exp", x), graph.pointwise("negative", part)])]

    parted, storage = stored(looped([4], step))
    states = storage.buffers["state_0_0"]
    assert storage.slots[parted.roots.following[0]] == Slot(states, 0, 1)
    # The second part begins at 2. The first is known before the loop: it is copied in each step.
    negative = next(n for n in parted.forward if n.operation == "negative")
    assert storage.slots[negative] == Slot(states, 2, 1)
    exp = next(n for n in parted.forward if n.operation == "exp")
    assert storage.slots[exp].buffer is not states


def test_truth_values_are_kept_as_such_where_they_only_decide():
    def step(graph, x, h):
        decided = graph.pointwise("greater", x, 0.0)
        counted = graph.pointwise("less", x, 1.0)
        return [graph.multiply(graph.pointwise("where", decided, h, x), counted)]

    parted, storage = stored(looped([2], step))
    greater = next(n for n in parted.nodes if n.operation == "greater")
    less = next(n for n in parted.nodes if n.operation == "less")
    assert storage.slots[greater].buffer.truth
    assert not storage.slots[less].buffer.truth  # it is a factor too


def test_a_gradient_carried_back_is_added_right_to_the_sum_that_it_goes_into():
    _, storage = stored(looped([2], tanh_of))
    (total,) = storage.merged.values()
    assert list(storage.merged) == [(0, 0)]
    assert total.operation == "add"
    assert storage.slots[total].buffer is storage.buffers["carried_back_0_0"]
    assert all(term.nodes[0].operation != "back" for term in storage.sums[total])
    assert total in storage.started


def test_a_sum_over_steps_that_is_a_gradient_needs_no_memory():
    parted, storage = stored(looped([2], tanh_of))
    outers = [n for n in parted.nodes if n.operation == "outer"]
    assert len(outers) == 2
    assert storage.direct == set(outers)
    assert not set(outers) & set(storage.slots)


def both(graph, x, h, m):
    gate = graph.pointwise("sigmoid", graph.linear(weight(graph, 2, 2, 2), m))
    (new,) = tanh_of(graph, x, h)
    return [graph.multiply(gate, new), graph.add(graph.multiply(gate, m), graph.multiply(new, h))]


MODELS = {
    "tanh": lambda **options: looped([2], tanh_of, **options),
    "two states": lambda **options: looped([2, 2], both, **options),
    "a readout": lambda **options: looped(
        [2, 2],
        both,
        lambda graph, x, h, m: graph.linear(weight(graph, 9, 3, 2), graph.multiply(h, m)),
        **options,
    ),
}


@pytest.mark.parametrize("options", [{}, {"masked": True}, {"external": True}], ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_no_value_is_written_over_while_something_still_reads_it(name, options):
    """Of two values in the same rows, one is the only reader of the other, in its place.

    A gradient carried back is no such value: it is added, by the step after, to what lies there.
    """
    made = MODELS[name](**options)
    parted, storage = stored(made, external=bool(options.get("external")))
    rows = {}
    for node in parted.nodes:
        slot = storage.slots.get(node)
        if slot is None or node.operation == "carried":
            continue
        if node.operation == "back" and node.value in storage.merged:
            assert parted.users[node] == [storage.merged[node.value]]
            continue
        for row in range(slot.first, slot.first + node.size):
            rows.setdefault((slot.buffer.name, slot.later, row), []).append(node)
    pairs = {pair for nodes in rows.values() for pair in itertools.pairwise(nodes)}
    assert pairs
    for earlier, later in pairs:
        assert becomes(parted, storage, earlier, later), (earlier, later)


def becomes(parted, storage, earlier, later):
    """Say whether all that reads a value is computed in its place, step by step up to another."""
    node = earlier
    while node is not later:
        if not parted.only_here(node):
            return False
        (node,) = parted.users[node]
        elsewhere = node not in storage.inside and node.operation != "view"
        if elsewhere and storage.slots.get(node) != storage.slots[later]:
            return False
    return True
