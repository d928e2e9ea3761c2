"""A check: one promise about a thing that an author wrote, and what came of trying it.

A check is a function whose name is the check's name and whose docstring is the promise. It gets the
thing, and returns what it saw, in a few words. It raises `CheckFailedError` if the promise is
broken, and `NotApplicable` if the thing makes no such promise.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from seqtasks.errors import SeqtasksError, UsageError, counted, did_you_mean, explain
from seqtasks.testing.surroundings import global_states_kept

__all__ = [
    "Check",
    "CheckFailedError",
    "Function",
    "NotApplicable",
    "Outcome",
    "Trial",
    "checked_skips",
    "named",
    "refuse_failures",
    "run_checks",
]

Subject = Any
"""What is checked: a task, later a cell, a readout or a plugin."""
Function = Callable[[Subject], "str | None"]
Status = Literal["passed", "failed", "skipped"]


class CheckFailedError(UsageError):
    """A thing breaks what it must keep. The message says what was seen, and what to do."""


class NotApplicable(Exception):  # noqa: N818 - it is no error: the promise was never made
    """Raised by a check that does not apply to the thing, with the reason."""


@dataclass(frozen=True)
class Check:
    """One promise about a thing.

    Attributes:
        name: what tables and options call it, such as `encode-is-pure`.
        promise: the promise, in one sentence.
        function: takes the thing; returns what it saw in a few words, or None.
        needs: the names of the checks without which this one would say nothing new: if one of them
            fails, this check is skipped.
        is_costly: whether it takes more than a second, mostly to compile a program.
    """

    name: str
    promise: str
    function: Function
    needs: tuple[str, ...] = ()
    is_costly: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a check.

    Attributes:
        check: the check.
        status: `passed`, `failed` or `skipped`.
        message: what was seen, or the reason for which the check was skipped.
        seconds: the time that it took.
    """

    check: Check
    status: Status
    message: str
    seconds: float


def named(function: Function, *needs: Function) -> Check:
    """Return the check of a function, with the name and the promise that the function has.

    Args:
        function: the function; its name becomes the check's name, with dashes.
        needs: the functions of the checks that must not fail before.
    """
    promise = " ".join((function.__doc__ or "").partition("\n\n")[0].split())
    before = tuple(_dashed(one) for one in needs)
    return Check(_dashed(function), promise, function, before)


def _dashed(function: Function) -> str:
    return cast("Any", function).__name__.replace("_", "-")


class Trial:
    """The outcomes of some checks on one thing, each found when it is first asked for.

    Args:
        subject: the thing.
        checks: the checks, each after those it needs.
        skip: the checks to leave out, with the reason for each.

    Raises:
        UsageError: if `skip` names an unknown check, or gives no reason.
    """

    def __init__(
        self, subject: Subject, checks: Iterable[Check], skip: Mapping[str, str] | None = None
    ) -> None:
        self.subject = subject
        self.checks = {check.name: check for check in checks}
        self._skip = checked_skips(skip or {}, self.checks)
        self._outcomes: dict[str, Outcome] = {}

    def outcome(self, name: str) -> Outcome:
        """Return what came of a check, after the checks that it needs."""
        if name not in self._outcomes:
            self._outcomes[name] = self._found(self.checks[name])
        return self._outcomes[name]

    def _found(self, check: Check) -> Outcome:
        if check.name in self._skip:
            return Outcome(check, "skipped", self._skip[check.name], 0.0)
        for name in check.needs:
            if name in self.checks and self._is_broken(name):
                return Outcome(check, "skipped", f"it says nothing until {name} passes", 0.0)
        return _run(check, self.subject)

    def _is_broken(self, name: str) -> bool:
        """Say whether a check failed, or was not tried because one that it needs failed."""
        outcome = self.outcome(name)
        if outcome.status != "skipped":
            return outcome.status == "failed"
        return name not in self._skip and any(
            self._is_broken(one) for one in self.checks[name].needs if one in self.checks
        )


def run_checks(
    subject: Subject, checks: Iterable[Check], skip: Mapping[str, str] | None = None
) -> list[Outcome]:
    """Return what came of each check on a thing.

    Args:
        subject: the thing.
        checks: the checks, such as `task_checks(task)`.
        skip: the checks to leave out, with the reason for each.

    Raises:
        UsageError: if `skip` names an unknown check, or gives no reason.

    Example:
        >>> import seqtasks as st
        >>> from seqtasks.testing import run_checks, task_checks
        >>> parity = st.task("parity")
        >>> outcomes = run_checks(parity, task_checks(parity), {"has-docstring": "to come"})
        >>> [outcome.check.name for outcome in outcomes if outcome.status == "failed"]
        []
    """
    trial = Trial(subject, checks, skip)
    return [trial.outcome(name) for name in trial.checks]


def refuse_failures(title: str, outcomes: Iterable[Outcome]) -> None:
    """Raise one error that lists the checks that failed, if any did.

    Raises:
        CheckFailedError: with a line for each failed check.
    """
    outcomes = list(outcomes)
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if failed:
        lines = [f"- {outcome.check.name}: {outcome.message}" for outcome in failed]
        start = f"{title} fails {len(failed)} of {counted(len(outcomes), 'check')}:"
        raise CheckFailedError("\n".join([start, *lines]))


def checked_skips(skip: Mapping[str, str], known: Iterable[str]) -> dict[str, str]:
    """Return the checks to leave out and the reasons, after a check of both.

    Raises:
        UsageError: if a name is unknown, or a reason is empty.
    """
    known = list(known)
    for name, reason in skip.items():
        if name not in known:
            nearest = did_you_mean(name, known) or f" There are: {', '.join(known)}."
            raise UsageError(f"there is no check '{name}' to skip.{nearest}")
        if not str(reason).strip():
            raise UsageError(f"say why the check '{name}' is skipped: {name}=reason")
    return dict(skip)


def _run(check: Check, subject: Subject) -> Outcome:
    start = time.perf_counter()
    status: Status = "passed"
    try:
        with global_states_kept():  # a thing may draw from them, by mistake
            message = check.function(subject) or ""
    except NotApplicable as reason:
        status, message = "skipped", str(reason)
    except SeqtasksError as error:
        status, message = "failed", str(error)
    except (Exception, SystemExit) as error:
        status, message = "failed", f"the check met an error: {explain(error)}"
    return Outcome(check, status, message, time.perf_counter() - start)
