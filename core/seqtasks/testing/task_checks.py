"""The checks of a task, in the order in which they are run."""

from dataclasses import replace

from seqtasks.tasks.task import Task
from seqtasks.testing.check import Check, named
from seqtasks.testing.tasks.answers import (
    answers_differ,
    answers_in_alphabet,
    any_integer_type,
    encode_has_its_shape,
    encode_is_pure,
    encode_keeps_its_inputs,
    rows_are_independent,
)
from seqtasks.testing.tasks.draws import (
    draws_differ,
    generate_has_its_shape,
    generator_decides_draws,
    inputs_in_alphabet,
    lengths_are_as_claimed,
)
from seqtasks.testing.tasks.elsewhere import imports_no_torch, same_in_other_processes
from seqtasks.testing.tasks.listed import all_inputs_are_listed, inputs_are_equally_likely
from seqtasks.testing.tasks.online import answers_need_no_future
from seqtasks.testing.tasks.parts import (
    has_docstring,
    names_its_source,
    says_what_it_is,
    settings_can_be_used,
)
from seqtasks.testing.tasks.recorded import deep_copies, parameters_round_trip, pickles
from seqtasks.testing.tasks.scores import (
    chance_does_not_solve,
    metrics_are_in_range,
    right_answers_solve,
    speed_is_measured,
)
from seqtasks.testing.tasks.training import not_asked_for, solved_by_its_settings

__all__ = ["task_checks"]

_CHECKS = [
    named(has_docstring),
    named(names_its_source),
    named(says_what_it_is),
    named(settings_can_be_used, says_what_it_is),
    # generate
    named(generate_has_its_shape, says_what_it_is),
    named(inputs_in_alphabet, generate_has_its_shape),
    named(generator_decides_draws, generate_has_its_shape),
    named(draws_differ, generator_decides_draws),
    # encode
    named(encode_keeps_its_inputs, inputs_in_alphabet),
    named(encode_has_its_shape, encode_keeps_its_inputs),
    named(lengths_are_as_claimed, encode_has_its_shape),
    named(answers_in_alphabet, encode_has_its_shape),
    named(encode_is_pure, answers_in_alphabet),
    named(any_integer_type, encode_is_pure),
    named(rows_are_independent, encode_is_pure),
    named(answers_need_no_future, rows_are_independent),
    named(answers_differ, rows_are_independent, draws_differ),
    # all inputs
    named(all_inputs_are_listed, generator_decides_draws, inputs_in_alphabet),
    named(inputs_are_equally_likely, all_inputs_are_listed),
    # scores
    named(metrics_are_in_range, answers_differ),
    named(right_answers_solve, metrics_are_in_range),
    named(chance_does_not_solve, right_answers_solve, inputs_are_equally_likely),
    # elsewhere
    named(parameters_round_trip, encode_is_pure, generator_decides_draws),
    named(deep_copies, encode_is_pure, generator_decides_draws),
    named(pickles, deep_copies),
    named(imports_no_torch, encode_has_its_shape),
    named(same_in_other_processes, imports_no_torch, parameters_round_trip),
    named(speed_is_measured, answers_in_alphabet),
]
_SOLVED = named(solved_by_its_settings, chance_does_not_solve, settings_can_be_used)


def task_checks(task: Task, *, train: bool = False) -> list[Check]:
    """Return the checks of a task, each after those that it needs.

    Args:
        task: the task.
        train: whether the last check trains with the settings that the task recommends.

    Example:
        >>> import seqtasks as st
        >>> from seqtasks.testing import task_checks
        >>> [check.name for check in task_checks(st.task("parity"))][:2]
        ['has-docstring', 'names-its-source']
    """
    last = _SOLVED if train else replace(_SOLVED, function=not_asked_for, needs=())
    return [*_CHECKS, last]
