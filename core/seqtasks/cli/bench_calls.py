"""`seqtasks bench calls`: a model called as a module beside its program, and numbers that decay."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from seqtasks.benchmark.sizes import find_size
from seqtasks.cli.bench_options import json_option, named_cells, repeats_option, size_option
from seqtasks.cli.completion import complete_names
from seqtasks.cli.output import echo_json, echo_table, say

if TYPE_CHECKING:
    from seqtasks.benchmark.call_speed import CallSpeed

__all__ = ["calls"]

CELLS = ("concat,gru,lstm",)


@click.command(short_help="Measure a model called as a module, beside its program.")
@click.option(
    "--cell",
    "lists",
    multiple=True,
    metavar="SPECS",
    default=CELLS,
    show_default=True,
    shell_complete=complete_names("cell"),
    help="Cells, with commas between (may be given again).",
)
@size_option("tiny", "middle")
@repeats_option(10, "the ways take turns in each")
@json_option
def calls(lists: tuple[str, ...], sizes: tuple[str, ...], repeats: int, as_json: bool) -> None:
    """Measure a model that is called as a module: `model(inputs)`, then `backward`.

    The table shows, in milliseconds of processor time on one thread, both passes of the program
    alone, what the call takes beside them, both together, a whole training step of a run (with loss
    and Adam), and both passes by the plain loop. Below stands a pass over a state that decays, and
    over one that decays until its numbers are denormal. The fastest of the rounds counts.
    """
    from seqtasks.benchmark.call_speed import measure_call, measure_decay
    from seqtasks.benchmark.machine import machine_facts
    from seqtasks.benchmark.problem import Problem

    chosen = [find_size(name) for name in dict.fromkeys(sizes)]
    problems = [Problem(size, cell) for size in chosen for cell in named_cells(lists)]
    for problem in problems:  # a mistake is named before anything is measured
        problem.model()
    done = [measure_call(problem, repeats) for problem in problems]
    normal, denormal = measure_decay(repeats)
    if as_json:
        decay = {"normal_ms": normal, "denormal_ms": denormal}
        rows = [one.row() for one in done]
        echo_json({"machine": machine_facts(), "rows": rows, "decay": decay})
        return
    _echo(done)
    say(f"\na state that decays: {normal:.3g} ms; until it is denormal: {denormal:.3g} ms")


def _echo(done: "Sequence[CallSpeed]") -> None:
    rows = [
        [
            one.problem.size.name,
            f"{one.program:.3g}",
            f"{one.beside:.3g}",
            f"{one.module:.3g}",
            f"{one.run:.3g}",
            f"{one.plain:.3g}",
            f"{one.plain / one.module:.3g}",
            one.problem.cell,
        ]
        for one in done
    ]
    headers = ["size", "program", "beside", "module", "run", "plain", "plain / module", "cell"]
    echo_table(headers, rows, right=headers[1:7])
