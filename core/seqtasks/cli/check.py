"""`seqtasks check`: check a task, a cell, a readout or a plugin, promise by promise."""

import time
from typing import Any

import click

from seqtasks.cli.completion import complete_names
from seqtasks.cli.output import echo_json, printable
from seqtasks.cli.wrapping import text_width, wrapped
from seqtasks.errors import UsageError, counted
from seqtasks.registry.discovery import Kind as RegistryKind
from seqtasks.specs.grammar import parse_spec
from seqtasks.testing.check import Outcome, Trial
from seqtasks.testing.plugin_checks import plugin_checks
from seqtasks.testing.subjects import KINDS, Kind, find_subject, kinds_of
from seqtasks.testing.task_checks import task_checks

__all__ = ["check"]

_NAMED: list[RegistryKind] = [kind for kind in KINDS if kind != "plugin"]
_MARKS = {"passed": "ok", "failed": "FAIL", "skipped": "skip"}
_COLOURS = {"passed": "green", "failed": "red", "skipped": "yellow"}
_MARK = 6
"""The columns of a mark, and the indent of text below a row."""


@click.command()
@click.argument("name", metavar="SPEC", shell_complete=complete_names(*_NAMED))
@click.option("--kind", type=click.Choice(KINDS), help="Check the thing of this kind.")
@click.option(
    "--skip", metavar="NAME=REASON", multiple=True, help="Leave a check out (may be given again)."
)
@click.option(
    "--install", is_flag=True, help="Also install a plugin, with all it requires, elsewhere."
)
@click.option("--train", is_flag=True, help="Also train a task with its own settings.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def check(
    name: str, kind: Kind | None, skip: tuple[str, ...], install: bool, train: bool, as_json: bool
) -> None:
    """Check that a task, a cell, a readout or a plugin keeps what it must promise.

    SPEC may carry parameters (bitshift:shift=2), or be a file of your own (./mine.py:MyTask), which
    is executed. The name concat stands for a cell and a readout: --kind says which. SPEC may be an
    installed distribution with plugins (seqtasks-example): each thing that it brings is checked
    too. A row has the check's mark, its name, its time, and what it saw. The exit code is 1 if a
    check fails. A check can be left out with a reason:

    \b
        seqtasks check ./mine.py:MyTask --skip names-its-source="not published"
    """  # noqa: D301 - click reads the backslash
    start = time.perf_counter()
    subject = find_subject(name, kind)
    checks = subject.checks()
    for option, wanted, own_kind in (("install", install, "plugin"), ("train", train, "task")):
        if wanted and subject.kind != own_kind:
            raise UsageError(f"--{option} is for a {own_kind}, and {name} is a {subject.kind}")
    if install:
        checks = plugin_checks(subject.thing, install=True)
    if train:
        checks = task_checks(subject.thing, train=True)
    trial = Trial(subject.thing, checks, _reasons(skip))
    if not as_json:
        click.echo("\n".join(wrapped(_title(name, subject.kind, kind))) + "\n")
    outcomes: list[Outcome] = []
    longest = max(map(len, trial.checks))
    for one in trial.checks:
        outcomes.append(trial.outcome(one))
        if not as_json:
            click.echo("\n".join(_row(outcomes[-1], longest)))
    seconds = time.perf_counter() - start
    if as_json:
        echo_json(_document(name, subject.kind, outcomes, seconds))
    else:
        click.echo("\n" + "\n".join(wrapped(_summary(outcomes, seconds))))
    if any(outcome.status == "failed" for outcome in outcomes):
        click.get_current_context().exit(1)


def _reasons(skip: tuple[str, ...]) -> dict[str, str]:
    """Read what `--skip` says."""
    reasons: dict[str, str] = {}
    for text in skip:
        name, equals, reason = text.partition("=")
        if not equals or not reason.strip():
            raise UsageError(f"say why a check is skipped: --skip {name or 'NAME'}=reason")
        reasons[name.strip()] = reason.strip()
    return reasons


def _title(name: str, found: Kind, asked: Kind | None) -> str:
    """Return the first line: what is checked, and of what other kinds there is such a name."""
    is_known = asked is None and parse_spec(name).is_registered  # a file holds one thing of a name
    others = [kind for kind in kinds_of(name) if kind != found] if is_known else []
    also = "".join(f"; --kind {kind} for the {kind} of this name" for kind in others)
    return printable(f"{name} ({found}{also})")


def _row(outcome: Outcome, longest: int) -> list[str]:
    """Return the lines of a check: its mark, name and time, and what was seen."""
    width = text_width()
    mark = click.style(f"{_MARKS[outcome.status]:<{_MARK}}", fg=_COLOURS[outcome.status])
    time_taken = f"{outcome.seconds:6.2f} s"
    message = printable(outcome.message)
    start = f"{mark}{outcome.check.name:<{longest}} {time_taken}"
    used = _MARK + longest + 1 + len(time_taken)
    if not message or (used + 2 + len(message) <= width and "\n" not in message):
        return [f"{start}  {message}".rstrip()]
    first = start if used <= width else f"{mark}{outcome.check.name}"
    return [first, *(f"{'':{_MARK}}{line}" for line in wrapped(message, width - _MARK))]


def _summary(outcomes: list[Outcome], seconds: float) -> str:
    counts = {status: sum(one.status == status for one in outcomes) for status in _MARKS}
    said = ", ".join(f"{number} {status}" for status, number in counts.items() if number)
    return f"{counted(len(outcomes), 'check')}: {said}, in {seconds:.1f} s"


def _document(name: str, kind: Kind, outcomes: list[Outcome], seconds: float) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": name,
        "passed": not any(outcome.status == "failed" for outcome in outcomes),
        "seconds": seconds,
        "checks": [
            {
                "name": outcome.check.name,
                "promise": outcome.check.promise,
                "status": outcome.status,
                "message": outcome.message,
                "seconds": outcome.seconds,
            }
            for outcome in outcomes
        ],
    }
