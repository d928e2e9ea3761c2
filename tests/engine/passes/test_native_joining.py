"""Products that are added up are added into one place, where nothing else reads them."""

from small_graphs import looped, weight

from seqtasks.engine.native.plan.shared_buffers import join_products
from seqtasks.engine.native.plan.storage import Storage


def joined(step, *, roots=lambda graph, x, h, m: []):
    """Return what is joined in the loop of a model with the states h and m."""
    kept = {}

    def noted(graph, x, h, m):
        kept["total"] = step(graph, x, h, m)
        kept["more"] = roots(graph, x, h, m)
        return [kept["total"], m]

    made = looped([2, 2], noted)
    storage = Storage()
    join_products(made.model_graph, storage, [kept["total"], *kept["more"]])
    return made, kept["total"], storage


def product(graph, number, vector):
    return graph.linear(weight(graph, number, 2, 2), vector)


def test_two_products_of_a_sum_are_one_node_of_matrices_and_vectors_in_turn():
    made, total, storage = joined(
        lambda graph, x, h, m: graph.add(
            graph.add(product(graph, 0, h), product(graph, 1, m)), graph.pointwise("tanh", x)
        )
    )
    x, (h, m) = made.x, made.states
    both, rest = storage.sums[total]
    assert both.operation == "products"
    assert both.inputs == (weight(made.graph, 0, 2, 2), h, weight(made.graph, 1, 2, 2), m)
    assert both.value == (False, False)  # neither is transposed
    assert rest is made.graph.pointwise("tanh", x)


def test_sums_within_the_sum_are_gone_through():
    made, total, storage = joined(
        lambda graph, x, h, m: graph.add(
            graph.add(product(graph, 0, h), product(graph, 1, m)),
            graph.add(m, product(graph, 2, h)),
        )
    )
    assert list(storage.sums) == [total]  # the sum of the first two is part of it
    both, *rest = storage.sums[total]
    h, m = made.states
    matrices = [weight(made.graph, number, 2, 2) for number in range(3)]
    assert set(zip(both.inputs[::2], both.inputs[1::2], strict=True)) == {
        *((matrices[0], h), (matrices[1], m), (matrices[2], h))
    }
    assert rest == [m]


def test_a_product_alone_stays_as_it_is():
    _, _, storage = joined(lambda graph, x, h, m: graph.add(product(graph, 0, h), m))
    assert storage.sums == {}


def test_a_product_that_something_else_reads_has_memory_of_its_own():
    _, _, storage = joined(
        lambda graph, x, h, m: graph.add(product(graph, 0, h), product(graph, 1, m)),
        roots=lambda graph, x, h, m: [graph.pointwise("tanh", product(graph, 0, h))],
    )
    assert storage.sums == {}


def test_a_product_that_is_a_root_itself_has_memory_of_its_own():
    _, _, storage = joined(
        lambda graph, x, h, m: graph.add(product(graph, 0, h), product(graph, 1, m)),
        roots=lambda graph, x, h, m: [product(graph, 1, m)],
    )
    assert storage.sums == {}


def test_a_product_made_before_the_loop_is_not_made_in_it():
    _, total, storage = joined(
        lambda graph, x, h, m: graph.add(
            product(graph, 2, x), graph.add(product(graph, 0, h), product(graph, 1, m))
        )
    )
    both, rest = storage.sums[total]
    assert len(both.inputs) == 4  # two for h and two for m
    assert rest.inputs[0].value == (2, True)
