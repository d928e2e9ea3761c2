"""The checks of a task, in the order in which they are run."""

from seqtasks.tasks.task import Task
from seqtasks.testing.check import Check, named
from seqtasks.testing.tasks.answers import (
    encode_is_pure,
    rows_are_independent,
)
from seqtasks.testing.tasks.parts import has_docstring, says_what_it_is

__all__ = ["task_checks"]

_CHECKS = [
    named(has_docstring),
    named(says_what_it_is),
    named(encode_is_pure, says_what_it_is),
    named(rows_are_independent, encode_is_pure),
]


def task_checks(task: Task) -> list[Check]:
    """Return the checks of a task, each after those that it needs.

    Example:
        >>> import seqtasks as st
        >>> from seqtasks.testing import task_checks
        >>> [check.name for check in task_checks(st.task("parity"))][:2]
        ['has-docstring', 'says-what-it-is']
    """
    return list(_CHECKS)
