"""`seqtasks bench calls`: a model called as a module beside its program, and numbers that decay."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from seqtasks.benchmark.sizes import SIZES, find_size
from seqtasks.cli.bench_engine import MOST_REPEATS
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
@click.option(
    "--size",
    "sizes",
    multiple=True,
    metavar="NAME",
    default=("tiny", "middle"),
    show_default=True,
    help=f"One of {', '.join(SIZES)} (may be given again).",
)
@click.option(
    "--repeats",
    type=click.IntRange(1, MOST_REPEATS),
    default=10,
    show_default=True,
    help="Rounds, in which the ways take turns.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
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
    from seqtasks.studies.values import read_choices

    chosen = [find_size(name) for name in dict.fromkeys(sizes)]
    specs = [str(spec) for text in lists for spec in read_choices("cell", text).grid()]
    problems = [Problem(size, cell) for size in chosen for cell in dict.fromkeys(specs)]
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
