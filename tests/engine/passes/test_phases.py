"""Phases are numbers in the order of computation; the phases of two layers are written out."""

import pytest

from seqtasks.engine.graph.phases import Phases

# The phases of a model with two loops, by hand:
#   0 weights, 1 vocabulary,
#   2 before loop 0, 3 loop 0, 4 before loop 1, 5 loop 1, 6 after the loops,
#   7 back through what is after the loops, 8 loop 1 back, 9 before loop 1 back,
#   10 loop 0 back, 11 before loop 0 back, 12 gradients by symbol, 13 gradients of weights.
TWO = Phases(2)
LOOPS = {3: 0, 5: 1, 8: 1, 10: 0}


def test_the_phases_forward_follow_each_other():
    assert [TWO.weights, TWO.vocabulary] == [0, 1]
    assert [TWO.before(0), TWO.loop(0), TWO.before(1), TWO.loop(1), TWO.before(2)] == [
        *(2, 3, 4, 5, 6)
    ]


def test_the_phases_back_follow_in_the_reverse_order_of_layers():
    assert TWO.backward == TWO.backward_before(2) == 7
    assert [TWO.backward_loop(1), TWO.backward_before(1)] == [8, 9]
    assert [TWO.backward_loop(0), TWO.backward_before(0)] == [10, 11]
    assert [TWO.backward_vocabulary, TWO.backward_weights] == [12, 13]


@pytest.mark.parametrize("phase", range(14))
def test_a_loop_is_told_from_what_is_computed_for_all_steps_at_once(phase):
    assert TWO.is_loop(phase) == (phase in LOOPS)


@pytest.mark.parametrize(("phase", "layer"), LOOPS.items())
def test_the_phase_of_a_loop_names_its_layer(phase, layer):
    assert TWO.layer(phase) == layer


def test_a_sum_over_steps_is_made_right_after_its_loop_and_else_at_once():
    assert [TWO.after(phase) for phase in (3, 5, 8, 10)] == [4, 6, 9, 11]
    assert [TWO.after(phase) for phase in (2, 6, 7, 11, 13)] == [2, 6, 7, 11, 13]


def test_a_model_without_loops_has_only_what_is_before_and_after():
    none = Phases(0)
    assert (none.before(0), none.backward, none.backward_vocabulary) == (2, 3, 4)
    assert not any(none.is_loop(phase) for phase in range(6))
