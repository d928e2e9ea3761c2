"""`seqtasks bench cells`: each cell's engine, its step beside the plain loop's, its compilation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from seqtasks.benchmark.sizes import find_size, of_width
from seqtasks.cli.bench_options import (
    command_and_machine,
    inputs_option,
    json_option,
    line_of_progress,
    named_cells,
    repeats_option,
    size_option,
)
from seqtasks.cli.completion import complete_names
from seqtasks.cli.output import echo_json, echo_table
from seqtasks.errors import UsageError, one_line
from seqtasks.registry.discovery import current_registry

if TYPE_CHECKING:
    from seqtasks.benchmark.cell_speed import CellSpeed
    from seqtasks.benchmark.problem import Inputs, Problem

__all__ = ["cells"]


@click.command(short_help="Measure cells: engine, training step, compilation.")
@click.option(
    "--cell",
    "lists",
    multiple=True,
    metavar="SPECS",
    shell_complete=complete_names("cell"),
    help="Cells, with commas between (may be given again); by default all registered ones.",
)
@size_option("middle")
@click.option(
    "--hidden",
    "widths",
    multiple=True,
    type=click.IntRange(min=1),
    metavar="N",
    help="The hidden size, in place of the one of --size (may be given again).",
)
@inputs_option
@repeats_option(3, "the engine and the plain loop have their turns in each")
@json_option
def cells(
    lists: tuple[str, ...],
    sizes: tuple[str, ...],
    widths: tuple[int, ...],
    inputs: "Inputs",
    repeats: int,
    as_json: bool,
) -> None:
    """Measure cells: the engine that each takes, its training step, its compilation.

    A step is forward pass, loss, backward pass and Adam, in the model that `bench engine` trains,
    on one thread. The engine and the plain loop take turns, and the fastest round of each counts.
    Each program is compiled anew; its seconds are of processor time.

    \b
    seqtasks bench cells
    seqtasks bench cells --cell gru,lstm,./mine.py:Mine --size small
    seqtasks bench cells --cell ./mine.py:Mine --hidden 64 --hidden 256
    """  # noqa: D301 - click reads the backslash
    chosen = [find_size(name) for name in dict.fromkeys(sizes)]
    if widths:
        chosen = [of_width(size, width) for size in chosen for width in dict.fromkeys(widths)]
    named = named_cells(lists)
    from seqtasks.benchmark.problem import Problem

    problems = [Problem(size, cell, inputs) for size in chosen for cell in named or _registered()]
    if named:
        for problem in problems:  # a mistake is named before anything is measured
            problem.model()
    machine = command_and_machine()
    done: list[CellSpeed] = []
    stopped = False
    try:
        for problem in problems:
            one = _measured(problem, repeats, must=bool(named))
            if one is not None:
                done.append(one)
    except KeyboardInterrupt:
        stopped = True
    if as_json:
        echo_json({"machine": machine, "rows": [one.row() for one in done]})
    else:
        _echo(done)
    if stopped:
        raise KeyboardInterrupt("interrupted; the earlier measurements stand above")


def _registered() -> list[str]:
    return current_registry().names("cell")


def _measured(problem: "Problem", repeats: int, must: bool) -> "CellSpeed | None":
    """Return a cell's figures; None, with the reason on stderr, if it cannot be measured."""
    from seqtasks.benchmark.cell_speed import measure_cell

    title = f"{problem.cell} at {problem.size.name}"
    tell = line_of_progress(title)
    try:
        one = measure_cell(problem, repeats, tell=tell)
    except Exception as error:
        tell("")
        if must and isinstance(error, UsageError):
            raise
        click.echo(f"left out: {title}: {one_line(error)}", err=True)
        return None
    if one.reason:
        click.echo(f"{title}: not native: {' '.join(one.reason.split())}", err=True)
    return one


def _echo(done: "Sequence[CellSpeed]") -> None:
    rows = [
        [
            one.problem.size.name,
            one.engine,
            f"{one.step.low:.3g}",
            f"{one.plain.low:.3g}",
            f"{one.ratio:.3g}",
            f"{one.compile_seconds:.1f}",
            one.problem.cell,
        ]
        for one in done
    ]
    headers = ["size", "engine", "ms", "plain ms", "plain / engine", "compile s", "cell"]
    echo_table(headers, rows, right=headers[2:6])
