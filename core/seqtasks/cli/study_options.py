"""The options of a study: its seeds, where its runs are made, and what it writes."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.errors import UsageError
from seqtasks.files.outputs import check_output
from seqtasks.tasks.cadence import read_cadence, seconds_between

if TYPE_CHECKING:
    from seqtasks.studies.execution import Execution

__all__ = [
    "STUDY_GROUP",
    "check_csv",
    "check_no_study_options",
    "execution",
    "execution_options",
    "fresh_seeds_options",
    "seeds_option",
    "study_options",
]

BACKENDS = ("auto", "loky", "threads", "dask", "ray")

STUDY_GROUP = (
    "seeds",
    "jobs",
    "backend",
    "address",
    "time_limit",
    "slurm",
    "keep_weights",
    "reuse",
    "yes",
    "csv",
)
"""The names of these options, for the help of a command."""


def seeds_option(default: str | None = None) -> Callable[..., Any]:
    """Return the option that names seeds."""
    return click.option(
        "--seeds",
        metavar="SEEDS",
        default=default,
        show_default=True,
        help="Many seeds: 100 for the seeds 0 to 99, or 0..99, or 3,5,8.",
    )


def execution_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where and how the runs are made."""
    for option in (
        click.option(
            "--time-limit", metavar="TIME", help="End in order after this time: 30s, 5m, 2h."
        ),
        click.option("--address", help="Address of the Dask or Ray cluster."),
        click.option(
            "--backend",
            type=click.Choice(BACKENDS),
            default="auto",
            show_default=True,
            help="What makes the runs: threads, processes (loky), or a cluster (dask, ray).",
        ),
        click.option("--jobs", type=int, metavar="N", help="Runs at once; by default one a core."),
    ):
        command = option(command)
    return command


def study_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options."""
    for option in (
        click.option(
            "--csv",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="Also write a line for each run into this file; - prints them, not the table.",
        ),
        click.option(
            "--slurm", is_flag=True, help="Write a script for an array of Slurm jobs; make no runs."
        ),
        click.option("--yes", is_flag=True, help="The study shall be as large as it is."),
        click.option(
            "--reuse", is_flag=True, help="Take the finished runs of equal studies in the folder."
        ),
        click.option(
            "--keep-weights", is_flag=True, help="Keep the weights of all runs, in one file."
        ),
    ):
        command = option(command)
    return execution_options(command)


def fresh_seeds_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how the best points are measured on seeds of their own."""
    for option in (
        click.option(
            "--fresh-seeds",
            type=int,
            default=20,
            show_default=True,
            metavar="N",
            help="How many fresh seeds; 0 for none.",
        ),
        click.option(
            "--best",
            type=int,
            default=3,
            show_default=True,
            metavar="N",
            help="The best points that are run again on fresh seeds.",
        ),
    ):
        command = option(command)
    return command


def check_no_study_options(options: Mapping[str, Any]) -> None:
    """Check that no option of a study was given.

    Raises:
        UsageError: naming the first that was.
    """
    context = click.get_current_context()
    for name in options:
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            raise UsageError(f"--{name.replace('_', '-')} is for a study of many seeds")


def execution(
    *,
    backend: str,
    jobs: int | None,
    address: str | None,
    time_limit: str | None,
    slurm: bool = False,
) -> "Execution":
    """Return where and how the runs are made, as the options say.

    Raises:
        UsageError: for a number of jobs below 1, an address without a cluster, or a time that
            cannot be read.
    """
    from seqtasks.studies.execution import Execution

    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs must be at least 1, got {jobs}")
    if address is not None and backend not in ("dask", "ray"):
        raise UsageError(f"--address goes with --backend dask or ray, not {backend}")
    seconds = None
    if time_limit is not None:
        seconds = _seconds(time_limit)
    if slurm and backend != "auto":
        raise UsageError("--slurm writes a script for its own jobs: leave out --backend")
    return Execution(backend, jobs, address, seconds, slurm)


def _seconds(time_limit: str) -> float:
    """Return the seconds of a time; a number of steps, which a cadence may be, is no limit here."""
    try:
        cadence = read_cadence("--time-limit", time_limit)
    except UsageError:
        cadence = 0
    if not isinstance(cadence, str):
        raise UsageError(
            f"--time-limit must be a time above 0 such as 30s, 5m or 2h, got '{time_limit:.60}'"
        )
    return seconds_between(cadence)


def check_csv(path: Path | None) -> None:
    """Check that the file of --csv can be written, before the work that goes into it.

    Raises:
        UsageError: if it cannot.
    """
    if path is not None:
        check_output(path, "runs.csv")
