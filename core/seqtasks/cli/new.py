"""`seqtasks new`: begin a plugin, a task or a cell from files that work."""

from pathlib import Path

import click

from seqtasks.authoring.scaffold import PARTS, Made, Part, new_file, new_plugin
from seqtasks.cli.output import say

__all__ = ["new"]


@click.group()
def new() -> None:
    """Begin a plugin, a task or a cell, from files that work and pass their own checks.

    The files are written into the current folder. Nothing is ever overwritten.
    """


@new.command("task")
@click.argument("name")
def new_task(name: str) -> None:
    """Write a file with a task, ready to be changed."""
    _tell(new_file("task", name, Path()))


@new.command("cell")
@click.argument("name")
def new_cell(name: str) -> None:
    """Write a file with a cell, ready to be changed."""
    _tell(new_file("cell", name, Path()))


@new.command("plugin", short_help="Make the folder of a plugin, with tests and a README.")
@click.argument("name")
@click.option("--task", is_flag=True, help="With a task.")
@click.option("--cell", is_flag=True, help="With a cell.")
@click.option("--command", is_flag=True, help="With a subcommand of seqtasks.")
@click.option("--observer", is_flag=True, help="With an observer of every run.")
@click.option("--author", default="", help="Who holds the copyright, in LICENSE and metadata.")
def new_plugin_command(name: str, author: str, **chosen: bool) -> None:
    """Make the folder of a plugin seqtasks-NAME: a package with tests, a licence and a CI workflow.

    Without options it brings a task and a cell.
    """
    parts: list[Part] = [part for part in PARTS if chosen[part]]
    _tell(new_plugin(name, parts or ["task", "cell"], Path(), author))


def _tell(made: Made) -> None:
    """Print what was made and what to do next."""
    say(f"made  {made.path}: {', '.join(made.things)}")
    for name in made.files:
        say(f"      {made.path}/{name}")
    for place, command in enumerate(made.next_commands):
        say(f"{'' if place else 'next':<6}{command}")
