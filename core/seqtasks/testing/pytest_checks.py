"""One pytest test for each thing and check."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from seqtasks.testing.check import CheckFailedError, Trial, checked_skips
from seqtasks.testing.subjects import Kind, find_subject

if TYPE_CHECKING:
    import pytest

__all__ = ["parametrize_with_checks"]


def parametrize_with_checks(
    things: Iterable[Any],
    *,
    skip: Mapping[str, str] | None = None,
    kind: Kind | None = None,
    costly: "pytest.MarkDecorator | None" = None,
) -> "pytest.MarkDecorator":
    """Return a decorator that makes one test for each thing and check.

    The test takes one argument, `check`, and calls it. A test that is called `test_mine` then has
    cases such as `test_mine[parity-encode-is-pure]`. A check that does not apply to a thing, or
    that `skip` names, shows up as skipped, with the reason.

    Args:
        things: spec strings, such as `"parity"` or `"./mine.py:Mine"`, tasks, cells or readouts,
            or their classes.
        skip: the checks to leave out, with the reason for each.
        kind: the kind of the things, where a name stands for things of several kinds.
        costly: a mark for the checks that compile programs and train, such as `pytest.mark.slow`.

    Raises:
        UsageError: if a thing cannot be found, or `skip` names an unknown check.

    Example:
        >>> from seqtasks.testing import parametrize_with_checks
        >>> @parametrize_with_checks(["parity", "bitshift:shift=2"])
        ... def test_our_tasks(check):
        ...     check()
    """
    import pytest

    cases: list[Any] = []
    known: set[str] = set()
    for thing in things:
        subject = find_subject(thing, kind)
        checks = subject.checks()
        known |= {check.name for check in checks}
        reasons = {one.name: skip[one.name] for one in checks if skip and one.name in skip}
        trial = Trial(subject.thing, checks, reasons)
        for name, check in trial.checks.items():
            marks = [costly] if costly is not None and check.is_costly else []
            case = pytest.param(_Case(trial, name), id=f"{subject.name}-{name}", marks=marks)
            cases.append(case)
    checked_skips(skip or {}, known)
    return pytest.mark.parametrize("check", cases)


class _Case:
    """A check of one thing, to be called by a test."""

    def __init__(self, trial: Trial, name: str) -> None:
        self._trial, self._name = trial, name

    def __call__(self) -> None:
        __tracebackhide__ = True
        outcome = self._trial.outcome(self._name)
        if outcome.status == "skipped":
            import pytest

            pytest.skip(outcome.message)
        if outcome.status == "failed":
            raise CheckFailedError(f"{outcome.message}\n(promised: {outcome.check.promise})")

    def __repr__(self) -> str:
        return f"<check {self._name}>"
