"""`seqtasks sweep`: try the points of a grid, or random ones, and measure the best on new seeds."""

from pathlib import Path
from typing import Any

import click

from seqtasks.cli.completion import complete_names
from seqtasks.cli.experiment_options import GROUPS as EXPERIMENT_GROUPS
from seqtasks.cli.experiment_options import experiment_options
from seqtasks.cli.option_groups import GroupedCommand
from seqtasks.cli.planned_study import launch_planned, read_settings
from seqtasks.cli.run_options import out_options, printing_options
from seqtasks.cli.study_options import (
    STUDY_GROUP,
    fresh_seeds_options,
    seeds_option,
    study_options,
)
from seqtasks.cli.study_table import echo_study
from seqtasks.cli.trusting import trust_option
from seqtasks.errors import UsageError

__all__ = ["sweep"]

GROUPS = {
    "The sweep": ("tasks", "random", "draw_seed", "best", "fresh_seeds", "match"),
    **EXPERIMENT_GROUPS,
    "The study": STUDY_GROUP,
    "Output": ("out", "dry_run", "quiet", "as_json"),
}


@click.command(cls=GroupedCommand, groups=GROUPS)
@click.argument("task", required=False, shell_complete=complete_names("task", "experiment"))
@click.option(
    "--tasks", metavar="LIST", help="Tasks beside TASK, or in its place; each has its best point."
)
@click.option(
    "--random", type=int, metavar="N", help="Draw N points from the ranges, instead of the grid."
)
@click.option("--draw-seed", type=int, metavar="N", help="Seed of these draws; 0 by default.")
@fresh_seeds_options
@click.option(
    "--match",
    type=click.Choice(["parameters", "hidden-size"]),
    help="Make the cells equal in size, in trained numbers or in hidden size.",
)
@experiment_options(several=True)
@seeds_option("5")
@study_options
@out_options
@trust_option
@printing_options
def sweep(
    task: str | None,
    tasks: str | None,
    random: int | None,
    draw_seed: int | None,
    best: int,
    fresh_seeds: int,
    match: str | None,
    seeds: str,
    evaluation_lengths: tuple[str, ...],
    trust: bool,
    out: Path,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Try many settings on TASK, and measure the best ones on seeds they were not chosen by.

    Options take lists and ranges: --cell gru,lstm, --hidden-size 8..32, --lr 1e-4..1e-2:log5. Every
    combination is a point of the sweep; --random 50 draws 50 points from the ranges instead.
    """
    from seqtasks.specs.seeds import Seeds
    from seqtasks.studies.faces import to_sweep

    of_study = {name: settings.pop(name) for name in STUDY_GROUP if name in settings}
    wanted = Seeds.read(seeds)
    asking = read_settings(task, tasks, settings, evaluation_lengths, trust)
    if asking.choose_rate:
        raise UsageError("a sweep tries every learning rate: leave out 'best:'")
    planned = to_sweep(
        asking.load,
        asking.choices,
        wanted,
        random=random,
        draw_seed=draw_seed,
        best=best,
        fresh=fresh_seeds,
        match=match,
        yes=of_study["yes"],
    )
    launch_planned(
        planned,
        of_study,
        out=out,
        as_json=as_json,
        quiet=quiet,
        dry_run=dry_run,
        echo=echo_study,
    )
