"""Only what roots need is computed, and each value after what it is computed from."""

from small_graphs import new_graph, real_inputs, state, weight

from seqtasks.engine.native.plan.liveness import live_in, live_nodes
from seqtasks.engine.native.plan.storage import Storage


def test_what_no_root_needs_is_left_out():
    graph, phases = new_graph()
    x, h = real_inputs(graph, phases, 2), state(graph, phases, 2)
    needed, unneeded = graph.pointwise("tanh", x), graph.pointwise("exp", x)
    assert live_nodes([needed]) == [x, needed]
    assert unneeded not in live_nodes([needed, h])


def test_a_value_stands_after_what_it_is_computed_from_and_once():
    graph, phases = new_graph()
    x, h = real_inputs(graph, phases, 2), state(graph, phases, 2)
    square = graph.multiply(h, h)
    early = graph.pointwise("tanh", x)  # made later, but known before the loop
    total = graph.add(graph.multiply(square, early), square)
    assert live_nodes([total, square]) == [
        *(x, early, h, square, graph.multiply(square, early), total)
    ]


def test_joined_products_stand_before_their_sum_in_place_of_its_terms():
    graph, phases = new_graph()
    h, m = state(graph, phases, 2), state(graph, phases, 2, part=1)
    w, u = weight(graph, 0, 2, 2), weight(graph, 1, 2, 2)
    one, other = graph.linear(w, h), graph.linear(u, m)
    total = graph.add(one, other)
    after = graph.pointwise("tanh", total)
    joined = graph.make("products", (w, h, u, m), (2,), value=(False, False))  # made last
    live = live_in(Storage(sums={total: [joined]}), [after])
    assert set(live) == {w, u, h, m, joined, total, after}  # neither of the two products
    assert live.index(joined) < live.index(total) < live.index(after)


def test_a_chain_longer_than_pythons_stack_is_gone_through():
    graph, phases = new_graph()
    node = real_inputs(graph, phases, 1)
    for _ in range(3000):
        node = graph.pointwise("tanh", node)
    assert len(live_nodes([node])) == 3001
