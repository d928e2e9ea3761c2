"""`seqtasks compare`: which of several cells is better, and how sure that is."""

from pathlib import Path
from typing import Any

import click

from seqtasks.cli.completion import complete_names
from seqtasks.cli.experiment_options import GROUPS as EXPERIMENT_GROUPS
from seqtasks.cli.experiment_options import experiment_options, given_on_the_command_line
from seqtasks.cli.option_groups import GroupedCommand
from seqtasks.cli.planned_study import launch_planned, read_settings
from seqtasks.cli.run_options import out_options, printing_options
from seqtasks.cli.study_options import STUDY_GROUP, seeds_option, study_options
from seqtasks.cli.study_table import echo_study
from seqtasks.cli.trusting import trust_option
from seqtasks.errors import UsageError

__all__ = ["compare"]

SEEDS, FIRST_LOOK = "100", "25"

GROUPS = {
    "The comparison": ("tasks", "match", "until_sure", "measure", "width", "most_seeds"),
    **EXPERIMENT_GROUPS,
    "The study": STUDY_GROUP,
    "Output": ("out", "dry_run", "quiet", "as_json"),
}


@click.command(cls=GroupedCommand, groups=GROUPS)
@click.argument("task", required=False, shell_complete=complete_names("task", "experiment"))
@click.option(
    "--tasks", metavar="LIST", help="Tasks beside TASK, or in its place; each is compared alone."
)
@click.option(
    "--match",
    type=click.Choice(["parameters", "hidden-size"]),
    help="Make the cells equal in size, in trained numbers or in hidden size.",
)
@click.option(
    "--until-sure",
    is_flag=True,
    help="Add seeds until each difference is sure, by a method whose error rate is kept.",
)
@click.option(
    "--measure",
    default="steps_to_solve",
    show_default=True,
    help="What must be sure: steps_to_solve, solved, 'token_accuracy at 10'.",
)
@click.option(
    "--width",
    type=float,
    default=0.1,
    show_default=True,
    metavar="SHARE",
    help="An interval this narrow is sure too, as a share of the largest possible difference.",
)
@click.option(
    "--most-seeds",
    type=int,
    default=1000,
    show_default=True,
    metavar="N",
    help="Add no seeds beyond this number.",
)
@experiment_options(several=True)
@seeds_option()
@study_options
@out_options
@trust_option
@printing_options
def compare(
    task: str | None,
    tasks: str | None,
    match: str | None,
    until_sure: bool,
    measure: str,
    width: float,
    most_seeds: int,
    seeds: str | None,
    evaluation_lengths: tuple[str, ...],
    trust: bool,
    out: Path,
    dry_run: bool,
    quiet: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Compare cells or other settings on TASK, seed by seed.

    Options take lists: --cell gru,lstm, --hidden-size 8,16, --lr 1e-4..1e-2:log5. Every combination
    is a setting, and all have the same seeds, the same data and the same evaluation instances at
    each seed: 100 seeds unless --seeds names others, or 25 to begin with --until-sure.
    --lr best:1e-4..1e-2:log5 chooses the learning rate for each cell, on other seeds.
    """
    from seqtasks.specs.seeds import Seeds
    from seqtasks.studies.faces import to_compare
    from seqtasks.studies.until_sure import UntilSure

    of_study = {name: settings.pop(name) for name in STUDY_GROUP if name in settings}
    first = FIRST_LOOK if until_sure else SEEDS
    wanted = Seeds.read(first if seeds is None else seeds)
    added = given_on_the_command_line(
        {"measure": measure, "width": width, "most_seeds": most_seeds}
    )
    if added and not until_sure:
        raise UsageError(f"--{next(iter(added)).replace('_', '-')} goes with --until-sure")
    until = UntilSure(measure, width, len(wanted), most_seeds) if until_sure else None
    asking = read_settings(task, tasks, settings, evaluation_lengths, trust)
    planned = to_compare(
        asking.load,
        asking.choices,
        wanted,
        match=match,
        choose_rate=asking.choose_rate,
        until_sure=until,
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
