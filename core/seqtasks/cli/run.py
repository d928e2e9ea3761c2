"""`seqtasks run`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.cli.completion import complete_names
from seqtasks.cli.experiment_options import GROUPS as EXPERIMENT_GROUPS
from seqtasks.cli.experiment_options import (
    experiment_options,
    given_on_the_command_line,
    with_lengths,
)
from seqtasks.cli.launch import launch, settle_threads, threads_for
from seqtasks.cli.option_groups import GroupedCommand
from seqtasks.cli.output import echo_json, echo_table, say
from seqtasks.cli.run_options import out_options, output_options
from seqtasks.cli.run_seeds import asked_seeds, check_seeds, launch_seeds
from seqtasks.cli.show_settings import setting_rows
from seqtasks.cli.study_options import STUDY_GROUP, seeds_option, study_options
from seqtasks.cli.trusting import trust_option
from seqtasks.errors import UsageError, counted

if TYPE_CHECKING:
    from seqtasks.experiments.experiment import Experiment
    from seqtasks.runs.training_run import Result
    from seqtasks.studies.study_record import Asked

__all__ = ["run"]

GROUPS = {
    **EXPERIMENT_GROUPS,
    "The data": (*EXPERIMENT_GROUPS["The data"], "seed"),
    "Many seeds": STUDY_GROUP,
    "Output": ("out", "dry_run", "tensorboard", "quiet", "as_json"),
}


@click.command(cls=GroupedCommand, groups=GROUPS)
@click.argument("task", shell_complete=complete_names("task", "experiment"))
@experiment_options()
@click.option("--seed", type=int, help="Seed of every random stream; by default 0.")
@seeds_option()
@study_options
@out_options
@trust_option
@output_options
def run(
    task: str,
    out: Path,
    dry_run: bool,
    trust: bool,
    evaluation_lengths: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    tensorboard: bool,
    seeds: str | None,
    **settings: Any,
) -> None:
    """Train a cell on TASK and score it at the trained length and beyond.

    TASK is a task, an experiment, an experiment file (.json), a file of your own (./mine.py:MyTask)
    or a class of an installed module (package.module:MyTask). The task recommends a default for
    every option.

    With --seeds the run is made once for each seed, and a table says how often, how soon and how
    well the task was learned.
    """
    from seqtasks.experiments.find import load_experiment

    of_study = {name: settings.pop(name) for name in STUDY_GROUP if name in settings}
    given = given_on_the_command_line(settings)
    check_seeds(seeds, of_study, given, tensorboard)
    if dry_run and trust:
        raise UsageError("--dry-run executes no new code: leave out --trust or --dry-run")
    _check_one(task, given)
    experiment = load_experiment(task, trust=trust, **given)
    experiment = with_lengths(experiment, evaluation_lengths)
    asked, how = None, None
    if seeds is not None:
        asked, how = asked_seeds(experiment, seeds, of_study)
    if dry_run:
        _show_plan(experiment, asked, out, as_json)
        return
    if asked is not None and how is not None:
        launch_seeds(asked, how, of_study, out=out, as_json=as_json, quiet=quiet)
        return

    def start(observers: list[Any], stop: Callable[[], int]) -> "Result":
        from seqtasks.runs.lifecycle import run as run_experiment

        settle_threads(threads_for(experiment))
        return run_experiment(experiment, out=out, observers=observers, stop=stop)

    launch(start, as_json, quiet, tensorboard)


def _check_one(task: str, given: Mapping[str, Any]) -> None:
    """Point someone who lists several cells or readouts to the command that compares them.

    Raises:
        UsageError: naming it.
    """
    for name in ("cell", "readout"):
        if "," in (given.get(name) or "").partition(":")[0]:
            told = f"seqtasks compare {task} --{name} {given[name]}"
            raise UsageError(f"run trains one {name}; to compare several: {told}")


def _show_plan(experiment: "Experiment", asked: "Asked | None", out: Path, as_json: bool) -> None:
    """Print the settings of a run, or of a study with its seeds and the number of its runs."""
    from seqtasks.runs.prepare import prepare
    from seqtasks.runs.training_run import parameter_count

    first = experiment.seed if asked is None else asked.rows[0].seeds[0]
    started, _ = prepare(experiment.with_changes(engine="plain", seed=first))  # compiles nothing
    parameters = parameter_count(started.model)
    data, _ = experiment.to_json()
    if started.holdout is not None:
        say(started.holdout.describe(), err=True)
    name, runs = experiment.run_name, ""
    many: dict[str, Any] = {}
    if asked is not None:
        name, runs = asked.name, f"{counted(asked.points, 'run')}; "
        many = {"runs": asked.points, "seeds": str(asked.rows[0].seeds)}
        del data["seed"]
    if as_json:
        echo_json({"experiment": data, "parameters": parameters, **many})
        return
    del data["published"]
    rows = [*setting_rows(data), ["parameters", str(parameters)]]
    rows += [[key, str(value)] for key, value in many.items()]
    echo_table(["setting", "value"], rows)
    say(f"\n{runs}nothing was run or written; without --dry-run: {out}/{name}-N")
