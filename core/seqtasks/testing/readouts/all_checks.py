"""The checks of a readout, in the order in which they are run."""

from seqtasks.testing.modules.copies import deep_copies, pickles, state_dict_restores
from seqtasks.testing.modules.default_settings import of_a_module
from seqtasks.testing.modules.kept_state import gives_the_same_twice, keeps_nothing_on_self
from seqtasks.testing.modules.learnable import (
    gradients_reach_the_parameters,
    makes_parameters_in_init,
    tensors_are_registered,
)
from seqtasks.testing.modules.numbers import (
    gradients_agree_with_differences,
    is_finite,
    runs_in_float32_and_float64,
)
from seqtasks.testing.modules.parts import can_be_made, has_docstring, parameters_round_trip
from seqtasks.testing.readouts.predictions import (
    changes_no_input,
    predictions_have_their_shape,
    rows_and_steps_are_independent,
    works_at_any_size,
)

__all__ = ["READOUT_CHECKS"]

_SAME = (changes_no_input, gives_the_same_twice, keeps_nothing_on_self)
_LEARNT = (tensors_are_registered, makes_parameters_in_init)
_RIGHT = (*_SAME, *_LEARNT, rows_and_steps_are_independent)

READOUT_CHECKS = (
    of_a_module(has_docstring),
    of_a_module(can_be_made),
    of_a_module(parameters_round_trip, can_be_made),
    of_a_module(predictions_have_their_shape, can_be_made),
    of_a_module(changes_no_input, predictions_have_their_shape),
    of_a_module(tensors_are_registered, predictions_have_their_shape),
    of_a_module(makes_parameters_in_init, predictions_have_their_shape),
    of_a_module(gives_the_same_twice, makes_parameters_in_init),
    of_a_module(keeps_nothing_on_self, gives_the_same_twice),
    of_a_module(rows_and_steps_are_independent, changes_no_input, keeps_nothing_on_self),
    of_a_module(works_at_any_size, rows_and_steps_are_independent),
    of_a_module(gradients_reach_the_parameters, makes_parameters_in_init),
    of_a_module(runs_in_float32_and_float64, *_RIGHT),
    of_a_module(
        gradients_agree_with_differences,
        runs_in_float32_and_float64,
        gradients_reach_the_parameters,
    ),
    of_a_module(is_finite, *_RIGHT, gradients_reach_the_parameters),
    of_a_module(state_dict_restores, *_SAME, *_LEARNT),
    of_a_module(deep_copies, *_SAME, *_LEARNT),
    of_a_module(pickles, deep_copies),
)
"""Each check comes after those that it needs."""
