"""`seqtasks bench tasks`: how fast tasks are drawn."""

import platform
import sys
from typing import Any

import click
import numpy as np

from seqtasks.cli.completion import complete_names
from seqtasks.cli.output import echo_json, echo_table
from seqtasks.errors import UsageError
from seqtasks.registry.discovery import current_registry
from seqtasks.registry.variants import task_choices
from seqtasks.tasks import Task
from seqtasks.tasks.speed import TaskSpeed, measure_task

__all__ = ["tasks"]

_LENGTHS = (40, 500)
_BATCH_SIZE = 128


@click.command()
@click.argument("names", metavar="[TASK]...", nargs=-1, shell_complete=complete_names("task"))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def tasks(names: tuple[str, ...], as_json: bool) -> None:
    """Measure how fast each TASK, or every registered task, is drawn, encoded and laid out.

    A task that has several modes, such as a language, is measured in each mode that its spec leaves
    open. A batch has 128 instances, at the allowed lengths nearest to 40 and 500. One call draws as
    many batches as in training. Symbols are the steps of a batch, including the steps of answers
    after the input. Seconds are of processor time. The table shows the median over blocks, the
    quartiles in brackets, and the median for the symbols of the inputs alone.
    """
    wanted = [
        (name, made, length)
        for name, made in _found(names).items()
        for length in dict.fromkeys(made.lengths.nearest(length) for length in _LENGTHS)
    ]
    speeds: list[tuple[str, TaskSpeed]] = []
    with click.progressbar(wanted, file=sys.stderr, hidden=not sys.stderr.isatty()) as measuring:
        for name, made, length in measuring:
            speeds.append((name, measure_task(made, length, _BATCH_SIZE)))
    if as_json:
        echo_json(
            {
                "machine": platform.processor() or platform.machine(),
                "python": platform.python_version(),
                "numpy": np.__version__,
                "tasks": [_document(name, speed) for name, speed in speeds],
            }
        )
        return
    rows = [
        [
            name,
            str(speed.length),
            _millions(speed.rate),
            f"[{', '.join(map(_millions, speed.quartiles))}]",
            _millions(speed.input_rate),
        ]
        for name, speed in speeds
    ]
    headers = ["task", "length", "10^6 symbols/s", "quartiles", "inputs"]
    echo_table(headers, rows, right=[*headers[1:3], headers[4]])


def _found(names: tuple[str, ...]) -> dict[str, Task]:
    """Return the named tasks, or all tasks; tasks that cannot be made are reported and left out."""
    found: dict[str, Task] = {}
    for name in names or current_registry().names("task"):
        try:
            found |= task_choices(name)
        except UsageError as error:
            if names:
                raise
            click.echo(f"Warning: {' '.join(str(error).split())}", err=True)
    return found


def _document(name: str, speed: TaskSpeed) -> dict[str, Any]:
    low, high = speed.quartiles
    return {
        "task": name,
        "length": speed.length,
        "batch_size": speed.batch_size,
        "batches": speed.batches,
        "symbols": speed.symbols,
        "input_symbols": speed.input_symbols,
        "blocks": len(speed.seconds),
        "symbols_per_second": speed.rate,
        "quartiles": [low, high],
        "input_symbols_per_second": speed.input_rate,
    }


def _millions(rate: float) -> str:
    millions = rate / 1e6
    return f"{millions:.0f}" if millions >= 100 else f"{millions:.3g}"
