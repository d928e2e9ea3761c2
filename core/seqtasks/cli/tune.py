"""`seqtasks tune`: let Optuna search the settings of a task."""

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

__all__ = ["tune"]

GROUPS = {
    "The search": ("trials", "search_seed", "prune", "best", "fresh_seeds"),
    **EXPERIMENT_GROUPS,
    "The study": STUDY_GROUP,
    "Output": ("out", "dry_run", "quiet", "as_json"),
}


@click.command(cls=GroupedCommand, groups=GROUPS)
@click.argument("task", shell_complete=complete_names("task", "experiment"))
@click.option("--trials", type=int, default=50, show_default=True, help="Points to propose.")
@click.option(
    "--search-seed", type=int, default=0, show_default=True, help="Seed of the proposals."
)
@click.option(
    "--prune/--no-prune",
    default=True,
    show_default=True,
    help="End a point early if its first run is worse than half of those before it.",
)
@fresh_seeds_options
@experiment_options(several=True)
@seeds_option("3")
@study_options
@out_options
@trust_option
@printing_options
def tune(
    task: str,
    trials: int,
    search_seed: int,
    prune: bool,
    best: int,
    fresh_seeds: int,
    seeds: str,
    evaluation_lengths: tuple[str, ...],
    trust: bool,
    out: Path,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Search good settings on TASK by Optuna, and measure the best ones on fresh seeds.

    Options take lists and ranges: --cell gru,lstm, --hidden-size 8..64, --lr 1e-4..1e-2:log. Each
    point is proposed from what the points before it showed (TPE).
    """
    from seqtasks.specs.seeds import Seeds
    from seqtasks.studies.tune import to_tune

    of_study = {name: settings.pop(name) for name in STUDY_GROUP if name in settings}
    wanted = Seeds.read(seeds)
    asking = read_settings(task, None, settings, evaluation_lengths, trust)
    if asking.choose_rate:
        raise UsageError("tune searches the learning rate itself: leave out 'best:'")
    planned = to_tune(
        asking.load,
        asking.choices,
        wanted,
        trials=trials,
        search_seed=search_seed,
        prune=prune,
        best=best,
        fresh=fresh_seeds,
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
