"""What loops alone read lies in one stretch at each step, in blocks that fit the cache."""

import numpy as np
from small_graphs import looped, weight

from seqtasks.engine.native.plan.plan import make_plan


def planned(size, count=2, masked=False):
    """Return the plan of a state with some gates of a value, which are read on the way back."""

    def step(graph, x, before):
        inner = graph.pointwise("tanh", graph.linear(weight(graph, 0, size, size), before))
        gates = graph.constant(1.0, (size,))
        for k in range(1, count + 1):
            v = graph.linear(weight(graph, k, size, size), inner)
            gates = graph.multiply(gates, graph.pointwise("sigmoid", v))
        return [gates]

    def predicted(graph, x, state):
        return graph.view(state, np.arange(2), (2,))

    model = looped([size], step, predicted, masked=masked).model_graph
    return make_plan(model, {leaf: f"w{leaf.value[0]}" for leaf in model.leaves})


def kinds(plan, operation):
    return {
        place.buffer.kind
        for node, place in plan.storage.places.items()
        if node.operation == operation
    }


def test_gates_are_packed_and_what_sums_over_steps_read_is_not():
    plan = planned(32)
    assert kinds(plan, "sigmoid") == {"packed"}
    assert kinds(plan, "tanh") == {"history"}  # the gradients of matrices are sums over steps
    assert not plan.sums_by_step


def test_small_models_and_rows_that_wait_have_histories():
    assert kinds(planned(8), "sigmoid") <= {"history", "scratch"}
    assert kinds(planned(32, masked=True), "sigmoid") == {"history"}


def test_the_more_rows_a_step_has_the_fewer_columns_go_together():
    blocks = [planned(32, count).block for count in (2, 24, 60)]
    assert blocks == sorted(blocks, reverse=True)
    assert (blocks[0], blocks[-1]) == (128, 16)
    assert planned(32, 60).sums_by_step


def test_large_matrices_are_read_for_many_columns():
    # the matrices of 300 rows do not stay in the cache, and a block of few columns reads them often
    assert planned(300, 8).block > planned(32, 80).block


def test_where_sums_are_made_at_each_step_they_read_packed_values():
    assert kinds(planned(32, 60), "tanh") == {"packed"}
