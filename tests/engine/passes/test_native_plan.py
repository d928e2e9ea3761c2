"""A plan: gradients in a row, products added to them at once, products moved into loops."""

import numpy as np
import pytest
from small_graphs import looped, weight

from seqtasks.engine.graph.node import Columns
from seqtasks.engine.native.plan.plan import MOST_LANES, make_plan, through_blas


def plan_of(made, names=None):
    leaves = made.model_graph.parameters
    return make_plan(made.model_graph, names or {leaf: f"p{leaf.value[0]}" for leaf in leaves})


def copied(plan, node):
    """Return the node of the plan's own copy of the model."""
    return plan.model.graph.nodes[node.number]


def two_products(graph, x, h):
    w, u = weight(graph, 0, 2, 3), weight(graph, 1, 2, 2)
    return [graph.pointwise("tanh", graph.add(graph.linear(w, x), graph.linear(u, h)))]


def over_both(graph, x, h):
    return [
        graph.pointwise("tanh", graph.linear(weight(graph, 0, 2, 5), graph.concatenate([x, h])))
    ]


def test_gradients_lie_in_the_order_of_parameters_and_fill_whole_vectors():
    def step(graph, x, h):
        w, u = weight(graph, 0, 2, 3), weight(graph, 2, 2, 2)
        buffer = weight(graph, 1, 2, trained=False)
        return [graph.add(graph.add(graph.linear(w, x), buffer), graph.linear(u, h))]

    made = looped([2], step, features=3)
    plan = plan_of(made)
    w, u = weight(made.graph, 0, 2, 3), weight(made.graph, 2, 2, 2)
    buffer = weight(made.graph, 1, 2, trained=False)
    # w has 6 numbers, u 4; what is not trained has no place. 10 numbers fill one vector of 16.
    assert [plan.offsets[copied(plan, leaf)] for leaf in (w, u, buffer)] == [0, 6, -1]
    assert plan.gradients == MOST_LANES == 16


def test_names_of_parameters_are_words_of_c():
    made = looped([2], two_products, features=3)
    names = dict(zip(made.model_graph.leaves, ("cell.weight", "layers.0.bias"), strict=True))
    assert list(plan_of(made, names).names.values()) == ["cell_weight", "layers_0_bias"]


def test_the_gradient_of_a_matrix_is_added_to_its_place_at_once():
    made = looped([2], two_products, features=3)
    plan = plan_of(made)
    places = {node.inputs[1]: place for node, place in plan.direct.items()}
    w, u = weight(made.graph, 0, 2, 3), weight(made.graph, 1, 2, 2)
    assert places[copied(plan, made.x)] == (copied(plan, w), 0, 3, 1)  # rows of three numbers
    assert places[copied(plan, made.states[0])] == (copied(plan, u), 0, 2, 1)
    assert not any(node in plan.storage.places for node in plan.direct)


def test_the_gradient_of_a_block_of_a_matrix_is_added_to_that_block():
    made = looped([2], over_both, features=3)
    plan = plan_of(made)
    places = {node.inputs[1]: place for node, place in plan.direct.items()}
    w = copied(plan, weight(made.graph, 0, 2, 5))
    x, h = copied(plan, made.x), copied(plan, made.states[0])
    # Rows are five numbers apart; the columns of x begin at 0, the columns of h at 3.
    assert places == {x: (w, 0, 5, 1), h: (w, 3, 5, 1)}
    views = [n for n in plan.model.gradients.of_parameters[w] if n.operation == "view"]
    assert len(views) == 2
    assert all(plan.is_direct(view) for view in views)


def test_a_gradient_that_two_parameters_share_has_memory_of_its_own():
    made = looped(
        [2],
        lambda graph, x, h: [
            graph.add(graph.linear(graph.add(weight(graph, 0, 2, 2), weight(graph, 1, 2, 2)), x), h)
        ],
    )
    plan = plan_of(made)
    (shared,) = made.model_graph.gradients.of_parameters[weight(made.graph, 0, 2, 2)]
    assert made.model_graph.gradients.of_parameters[weight(made.graph, 1, 2, 2)] == [shared]
    assert plan.direct == {}
    assert copied(plan, shared) in plan.storage.places


def test_a_turned_matrix_is_read_and_its_gradient_added_by_rows():
    made = looped(
        [2],
        lambda graph, x, h: [
            graph.add(
                graph.linear(
                    graph.view(weight(graph, 0, 3, 2), np.arange(6).reshape(3, 2).T, (2, 3)), x
                ),
                h,
            )
        ],
        features=3,
    )
    # (wᵀ) x is a product of w's own rows, so the blocks of w may be computed together.
    plan = plan_of(made)
    ((product, place),) = plan.direct.items()
    assert place == (copied(plan, weight(made.graph, 0, 3, 2)), 0, 2, 1)
    assert product.shape == (3, 2)


def test_a_product_that_the_loop_alone_reads_is_made_in_it_and_the_model_stays_as_it_was():
    made = looped([2], two_products, features=3)
    of_x = made.graph.linear(weight(made.graph, 0, 2, 3), made.x)
    assert of_x.phase == made.phases.before(0)
    plan = plan_of(made)
    assert copied(plan, of_x).phase == made.phases.loop(0)
    assert of_x.phase == made.phases.before(0)


def test_a_product_that_something_else_reads_too_stays_before_the_loop():
    made = looped(
        [2],
        two_products,
        predicted=lambda graph, x, h: graph.add(graph.linear(weight(graph, 0, 2, 3), x), h),
        features=3,
    )
    of_x = made.graph.linear(weight(made.graph, 0, 2, 3), made.x)
    plan = plan_of(made)
    assert copied(plan, of_x).phase == made.phases.before(0)


def test_what_the_gradient_of_the_inputs_alone_needs_is_told_apart():
    made = looped([2], two_products, features=3)
    plan = plan_of(made)
    of_inputs = made.model_graph.gradients.of_inputs
    assert copied(plan, of_inputs) in plan.for_inputs_alone
    transposed = [n for n in plan.for_inputs_alone if n.operation == "linear"]
    w = copied(plan, weight(made.graph, 0, 2, 3))
    assert [n.inputs[0] for n in transposed] == [w]  # Wᵀ of x
    assert copied(plan, made.parts[0].before) not in plan.for_inputs_alone
    assert not plan.for_inputs_alone & set(plan.direct)


@pytest.mark.parametrize(
    ("shape", "large"),
    [((32, 32), True), ((16, 64), True), ((16, 63), False), ((15, 100), False), ((64, 16), True)],
)
def test_a_product_of_1024_numbers_none_of_its_sides_short_goes_through_blas(shape, large):
    assert through_blas(shape) == large


def test_a_plan_is_large_where_one_product_is():
    def step(graph, x, h):
        return [graph.pointwise("tanh", graph.linear(weight(graph, 0, 32, 32), h))]

    assert plan_of(looped([32], step)).large
    assert plan_of(looped([32], step)).storage.in_portions
    assert not plan_of(looped([2], two_products, features=3)).large


def test_predictions_are_kept_for_all_steps_wherever_they_lie():
    # No step back reads the sum h + h, so for the program's own sake a step's would do.
    kept = looped([2], two_products, lambda graph, x, h: graph.add(h, h), features=3)
    plan = plan_of(kept)
    assert plan.predictions is plan.storage.places[plan.model.predictions]
    assert plan.predictions.buffer.kind == "history"
    turned = looped(
        [2], two_products, lambda graph, x, h: graph.view(h, np.array([1, 0]), (2,)), features=3
    )
    plan = plan_of(turned)
    assert plan.predictions.buffer.name == "predictions"
    assert (plan.predictions.buffer.rows, plan.predictions.buffer.kind) == (2, "history")


def test_the_values_kept_in_a_phase_are_those_with_memory_that_are_no_leaves():
    made = looped([2], two_products, features=3)
    plan = plan_of(made)
    in_loop = plan.kept_in(made.phases.loop(0))
    assert copied(plan, made.parts[0].following) in in_loop
    assert copied(plan, made.states[0]) not in in_loop
    assert all(node.phase == made.phases.loop(0) for node in in_loop)
    assert plan.kept_in(made.phases.loop(0), Columns.ONE) == []


def test_states_are_numbered_through():
    made = looped([2, 2], lambda graph, x, h, m: [*two_products(graph, x, h), m], features=3)
    plan = plan_of(made)
    assert [plan.state_number(0, k) for k in range(2)] == [0, 1]
    assert plan.state_number(1, 0) == 2  # the first of a second layer
