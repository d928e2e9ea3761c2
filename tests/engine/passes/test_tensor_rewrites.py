"""Each rewriting of a model for tensors keeps every value, and leaves fewer operations in loops."""

import numpy as np
import pytest
from small_graphs import evaluated, looped, new_graph, real_inputs, weight

from seqtasks.engine.graph.rewrite import Roots, added, rewrite, view
from seqtasks.engine.graph.walk import live, users
from seqtasks.engine.tensors.rewrite.factor import (
    early_together,
    interpolated,
    with_factors_outside,
    without_nothings,
)
from seqtasks.engine.tensors.rewrite.fuse import alike_joined, products_joined
from seqtasks.engine.tensors.rewrite.vectors import contributions_joined, vectors_joined

SIZE, ROWS = 2, 3


def gates(graph, x, h, count):
    """Return the blocks of W x + U h, one for each gate, as a cell with gates has them."""
    w, u = weight(graph, 0, SIZE * count, SIZE), weight(graph, 1, SIZE * count, SIZE)
    whole = graph.add(graph.linear(w, x), graph.linear(u, h))
    places = np.arange(SIZE * count).reshape(count, SIZE)
    return [graph.view(whole, block, (SIZE,)) for block in places]


def gated(graph, x, h):
    """h⁺ = (1 - z) n + z h, as the gated recurrent unit has it."""
    z, n = gates(graph, x, h, 2)
    z, n = graph.pointwise("sigmoid", z), graph.pointwise("tanh", n)
    return [graph.add(graph.multiply(graph.subtract(1.0, z), n), graph.multiply(z, h))]


def remembering(graph, x, h, c):
    """c⁺ = f c + i g and h⁺ = o tanh(c⁺), as long short-term memory has it."""
    *three, g = gates(graph, x, h, 4)
    i, f, o = (graph.pointwise("sigmoid", gate) for gate in three)
    new = graph.add(graph.multiply(f, c), graph.multiply(i, graph.pointwise("tanh", g)))
    return [graph.multiply(o, graph.pointwise("tanh", new)), new]


def scaled(graph, x, h):
    """h⁺ = tanh(-h v / (1 + x²)) + x + v: factors, a quotient and early terms."""
    v = weight(graph, 0, SIZE)
    factor = graph.divide(v, graph.add(graph.multiply(x, x), 1.0))
    turned = graph.pointwise("negative", graph.multiply(graph.multiply(h, factor), x))
    return [graph.add(graph.add(graph.pointwise("tanh", turned), x), v)]


def divided(graph, x, h):
    """h⁺ = h / (1 + x²) + x: the gradient carried back is divided in each step."""
    return [graph.add(graph.divide(h, graph.add(graph.multiply(x, x), 1.0)), x)]


def reset(graph, x, h, c):
    """s = A h + r (B h), h⁺ = tanh(s), c⁺ = c + s: two vectors are g and r g, and g is a sum."""
    first, second = (graph.linear(weight(graph, k, SIZE, SIZE), h) for k in (0, 1))
    r = graph.pointwise("sigmoid", graph.linear(weight(graph, 2, SIZE, SIZE), x))
    s = graph.add(first, graph.multiply(r, second))
    return [graph.pointwise("tanh", s), graph.add(c, s)]


MODELS = {
    "reset": lambda **options: looped([SIZE] * 2, reset, **options),
    "divided": lambda **options: looped([SIZE], divided, **options),
    "gated": lambda **options: looped([SIZE], gated, **options),
    "remembering": lambda **options: looped([SIZE] * 2, remembering, **options),
    "scaled": lambda **options: looped([SIZE], scaled, **options),
    "a readout": lambda **options: looped(
        [SIZE],
        gated,
        lambda graph, x, h: graph.linear(weight(graph, 9, 3, SIZE), h),
        initial=lambda graph, size: weight(graph, 8, size),
        **options,
    ),
}
OPTIONS = {"plain": {}, "masked": {"masked": True}, "external": {"external": True}}
PASSES = {
    "without_nothings": lambda made, roots: without_nothings(made.graph, roots, True),
    "interpolated": lambda made, roots: interpolated(made.graph, roots),
    "early_together": lambda made, roots: early_together(made.graph, made.phases, roots),
    "with_factors_outside": lambda made, roots: with_factors_outside(
        made.graph, made.phases, roots
    ),
    "products_joined": lambda made, roots: products_joined(made.graph, roots),
    "vectors_joined": lambda made, roots: vectors_joined(made.graph, made.phases, roots),
    "alike_joined": lambda made, roots: alike_joined(made.graph, made.phases, roots),
    "contributions_joined": lambda made, roots: contributions_joined(made.graph, roots),
}


def values(made):
    """Return random numbers for all leaves of a model; whether a row goes on is a truth."""
    draw = np.random.default_rng(3)
    found = {}
    for node in made.graph.nodes:
        if node.inputs or node.operation == "constant":
            continue
        shape = (ROWS if node.columns else 1, *node.shape)
        found[node] = draw.normal(size=shape)
        if node.operation == "running":
            found[node] = np.array([1.0, 0.0, 1.0])
    return found


def results(roots, given):
    """Return the value of each root; a parameter's gradient is the sum of its terms."""
    single = [*roots.forward(), *roots.before, *([] if roots.inputs is None else [roots.inputs])]
    found = [evaluated(node, given, rows=ROWS) for node in single]
    found += [
        sum(evaluated(node, given, rows=ROWS) for node in nodes)
        for nodes in roots.parameters.values()
    ]
    return [np.broadcast_to(value, (max(len(value), 1), *value.shape[1:])) for value in found]


def check_same(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one - other, 0, atol=1e-12)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", PASSES)
def test_a_rewriting_keeps_the_value_of_everything_that_is_computed(name, model, options):
    made = MODELS[model](**OPTIONS[options])
    roots = Roots.of(made.model_graph)
    given = values(made)
    check_same(results(PASSES[name](made, roots), given), results(roots, given))


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("model", MODELS)
def test_all_rewritings_one_after_the_other_keep_every_value(model, options):
    made = MODELS[model](**OPTIONS[options])
    first = roots = Roots.of(made.model_graph)
    given = values(made)
    for _ in range(2):
        for change in PASSES.values():
            roots = change(made, roots)
    check_same(results(roots, given), results(first, given))


# ---- by hand


def operations(roots, phase):
    return [n.operation for n in live(roots) if n.phase == phase and n.inputs]


def test_an_interpolation_is_one_operation_of_both_ends_and_the_share():
    made = MODELS["gated"]()
    roots = Roots.of(made.model_graph)
    (after,) = interpolated(made.graph, roots).following
    (before,) = roots.following
    # (1 - z) n + z h: from n to h by the share z.
    (of_n, of_h) = before.inputs
    n, z, h = of_n.inputs[1], of_h.inputs[0], made.states[0]
    assert (after.operation, after.inputs) == ("interpolate", (n, h, z))


def test_products_of_one_vector_are_one_product_of_all_their_rows():
    made = MODELS["remembering"]()
    roots = Roots.of(made.model_graph)
    loop = made.phases.loop(0)
    products = [n for n in live(roots.forward()) if n.operation == "linear" and n.phase == loop]
    assert [n.shape for n in products] == [(SIZE,)] * 4  # a product for each gate
    joined = products_joined(made.graph, roots)
    products = [n for n in live(joined.forward()) if n.operation == "linear" and n.phase == loop]
    assert [n.inputs for n in products] == [(weight(made.graph, 1, 4 * SIZE, SIZE), made.states[0])]


def test_gates_of_the_same_function_are_one_operation():
    made = MODELS["remembering"]()
    roots = products_joined(made.graph, Roots.of(made.model_graph))
    loop = made.phases.loop(0)
    after = alike_joined(made.graph, made.phases, roots)
    counts = [operations(r.forward(), loop).count("sigmoid") for r in (roots, after)]
    assert counts == [3, 1]


@pytest.mark.parametrize(
    ("places", "are_joined"),
    [(([0, 1], [2, 3]), True), (([0, 2], [4, 6]), False), (([0, 1], [3, 4]), False)],
)
def test_slices_are_joined_where_one_goes_on_after_the_other(places, are_joined):
    def step(graph, x, h):
        parts = [graph.pointwise("exp", graph.view(h, np.array(p), (SIZE,))) for p in places]
        return [graph.concatenate(parts * 2)]

    made = looped([4 * SIZE], step)
    roots = Roots.of(made.model_graph)
    loop = made.phases.loop(0)
    after = alike_joined(made.graph, made.phases, roots)
    counts = [operations(r.forward(), loop).count("exp") for r in (roots, after)]
    assert counts == ([2, 1] if are_joined else [2, 2])


def test_transposed_products_of_the_pass_back_are_one():
    made = MODELS["remembering"]()
    back = made.phases.backward_loop(0)
    roots = Roots.of(made.model_graph)
    joined = vectors_joined(made.graph, made.phases, roots)
    # Uᵀ of what arrives at each of the four gates, added up.
    assert [operations(r.before, back).count("linear") for r in (roots, joined)] == [4, 1]


def test_a_chain_of_factors_known_before_the_loop_back_is_one_factor():
    made = MODELS["scaled"]()
    back = made.phases.backward_loop(0)
    roots = without_nothings(made.graph, Roots.of(made.model_graph), False)
    outside = with_factors_outside(made.graph, made.phases, roots)
    (before,) = outside.before
    # h' = G (1 - y²) · (-1) · x · factor: one product of G and all the rest.
    arriving, factor = before.inputs
    assert before.operation == "multiply"
    assert (arriving.phase, factor.phase) == (back, made.phases.loop(0))


def test_what_is_known_early_is_added_up_before_the_loop():
    graph_of = {}

    def step(graph, x, h):
        product = graph.linear(weight(graph, 0, SIZE, SIZE), h)
        inner = graph.make("add", (x, product), (SIZE,))
        graph_of["total"] = graph.make("add", (weight(graph, 1, SIZE), inner), (SIZE,))
        return [graph.pointwise("tanh", graph_of["total"])]

    made = looped([SIZE], step)
    roots = early_together(made.graph, made.phases, Roots.of(made.model_graph))
    (total,) = roots.following[0].inputs
    early, late = total.inputs
    assert (early.operation, set(early.inputs)) == ("add", {weight(made.graph, 1, SIZE), made.x})
    assert early.phase == made.phases.before(0)
    assert late.operation == "linear"


def test_gradients_from_outside_and_stops_of_gradients_are_left_out():
    made = looped([SIZE], lambda graph, x, h: [graph.add(h, x)], external=True)
    roots = Roots.of(made.model_graph)
    names = {n.operation for n in live(roots.all())}
    assert {"external", "stopped"} <= names
    without = {n.operation for n in live(without_nothings(made.graph, roots, False).all())}
    assert not {"external", "stopped"} & without


def test_parts_of_a_gradient_from_one_value_are_laid_into_it_at_once():
    graph, _ = new_graph()
    leaf, source = weight(graph, 0, 4), weight(graph, 1, 2)
    low = graph.make("view", (source,), (4,), index=np.array([0, -1, -1, -1], np.int32))
    high = graph.make("view", (source,), (4,), index=np.array([-1, -1, 1, 0], np.int32))
    over = graph.make("view", (source,), (4,), index=np.array([1, 1, -1, -1], np.int32))
    none = graph.constant(0.0)
    apart = contributions_joined(graph, Roots(none, [], [], [], {leaf: [low, high]}, None))
    (one,) = apart.parameters[leaf]
    assert one.index.tolist() == [0, -1, 1, 0]
    both = contributions_joined(graph, Roots(none, [], [], [], {leaf: [low, over]}, None))
    assert both.parameters[leaf] == [low, over]  # place 0 has two terms


# ---- the tools


def test_users_are_counted_once_for_each_time_they_read():
    graph, phases = new_graph()
    x = real_inputs(graph, phases, SIZE)
    square, total = graph.multiply(x, x), graph.add(graph.multiply(x, x), x)
    found = users(live([total]))
    assert found[x] == [square, square, total]
    assert found[total] == []


def test_a_rewriting_replaces_what_is_asked_for_and_keeps_what_does_not_change():
    graph, phases = new_graph()
    x = real_inputs(graph, phases, SIZE)
    kept, tanh = graph.pointwise("exp", x), graph.pointwise("tanh", x)
    root = graph.multiply(tanh, kept)
    roots = Roots(root, [kept], [], [], {}, None)

    def change(node, inputs):
        return graph.pointwise("sigmoid", *inputs) if node is tanh else None

    found = rewrite(graph, roots, change)
    assert found.following == [kept]
    assert found.predictions is graph.multiply(graph.pointwise("sigmoid", x), kept)


def test_equal_sums_are_one_node_whichever_term_comes_first():
    graph, phases = new_graph()
    x, w = real_inputs(graph, phases, SIZE), weight(graph, 0, SIZE)
    assert added(graph, x, w) is added(graph, w, x)
    assert added(graph, x, w).inputs == (w, x)  # the early one first


def test_a_view_reads_memory_as_it_stands_and_is_composed_with_another():
    graph, phases = new_graph()
    x = real_inputs(graph, phases, 4)
    total = graph.add(x, x)
    part = view(graph, total, np.array([1, 2]), (2,))
    assert (part.operation, part.inputs) == ("view", (total,))  # no sum of slices
    assert view(graph, part, np.array([1, -1]), (2,)).index.tolist() == [2, -1]
    assert view(graph, total, np.arange(4), (4,)) is total
