"""`seqtasks run --seeds`: one experiment, many seeds."""

import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.cli.launch_study import launch_study
from seqtasks.cli.study_options import check_csv, execution
from seqtasks.cli.study_table import echo_study
from seqtasks.errors import UsageError

if TYPE_CHECKING:
    from seqtasks.experiments.experiment import Experiment
    from seqtasks.studies.execution import Execution
    from seqtasks.studies.study import Study
    from seqtasks.studies.study_record import Asked

__all__ = ["asked_seeds", "check_seeds", "command_line", "launch_seeds"]


def command_line() -> str:
    """Return the command line, so that the study can say how to repeat it."""
    return shlex.join(["seqtasks", *sys.argv[1:]])


def check_seeds(
    seeds: str | None, of_study: Mapping[str, Any], given: Mapping[str, Any], tensorboard: bool
) -> None:
    """Check that the options of many seeds come with --seeds, and others do not.

    Raises:
        UsageError: naming the option that does not fit.
    """
    context = click.get_current_context()
    named = [
        name
        for name in of_study
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
    ]
    if seeds is None:
        if named:
            option = "--" + named[0].replace("_", "-")
            raise UsageError(f"{option} is for a study of many seeds: give --seeds, too")
        return
    if "seed" in given:
        raise UsageError("give --seed for one run or --seeds for many, not both")
    if tensorboard:
        raise UsageError("--tensorboard writes the events of one run: leave out --seeds")


def asked_seeds(
    experiment: "Experiment", seeds: str, of_study: Mapping[str, Any]
) -> tuple["Asked", "Execution"]:
    """Return the study of an experiment and many seeds, and how its runs are made.

    Raises:
        UsageError: if an option is wrong.
    """
    from seqtasks.specs.seeds import Seeds
    from seqtasks.studies.calls import study_of_one
    from seqtasks.studies.plan import check_size

    chosen = Seeds.read(seeds)
    check_size({}, len(chosen), None, of_study["yes"])
    names = ("backend", "jobs", "address", "time_limit", "slurm")
    how = execution(**{name: of_study[name] for name in names})
    check_csv(of_study["csv"])
    return study_of_one(experiment, chosen, of_study["keep_weights"], command_line()), how


def launch_seeds(
    asked: "Asked",
    how: "Execution",
    of_study: Mapping[str, Any],
    *,
    out: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Make the study of an experiment and many seeds, and print its table.

    Raises:
        UsageError: if an option is impossible; nothing is written in this case.
        RunError, RunInterruptedError: see `launch_study`.
    """

    def start(observers: list[Any], stop: Callable[[], int]) -> "Study":
        from seqtasks.studies.lifecycle import run_study

        return run_study(
            asked,
            out=out,
            execution=how,
            observers=observers,
            stop=stop,
            reuse=of_study["reuse"],
        )

    launch_study(start, as_json, quiet, echo_study, of_study["csv"])
