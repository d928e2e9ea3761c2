"""What the commands of `seqtasks bench` share: options, the cells that they name, progress."""

import shlex
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from seqtasks.benchmark.sizes import SIZES

__all__ = [
    "command_and_machine",
    "inputs_option",
    "json_option",
    "line_of_progress",
    "named_cells",
    "repeats_option",
    "size_option",
]

MOST_REPEATS = 10_000

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

json_option: Decorator = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document."
)
inputs_option: Decorator = click.option(
    "--inputs",
    type=click.Choice(("tokens", "reals")),
    default="tokens",
    show_default=True,
    help="Two symbols that are embedded, or 64 real numbers per step.",
)


def size_option(*default: str) -> Decorator:
    """Return the option that names sizes; without a default all are taken."""
    said = "" if default else "; by default all"
    return click.option(
        "--size",
        "sizes",
        multiple=True,
        metavar="NAME",
        default=default,
        show_default=bool(default),
        help=f"One of {', '.join(SIZES)} (may be given again){said}.",
    )


def repeats_option(default: int, said: str) -> Decorator:
    """Return the option that says how many rounds there are, and what is done in each."""
    return click.option(
        "--repeats",
        type=click.IntRange(1, MOST_REPEATS),
        default=default,
        show_default=True,
        help=f"Rounds; {said}.",
    )


def named_cells(lists: Sequence[str]) -> list[str]:
    """Return the specs of all lists; a parameter with several values makes several specs."""
    from seqtasks.studies.values import read_choices

    specs = [str(spec) for text in lists for spec in read_choices("cell", text).grid()]
    return list(dict.fromkeys(specs))


def command_and_machine() -> dict[str, Any]:
    """Return the facts of the machine, and the command that is running."""
    from seqtasks.benchmark.machine import machine_facts

    return {**machine_facts(), "command": f"seqtasks {shlex.join(sys.argv[1:])}"}


def line_of_progress(title: str) -> Callable[[str], None]:
    """Return a function that reports progress: on one line of a terminal, else line by line.

    An empty text ends the line.
    """

    def tell(text: str) -> None:
        line = f"{title}: {text}" if text else ""
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{line}", nl=False, err=True)
        elif line:
            click.echo(line, err=True)

    return tell
