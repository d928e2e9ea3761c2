"""From how many steps on a gradient reaches each parameter, the inputs and given states."""

import pytest
import torch
from small_graphs import looped, weight
from torch import nn

from seqtasks.engine.derive.reach import steps_until_used
from seqtasks.engine.record.autograd_leaves import leaves_of

PREDICTIONS, INPUTS = ("predictions", 0, 0), ("inputs", 0, 0)
EMBEDDED, REAL, OUTPUT = ("embedded", 0, 0), ("real inputs", 0, 0), ("output", 0, 0)


def following(part):
    return "next state", 0, part


def before(part):
    return "state", 0, part


def first(part):
    return "initial state", 0, part


def model(reached, states=2, external=False):
    """Return a model, two weights of it, and what its recordings are said to reach.

    Of the model itself nothing counts here but its states: what a gradient reaches is given.
    """
    made = looped(
        [2] * states, lambda graph, x, *states: [graph.add(h, x) for h in states], external=external
    )
    a, b = weight(made.graph, 0, 2), weight(made.graph, 1, 2)
    # the prediction is the first state after the step; the inputs are real, and as they are
    made.model_graph.reached = {
        PREDICTIONS: {OUTPUT},
        OUTPUT: {following(0)},
        EMBEDDED: {REAL},
        **reached(a, b),
    }
    return made, a, b


def of_predictions(made):
    return steps_until_used(made.model_graph, [made.model_graph.cotangent])


def test_what_the_prediction_reads_at_once_is_used_from_one_step_on():
    made, a, b = model(lambda a, b: {following(0): {a, INPUTS}})
    counts = of_predictions(made)
    assert counts[a] == 1
    assert counts[made.model_graph.gradients.of_inputs] == 1
    assert b not in counts


def test_a_weight_that_writes_to_a_memory_read_one_step_later_is_used_from_two_steps_on():
    # m⁺ is made of a, and h⁺ of m and b: what a writes reaches h one step later.
    made, a, b = model(lambda a, b: {following(0): {before(1), b}, following(1): {a}})
    counts = of_predictions(made)
    assert (counts[a], counts[b]) == (2, 1)


def test_a_chain_of_memories_takes_a_step_for_each():
    # h⁺ is made of b, b⁺ of c, c⁺ of the weight: three steps. A gradient is carried back to what
    # b was before the one step that h⁺ takes, and to c before another.
    made, a, _ = model(
        lambda a, b: {following(0): {before(1)}, following(1): {before(2)}, following(2): {a}},
        states=3,
    )
    counts = of_predictions(made)
    assert counts[a] == 3
    assert [counts.get(part.back) for part in made.parts] == [None, 1, 2]


def test_of_several_ways_to_a_weight_the_shortest_counts():
    made, a, _ = model(lambda a, b: {following(0): {before(1), a}, following(1): {a}})
    assert of_predictions(made)[a] == 1


def test_what_no_gradient_reaches_is_left_out():
    made, a, _ = model(lambda a, b: {following(0): {INPUTS}, following(1): {a, before(1)}})
    counts = of_predictions(made)
    assert a not in counts
    assert made.parts[1].back not in counts


def test_a_gradient_of_states_alone_reaches_what_they_are_made_of():
    made, a, b = model(lambda a, b: {following(0): {b}, following(1): {a}}, external=True)
    only_second = steps_until_used(made.model_graph, [made.parts[1].external])
    assert only_second == {a: 1}
    assert of_predictions(made) == {b: 1}


def test_a_weight_that_a_state_begins_with_is_used_once_a_step_reads_the_state():
    made, a, b = model(
        lambda a, b: {following(0): {before(1)}, following(1): {b}, first(1): {a}, first(0): {b}}
    )
    # Over one step h⁺ reads what m begins with; what m becomes, made of b, takes a second.
    counts = of_predictions(made)
    assert (counts[a], counts[b]) == (1, 2)


def test_the_same_question_is_answered_once():
    made, _, _ = model(lambda a, b: {following(0): {a}})
    assert of_predictions(made) is of_predictions(made)


# ---- what torch's autograd reaches


def numbers(*shape):
    return torch.ones(shape, requires_grad=True)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (lambda a, b, c: a * b, "ab"),
        (lambda a, b, c: torch.stack([a, b])[0], "ab"),  # of b a zero
        (lambda a, b, c: (a * b.detach()).sum(), "a"),
        (lambda a, b, c: a + c, "a"),  # c has no gradient
        (lambda a, b, c: c * 2, ""),
        (lambda a, b, c: a, "a"),  # a leaf itself
        (lambda a, b, c: torch.tanh(a) * torch.tanh(a), "a"),
    ],
)
def test_the_leaves_of_a_result_are_all_that_autograd_ends_at(made, expected):
    given = {"a": numbers(2), "b": numbers(2), "c": torch.ones(2)}
    found, _ = leaves_of(made(*given.values()))
    assert {id(tensor) for tensor in found} == {id(given[name]) for name in expected}
    assert len(found) == len(expected)


def test_the_leaves_of_a_layer_are_its_parameters_and_its_inputs():
    layer, x = nn.Linear(2, 2), numbers(1, 2)
    found = {id(tensor) for tensor in leaves_of(layer(x))[0]}
    assert found == {id(x), id(layer.weight), id(layer.bias)}
