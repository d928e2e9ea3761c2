"""Only what roots need is computed, and each value after what it is computed from."""

from small_graphs import new_graph, real_inputs, state, weight

from seqtasks.engine.graph.walk import live, sum_terms, use_counts
from seqtasks.engine.native.plan.liveness import live_in
from seqtasks.engine.native.plan.storage import Storage


def test_what_no_root_needs_is_left_out():
    graph, phases = new_graph()
    x, h = real_inputs(graph, phases, 2), state(graph, phases, 2)
    needed, unneeded = graph.pointwise("tanh", x), graph.pointwise("exp", x)
    assert live([needed]) == [x, needed]
    assert unneeded not in live([needed, h])


def test_a_value_stands_after_what_it_is_computed_from_and_once():
    graph, phases = new_graph()
    x, h = real_inputs(graph, phases, 2), state(graph, phases, 2)
    square = graph.multiply(h, h)
    early = graph.pointwise("tanh", x)  # made later, but known before the loop
    total = graph.add(graph.multiply(square, early), square)
    assert live([total, square]) == [*(x, early, h, square, graph.multiply(square, early), total)]


def test_joined_products_stand_before_their_sum_in_place_of_its_terms():
    graph, phases = new_graph()
    h, m = state(graph, phases, 2), state(graph, phases, 2, part=1)
    w, u = weight(graph, 0, 2, 2), weight(graph, 1, 2, 2)
    one, other = graph.linear(w, h), graph.linear(u, m)
    total = graph.add(one, other)
    after = graph.pointwise("tanh", total)
    joined = graph.make("products", (w, h, u, m), (2,), value=(False, False))  # made last
    found = live_in(Storage(sums={total: [joined]}), [after])
    assert set(found) == {w, u, h, m, joined, total, after}  # neither of the two products
    assert found.index(joined) < found.index(total) < found.index(after)


def test_a_chain_longer_than_pythons_stack_is_gone_through():
    graph, phases = new_graph()
    node = real_inputs(graph, phases, 1)
    for _ in range(3000):
        node = graph.pointwise("tanh", node)
    assert len(live([node])) == 3001


def test_the_terms_of_a_chain_of_sums_are_found_up_to_a_sum_that_is_used_elsewhere():
    graph, phases = new_graph()
    a, b = real_inputs(graph, phases, 2), state(graph, phases, 2)
    c, d = state(graph, phases, 2, part=1), state(graph, phases, 2, part=2)
    left, right = graph.add(a, b), graph.add(c, d)
    total = graph.add(left, right)
    terms, inner = sum_terms(total, lambda source: True)
    assert (set(terms), set(inner)) == ({a, b, c, d}, {left, right})
    terms, inner = sum_terms(total, lambda source: source is right)
    assert (set(terms), inner) == ({left, c, d}, [right])


def test_a_value_is_counted_for_each_use_and_once_more_if_it_is_a_root():
    graph, phases = new_graph()
    h = state(graph, phases, 2)
    square = graph.multiply(h, h)
    counts = use_counts(live([square]), [square])
    assert (counts[h], counts[square]) == (2, 1)
