"""Start a study or go on with one: its progress, its signals, its table, its exit code."""

import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.cli.array_jobs import echo_array
from seqtasks.cli.interrupts import noting, received
from seqtasks.cli.output import STDOUT, echo_json, prints_aside, say
from seqtasks.errors import RunError, RunInterruptedError, UsageError, counted
from seqtasks.hookspecs import hookimpl

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["launch_study"]

MOST_PROBLEMS = 5
"""The most runs that failed which are named."""


def launch_study(
    start: Callable[[list[Any], Callable[[], int]], "Study"],
    as_json: bool,
    quiet: bool,
    echo: Callable[["Study"], None],
    csv: Path | None = None,
) -> None:
    """Make a study until its end or a signal, and print its table.

    Args:
        start: makes the study, from its observers and a function that returns the number of a
            signal that requests the end, or 0.
        as_json: print the table as one JSON document.
        quiet: show no progress, and print only the study's folder.
        echo: prints the table.
        csv: a file for a line for each run; `-` prints the lines in place of the table.

    Raises:
        UsageError: if two documents would be printed as one.
        RunInterruptedError: after a signal; it names the command that goes on with the study.
        RunError: if not all runs ended, or all of them diverged.
    """
    from seqtasks.studies.progress import study_progress

    printed = csv == STDOUT
    if printed and (as_json or quiet):
        raise UsageError(
            f"{'--json' if as_json else '--quiet'} and --csv - both write to standard output: "
            "leave one out, or name a file with --csv"
        )
    where = _Where()
    observers: list[Any] = [where] if quiet else [where, study_progress()]
    try:
        with noting(where.last_words) as stop, prints_aside(as_json or quiet or printed):
            study = start(observers, stop)
    except KeyboardInterrupt:  # a second signal, or nothing ended soon after the first
        raise RunInterruptedError(where.last_words(), received() or signal.SIGINT) from None
    finally:
        for observer in observers:
            if hasattr(observer, "close"):
                observer.close()
    if study.stopped == "slurm":
        echo_array(study, as_json, quiet)
        return
    if study.stopped == "interrupted":
        raise RunInterruptedError(
            f"stopped after {_done(study)}\n{_go_on(study)}", received() or signal.SIGINT
        )
    if printed:
        from seqtasks.studies.export import csv_of

        click.echo(csv_of(study), nl=False)
    elif as_json:
        echo_json(study.summary())
    elif quiet:
        say(study.path)
    else:
        echo(study)
    if csv is not None and not printed:  # a full disk must not cost the table
        from seqtasks.studies.export import write_csv

        write_csv(study, csv)
    _say_what_is_missing(study)


class _Where:
    """Knows the study, once it has started."""

    def __init__(self) -> None:
        self._study: Study | None = None

    @hookimpl
    def study_started(self, study: "Study") -> None:
        """Remember the study."""
        self._study = study

    def last_words(self) -> str:
        """Say where a signal broke the study off, and how to go on."""
        study = self._study
        if study is None:
            return "interrupted before the study began"
        return f"broken off after {_done(study)}\n{_go_on(study)}"


def _done(study: "Study") -> str:
    return f"{study.runs - study.unfinished} of {counted(study.runs, 'run')}"


def _go_on(study: "Study") -> str:
    return f"Go on with: seqtasks resume {shlex.quote(str(study.path))}"


def _say_what_is_missing(study: "Study") -> None:
    """Name the runs that failed, and end with an error if not all runs ended.

    Raises:
        RunError: if runs are missing, failed or were killed, or if all diverged.
    """
    several = len(study.settings) > 1
    lost = [
        (f"{setting.label}, seed {seed}" if several else f"seed {seed}", status, problem)
        for setting, one in zip(study.settings, study.collected, strict=True)
        for seed, status, problem in one.problems(MOST_PROBLEMS + 1)
    ]
    for run, status, problem in lost[:MOST_PROBLEMS]:
        say(f"{run} {status}: {problem}", err=True)
    if len(lost) > MOST_PROBLEMS:
        say("and further ones; runs.jsonl has them all", err=True)
    failed = sum(one.count("failed", "killed") for one in study.collected)
    if study.unfinished:
        why = f" ({study.stopped})" if study.stopped else ""
        raise RunError(f"{_done(study)} ended{why}\n{_go_on(study)}")
    if failed:
        raise RunError(f"{counted(failed, 'run')} failed\nTry again with: {_go_on(study)[12:]}")
    if study.runs and sum(one.count("diverged") for one in study.collected) == study.runs:
        raise RunError(
            "all runs diverged: try a smaller learning rate (--lr) or a smaller norm of the "
            "gradient (--clip)"
        )
