"""Products of a matrix's blocks with one vector lie one below the other, and are one product."""

import numpy as np
from small_graphs import new_graph, real_inputs, state, weight

from seqtasks.engine.native.plan.stacked_products import stack_gates, stack_gradients
from seqtasks.engine.native.plan.storage import Place, Storage


def rows(graph, matrix, low, high):
    """Return some rows of a matrix as a view."""
    width = matrix.shape[1]
    index = np.arange(low * width, high * width, dtype=np.int32)
    return graph.make("view", (matrix,), (high - low, width), index=index)


def stored(*nodes, kinds=None):
    """Return a storage in which each node has a buffer of its own."""
    storage = Storage(live=list(nodes))
    for node, kind in zip(nodes, kinds or ["scratch"] * len(nodes), strict=True):
        name = f"{node.operation}_{node.number}"
        storage.places[node] = Place(storage.buffer(name, node.size, kind))
    return storage


def test_products_of_rows_below_each_other_are_one():
    graph, phases = new_graph()
    w, h = weight(graph, 0, 5, 3), state(graph, phases, 3)
    top, below = graph.linear(rows(graph, w, 0, 2), h), graph.linear(rows(graph, w, 2, 5), h)
    storage = stored(top, below)
    stack_gates(storage)
    (buffer,) = storage.buffers.values()
    assert (buffer.rows, buffer.kind) == (5, "scratch")  # two rows, then three
    assert storage.places[top] == Place(buffer, 0, 0)
    assert storage.places[below] == Place(buffer, 0, 2)
    assert storage.stacked == {top: [top, below], below: [top, below]}


def test_the_order_is_that_of_the_matrix_whichever_was_made_first():
    graph, phases = new_graph()
    w, h = weight(graph, 0, 6, 3), state(graph, phases, 3)
    below = graph.linear(rows(graph, w, 4, 6), h)
    top = graph.linear(rows(graph, w, 0, 2), h)
    middle = graph.linear(rows(graph, w, 2, 4), h)
    storage = stored(below, top, middle)
    stack_gates(storage)
    assert [storage.places[n].first for n in (top, middle, below)] == [0, 2, 4]


def test_rows_between_which_others_lie_are_not_one():
    graph, phases = new_graph()
    w, h = weight(graph, 0, 6, 3), state(graph, phases, 3)
    top, bottom = graph.linear(rows(graph, w, 0, 2), h), graph.linear(rows(graph, w, 4, 6), h)
    storage = stored(top, bottom)
    stack_gates(storage)
    assert storage.stacked == {}
    assert len(storage.buffers) == 2


def test_products_of_other_vectors_kinds_or_matrices_are_not_one():
    graph, phases = new_graph()
    w, u = weight(graph, 0, 4, 3), weight(graph, 1, 4, 3)
    h, m = state(graph, phases, 3), state(graph, phases, 3, part=1)
    top, below = rows(graph, w, 0, 2), rows(graph, w, 2, 4)
    pairs = [
        (graph.linear(top, h), graph.linear(below, m)),
        (graph.linear(top, h), graph.linear(rows(graph, u, 2, 4), h)),
    ]
    for pair in pairs:
        storage = stored(*pair)
        stack_gates(storage)
        assert storage.stacked == {}
    storage = stored(graph.linear(top, h), graph.linear(below, h), kinds=["scratch", "history"])
    stack_gates(storage)
    assert storage.stacked == {}


def products(graph, *pairs, transposed=True):
    inputs = [node for pair in pairs for node in pair]
    size = pairs[0][0].shape[1] if transposed else pairs[0][0].shape[0]
    return graph.make("products", inputs, (size,), value=(transposed,) * len(pairs))


def test_added_products_of_transposed_blocks_are_one_product_with_the_vectors_below_each_other():
    graph, phases = new_graph()
    w, x = weight(graph, 0, 4, 3), real_inputs(graph, phases, 2)
    top, below = rows(graph, w, 0, 2), rows(graph, w, 2, 4)
    a, b = graph.pointwise("tanh", x), graph.pointwise("exp", x)
    # Wᵀ (a; b) = topᵀ a + belowᵀ b, given here in the reverse order
    node = products(graph, (below, b), (top, a))
    storage = stored(a, b, node)
    stack_gradients(storage)
    assert storage.stacked[node] == [top, a, below, b]
    assert storage.places[a].buffer is storage.places[b].buffer
    assert [storage.places[n].first for n in (a, b)] == [0, 2]
    assert set(storage.buffers) == {node_name(node), storage.places[a].buffer.name}


def node_name(node):
    return f"{node.operation}_{node.number}"


def test_vectors_that_cannot_lie_below_each_other_are_left_alone():
    graph, phases = new_graph()
    w, x = weight(graph, 0, 4, 3), real_inputs(graph, phases, 2)
    top, below = rows(graph, w, 0, 2), rows(graph, w, 2, 4)
    a, b = graph.pointwise("tanh", x), graph.pointwise("exp", x)
    product = graph.linear(weight(graph, 1, 2, 2), x)
    cases = [
        (products(graph, (top, a), (below, a)), [a]),  # one vector cannot lie in two places
        (products(graph, (top, a), (below, product)), [a, product]),  # a product writes as it likes
        (products(graph, (top, a), (below, b), transposed=False), [a, b]),
        (products(graph, (top, a), (below, x)), [a]),  # inputs lie where they lie
    ]
    for node, values in cases:
        storage = stored(*values, node)
        stack_gradients(storage)
        assert storage.stacked == {}, node
