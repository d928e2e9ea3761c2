"""Checks of a task in other processes: with another seed of text hashes, and without torch."""

from contextlib import suppress
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.registry.discovery import current_registry
from seqtasks.registry.references import describe
from seqtasks.tasks.task import Task
from seqtasks.testing.check import CheckFailedError, NotApplicable
from seqtasks.testing.tasks.samples import ROWS, base_length, digest, drawn, short_lengths
from seqtasks.testing.tasks.torch_users import uses_of_torch
from seqtasks.testing.tasks.workers import PROCESSES, Answer, ask

__all__ = ["imports_no_torch", "same_in_other_processes"]

_WITH_TORCH = 2
"""How many processes import torch, which takes seconds, if the task's module needs it."""


def imports_no_torch(task: Task) -> str:
    """The task needs NumPy alone: its module, `generate` and `encode` import no torch."""
    by_task, by_others = uses_of_torch(task)
    if by_others and not by_task:
        raise NotApplicable(f"its module holds {by_others[0]} too, which needs torch")
    request = _request(task)
    answer = _first_answer(request)
    if not answer.lacks_torch:
        if answer.error is not None:
            raise NotApplicable(f"it fails in another process for another reason: {answer.error}")
        return "made, drawn and encoded in a process that has no torch"
    if answer.in_plugin:
        raise NotApplicable("its plugin imports torch, which the checks of the plugin say")
    if not by_task and isinstance(request["reference"], dict):
        raise NotApplicable("its class is part of a program that imports torch")
    raise CheckFailedError(
        f"task {task.known_as} imports torch, so that commands which need no torch wait for it: "
        "write the task in NumPy alone, and keep what needs torch in another module"
    )


def same_in_other_processes(task: Task) -> str:
    """Another process draws the same instances: nothing depends on the seed of text hashes."""
    request = _request(task)
    ours = [*digest(task, request["lengths"])]
    torch = _first_answer(request).lacks_torch
    processes = _WITH_TORCH if torch else PROCESSES
    for number in reversed(range(processes)):  # the last one starts all
        answer = ask(number, request, torch)
        if answer.error is not None:
            raise CheckFailedError(f"task {task.known_as} fails in another process: {answer.error}")
        if answer.digests != ours:
            raise CheckFailedError(
                f"task {task.known_as} gives other instances in another process: Python orders "
                "sets, and hashes text, in another way in each process; sort what comes from a "
                "set, use no `hash`, draw nothing when the module is imported, and keep nothing "
                "from one call to the next"
            )
    return f"the same instances in {processes} processes"


def _request(task: Task) -> dict[str, Any]:
    """Return what another process needs to make the task, and to draw from it.

    Raises:
        NotApplicable: if another process cannot make the task.
    """
    lengths = [base_length(task)]
    with suppress(UsageError):  # the check of lengths says what is wrong with this one
        further = short_lengths(task)[-1]
        task.batch_of(drawn(task, further, ROWS))
        lengths.append(further)
    return {"reference": _reference(task), "lengths": lengths}


def _first_answer(request: dict[str, Any]) -> Answer:
    """Return the answer of a process that has no torch.

    Raises:
        NotApplicable: if another process has no way to the task.
    """
    answer = ask(0, request)
    if answer.not_there:
        raise NotApplicable(f"another process cannot import its class: {answer.error}")
    return answer


def _reference(task: Task) -> str | dict[str, str]:
    registered = current_registry().get("task", task.registered_name)
    if registered is not None and isinstance(registered.target, Task):
        return task.registered_name
    try:
        found, _ = describe(task, "task", complete=True)
    except UsageError as error:
        raise NotApplicable("its parameters cannot be written down") from error
    cls = type(task)
    if isinstance(found, dict) and ("<locals>" in cls.__qualname__ or cls.__module__ == "__main__"):
        raise NotApplicable("its class is made in this program, so no other process can import it")
    return found
