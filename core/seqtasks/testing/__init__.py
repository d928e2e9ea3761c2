"""Checks of what an author wrote, one promise each, by name.

    surroundings     what a function asks besides its arguments
    check            `Check` and its `Outcome`; run some checks on a thing
    subjects         from a name or an object to a thing, its kind and the checks of the kind
    task_checks      the checks of a task, in order; `tasks` holds them by subject
    plugin_checks    the checks of a plugin, in order; `plugins` holds them by subject
    module_checks    the checks of a cell and of a readout; `cells`, `readouts` and `modules`, which
                     both share, hold them by subject
    pytest_checks    one pytest test for each thing and check

Importing this package imports neither torch nor pytest.
"""

from collections.abc import Mapping

from seqtasks.errors import UsageError
from seqtasks.randomness.streams import stream
from seqtasks.tasks.mistakes import try_two_lengths
from seqtasks.tasks.task import Task
from seqtasks.testing.check import Check, CheckFailedError, Outcome, refuse_failures, run_checks
from seqtasks.testing.module_checks import cell_checks, check_cell, check_readout, readout_checks
from seqtasks.testing.plugin_checks import plugin_checks
from seqtasks.testing.plugins.installed import find_plugin
from seqtasks.testing.pytest_checks import parametrize_with_checks
from seqtasks.testing.task_checks import task_checks

__all__ = [
    "Check",
    "CheckFailedError",
    "Outcome",
    "cell_checks",
    "check_cell",
    "check_plugin",
    "check_readout",
    "check_task",
    "find_plugin",
    "parametrize_with_checks",
    "plugin_checks",
    "readout_checks",
    "run_checks",
    "stream",
    "task_checks",
]


def check_task(
    task: Task,
    length: int | None = None,
    *,
    train: bool = False,
    skip: Mapping[str, str] | None = None,
) -> None:
    """Run all checks of a task, and raise one error that lists those that failed.

    Args:
        task: the task.
        length: if given, only try the task at this length and at the next one that it can have, as
            a run does before it begins. The nearest length that the task can have is taken.
        train: whether to train with the settings that the task recommends, which may take minutes.
        skip: the checks to leave out, with the reason for each.

    Raises:
        CheckFailedError: a UsageError that names the checks that failed, and what each saw.
        UsageError: if `task` is no task, or `skip` names an unknown check.

    Example:
        >>> import seqtasks as st
        >>> from seqtasks.testing import check_task
        >>> check_task(st.task("parity"))
    """
    if not isinstance(task, Task):
        kind = "a class" if isinstance(task, type) else f"an object of type {type(task).__name__}"
        raise UsageError(f"check_task tries a task, such as st.task('parity'), not {kind}")
    if length is not None:
        try_two_lengths(task, task.lengths.nearest(length))
        return
    refuse_failures(f"task {task.known_as}", run_checks(task, task_checks(task, train=train), skip))


def check_plugin(
    name: str, *, install: bool = False, skip: Mapping[str, str] | None = None
) -> None:
    """Run all checks of an installed plugin, and raise one error that lists those that failed.

    Args:
        name: the name of the distribution, or of one of its plugins.
        install: whether its wheel is also installed into an empty environment, with all it
            requires, which are downloaded.
        skip: the checks to leave out, with the reason for each.

    Raises:
        CheckFailedError: a UsageError that names the checks that failed, and what each saw.
        UsageError: if there is no such plugin, or `skip` names an unknown check.
    """
    plugin = find_plugin(name)
    outcomes = run_checks(plugin, plugin_checks(plugin, install=install), skip)
    refuse_failures(f"plugin {name}", outcomes)
