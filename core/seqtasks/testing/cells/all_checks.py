"""The checks of a cell, in the order in which they are run."""

from seqtasks.testing.cells.between_steps import (
    anneals_its_buffers,
    constrains_its_own_parameters,
)
from seqtasks.testing.cells.rows import rows_are_independent, same_in_any_batch
from seqtasks.testing.cells.sequences import (
    goes_on_from_a_state,
    scan_equals_the_steps,
    works_at_any_size,
)
from seqtasks.testing.cells.steps import (
    changes_nothing_in_place,
    output_has_its_size,
    penalty_is_a_number_for_each_row,
    starts_with_a_state,
    state_keeps_its_shape,
)
from seqtasks.testing.cells.training import (
    learns_a_batch_by_heart,
    speed_is_measured,
    which_engine_runs_it,
)
from seqtasks.testing.modules.copies import deep_copies, pickles, state_dict_restores
from seqtasks.testing.modules.default_settings import of_a_module
from seqtasks.testing.modules.kept_state import gives_the_same_twice, keeps_nothing_on_self
from seqtasks.testing.modules.learnable import (
    gradients_reach_the_parameters,
    gradients_reach_the_state,
    makes_parameters_in_init,
    tensors_are_registered,
)
from seqtasks.testing.modules.numbers import (
    gradients_agree_with_differences,
    is_finite,
    runs_in_float32_and_float64,
)
from seqtasks.testing.modules.parts import (
    can_be_made,
    has_docstring,
    names_its_source,
    parameters_round_trip,
)

__all__ = ["CELL_CHECKS"]

_STEP = (output_has_its_size, penalty_is_a_number_for_each_row, changes_nothing_in_place)
_LEARNT = (tensors_are_registered, makes_parameters_in_init)
_SAME = (*_STEP, gives_the_same_twice, keeps_nothing_on_self)
_RIGHT = (*_SAME, *_LEARNT, rows_are_independent)

CELL_CHECKS = (
    of_a_module(has_docstring),
    of_a_module(names_its_source, has_docstring),
    of_a_module(can_be_made),
    of_a_module(parameters_round_trip, can_be_made),
    # one step
    of_a_module(starts_with_a_state, can_be_made),
    of_a_module(state_keeps_its_shape, starts_with_a_state),
    of_a_module(output_has_its_size, state_keeps_its_shape),
    of_a_module(penalty_is_a_number_for_each_row, state_keeps_its_shape),
    of_a_module(changes_nothing_in_place, state_keeps_its_shape),
    of_a_module(works_at_any_size, *_STEP),
    # what is learnt, and what is kept beside the state
    of_a_module(tensors_are_registered, *_STEP),
    of_a_module(makes_parameters_in_init, *_STEP),
    of_a_module(gives_the_same_twice, makes_parameters_in_init),
    of_a_module(keeps_nothing_on_self, gives_the_same_twice),
    of_a_module(gradients_reach_the_parameters, makes_parameters_in_init),
    of_a_module(gradients_reach_the_state, gradients_reach_the_parameters),
    # rows
    of_a_module(
        rows_are_independent,
        works_at_any_size,
        keeps_nothing_on_self,
        gradients_reach_the_parameters,
    ),
    of_a_module(same_in_any_batch, *_SAME, rows_are_independent),
    # numbers
    of_a_module(runs_in_float32_and_float64, *_RIGHT),
    of_a_module(
        gradients_agree_with_differences, runs_in_float32_and_float64, gradients_reach_the_state
    ),
    of_a_module(is_finite, *_RIGHT, gradients_reach_the_parameters),
    # sequences
    of_a_module(goes_on_from_a_state, runs_in_float32_and_float64),
    of_a_module(scan_equals_the_steps, *_SAME),
    # copies
    of_a_module(state_dict_restores, *_SAME, *_LEARNT),
    of_a_module(deep_copies, *_SAME, *_LEARNT),
    of_a_module(pickles, deep_copies),
    # training
    of_a_module(constrains_its_own_parameters, can_be_made),
    of_a_module(anneals_its_buffers, can_be_made),
    of_a_module(which_engine_runs_it, *_STEP, is_costly=True),
    of_a_module(speed_is_measured, which_engine_runs_it, is_costly=True),
    of_a_module(
        learns_a_batch_by_heart,
        *_RIGHT,
        gradients_agree_with_differences,
        is_finite,
        is_costly=True,
    ),
)
"""Each check comes after those that it needs."""
