"""From how many steps on a gradient reaches each parameter, the inputs and given states."""

from small_graphs import looped, weight

from seqtasks.engine.usage import steps_until_used


def of_predictions(made):
    return steps_until_used(made.analysis, [made.analysis.cotangent])


def test_a_weight_that_the_prediction_reads_at_once_is_used_from_one_step_on():
    made = looped([2], lambda graph, x, h: [graph.add(graph.multiply(weight(graph, 0, 2), x), h)])
    counts = of_predictions(made)
    assert counts[weight(made.graph, 0, 2)] == 1
    assert counts[made.analysis.gradients.of_inputs] == 1


def test_a_weight_that_writes_to_a_memory_read_one_step_later_is_used_from_two_steps_on():
    # m⁺ = a x and h⁺ = m + b x: what a writes reaches h, which is predicted, one step later.
    made = looped(
        [2, 2],
        lambda graph, x, h, m: [
            graph.add(m, graph.multiply(weight(graph, 1, 2), x)),
            graph.multiply(weight(graph, 0, 2), x),
        ],
    )
    counts = of_predictions(made)
    assert counts[weight(made.graph, 0, 2)] == 2
    assert counts[weight(made.graph, 1, 2)] == 1


def test_of_several_ways_to_a_weight_the_shortest_counts():
    # m⁺ = a x and h⁺ = m + a x: a is reached at once, and again one step back.
    def step(graph, x, h, m):
        product = graph.multiply(weight(graph, 0, 2), x)
        return [graph.add(m, product), graph.pointwise("tanh", product)]

    made = looped([2, 2], step)
    assert of_predictions(made)[weight(made.graph, 0, 2)] == 1
    apart = looped(
        [2, 2],
        lambda graph, x, h, m: [
            graph.add(m, graph.multiply(weight(graph, 0, 2), x)),
            graph.linear(graph.broadcast(weight(graph, 0, 2), (2, 2)), x),
        ],
    )
    terms = apart.analysis.gradients.of_parameters[weight(apart.graph, 0, 2)]
    assert len(terms) == 2  # one for each way, which take one step and two
    assert of_predictions(apart)[weight(apart.graph, 0, 2)] == 1


def test_a_chain_of_memories_takes_a_step_for_each():
    # c⁺ = a x, b⁺ = c, h⁺ = b: from a to h are three steps.
    made = looped(
        [2, 2, 2],
        lambda graph, x, h, b, c: [
            graph.pointwise("tanh", b),
            graph.pointwise("tanh", c),
            graph.multiply(weight(graph, 0, 2), x),
        ],
    )
    counts = of_predictions(made)
    assert counts[weight(made.graph, 0, 2)] == 3
    # The gradient is carried back to h⁺ in no further step, to b⁺ in one, to c⁺ in two.
    back = [counts.get(part.back) for part in made.parts]
    assert back == [None, 1, 2]  # nothing reads h itself, so nothing is carried back to it


def test_what_no_gradient_reaches_is_left_out():
    # m is written and never read.
    made = looped(
        [2, 2],
        lambda graph, x, h, m: [graph.add(h, x), graph.multiply(weight(graph, 0, 2), x)],
    )
    counts = of_predictions(made)
    assert weight(made.graph, 0, 2) not in counts
    assert made.parts[1].back not in counts


def test_a_gradient_of_final_states_alone_reaches_what_they_are_made_of():
    made = looped(
        [2, 2],
        lambda graph, x, h, m: [graph.add(h, x), graph.multiply(weight(graph, 0, 2), m)],
    )
    only_m = steps_until_used(made.analysis, [made.parts[1].back])
    assert only_m[weight(made.graph, 0, 2)] == 1
    assert made.analysis.gradients.of_inputs not in only_m


def test_a_weight_that_the_state_begins_with_is_used_from_as_many_steps_as_lead_back_to_it():
    made = looped(
        [2, 2],
        lambda graph, x, h, m: [graph.add(m, x), graph.pointwise("tanh", m)],
        initial=lambda graph, size: weight(graph, 9, 2),
    )
    # Over one step h⁺ = m₀ + x already reads the weight that m begins with.
    assert of_predictions(made)[weight(made.graph, 9, 2)] == 1


def test_the_same_question_is_answered_once():
    made = looped([2], lambda graph, x, h: [graph.add(h, x)])
    assert of_predictions(made) is of_predictions(made)
