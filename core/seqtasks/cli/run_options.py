"""Options that `run` and `resume` share, and the type of options that are numbers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from seqtasks.tasks.settings import EngineName

__all__ = [
    "Number",
    "checkpoint_option",
    "engine_option",
    "out_options",
    "output_options",
    "printing_options",
    "replica_options",
]


class Number(click.ParamType[float | None]):
    """A number in any form that Python reads; the experiment checks its range."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | None:
        """Return the number, or None for `none`."""
        if str(value).lower() == "none":
            return None
        try:
            return float(value)
        except ValueError:
            self.fail(f"'{value}' is not a number", param, ctx)


checkpoint_option = click.option(
    "--checkpoint-every",
    metavar="N|TIME",
    help="Steps between checkpoints, or time: 30s, 5m, 2h.",
)


def engine_option(help_text: str) -> Callable[..., Any]:
    """Return the option that names an engine."""
    return click.option("--engine", type=click.Choice(get_args(EngineName)), help=help_text)


def replica_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose one run of a study."""
    for option in (
        click.option(
            "--setting", metavar="LABEL", help="Of a study: the setting of the run; else the first."
        ),
        click.option(
            "--replica",
            type=click.IntRange(0),
            metavar="SEED",
            help="Of a study: the run of this seed, trained again if its weights were not kept.",
        ),
    ):
        command = option(command)
    return command


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what a run prints and writes besides its directory."""
    tensorboard = click.option(
        "--tensorboard", is_flag=True, help="Write TensorBoard events into the run."
    )
    return printing_options(tensorboard(command))


def printing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what a run or a study prints."""
    for option in (
        click.option(
            "--quiet", "-q", is_flag=True, help="No progress; print only the run's directory."
        ),
        click.option(
            "--json", "as_json", is_flag=True, help="Print the result as one JSON document."
        ),
    ):
        command = option(command)
    return command


def out_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where runs are made, or that none is made."""
    for option in (
        click.option("--dry-run", is_flag=True, help="Show what would start; write nothing."),
        click.option(
            "--out",
            type=click.Path(path_type=Path),
            default="runs",
            show_default=True,
            help="Folder that holds the runs.",
        ),
    ):
        command = option(command)
    return command
