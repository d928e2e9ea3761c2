"""`seqtasks resume`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.cli.array_jobs import make_block
from seqtasks.cli.completion import complete_runs
from seqtasks.cli.launch import launch, settle_threads
from seqtasks.cli.launch_study import launch_study
from seqtasks.cli.run_options import checkpoint_option, engine_option, output_options
from seqtasks.cli.study_options import check_no_study_options, execution, execution_options
from seqtasks.cli.study_table import echo_study
from seqtasks.cli.trusting import trust_option
from seqtasks.errors import UsageError
from seqtasks.runs.listed_study import is_study

if TYPE_CHECKING:
    from seqtasks.runs.training_run import Result
    from seqtasks.studies.study import Study
    from seqtasks.tasks.settings import EngineName

__all__ = ["resume"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=complete_runs)
@click.option("--steps", type=int, help="Train up to this step, even if solved before.")
@engine_option("Continue with another engine than at the start.")
@checkpoint_option
@click.option(
    "--allow-changes",
    is_flag=True,
    help="Go on although a plugin has changed a definition since the run began.",
)
@execution_options
@click.option("--block", hidden=True, help="The job of an array, and the number of jobs: 0/10.")
@trust_option
@output_options
def resume(
    run: Path,
    steps: int | None,
    engine: "EngineName | None",
    checkpoint_every: str | None,
    allow_changes: bool,
    block: str | None,
    trust: bool,
    as_json: bool,
    quiet: bool,
    tensorboard: bool,
    **how: Any,
) -> None:
    """Go on with RUN from its last checkpoint.

    RUN may be a study: the runs that are left, failed or were killed are then made.
    """
    if is_study(run):
        of_a_run = {
            "--steps": steps is not None,
            "--checkpoint-every": checkpoint_every is not None,
            "--tensorboard": tensorboard,
        }
        for option in (name for name, given in of_a_run.items() if given):
            raise UsageError(
                f"{option} is for a single run; {run} is a study, whose runs are made as they "
                f"were asked for: leave out {option}"
            )
        if block is not None:
            make_block(run, block, execution(**how), trust, allow_changes)
            return
        _resume_study(run, engine, allow_changes, trust, as_json, quiet, how)
        return
    check_no_study_options(how)

    def start(observers: list[Any], stop: Callable[[], int]) -> "Result":
        from seqtasks.runs.directory import RunDirectory
        from seqtasks.runs.lifecycle import resume as resume_run

        record = RunDirectory.open(run).record()
        if record.get("engine") != "native":  # a compiled program has its own threads
            settle_threads(record.get("threads"))
        return resume_run(
            run,
            steps,
            engine=engine,
            checkpoint_every=checkpoint_every,
            observers=observers,
            stop=stop,
            trust=trust,
            allow_changes=allow_changes,
        )

    launch(start, as_json, quiet, tensorboard)


def _resume_study(
    path: Path,
    engine: "EngineName | None",
    allow_changes: bool,
    trust: bool,
    as_json: bool,
    quiet: bool,
    how: dict[str, Any],
) -> None:
    where = execution(**how)

    def start(observers: list[Any], stop: Callable[[], int]) -> "Study":
        from seqtasks.studies.lifecycle import resume_study

        return resume_study(
            path,
            engine=engine,
            execution=where,
            observers=observers,
            stop=stop,
            trust=trust,
            allow_changes=allow_changes,
        )

    launch_study(start, as_json, quiet, echo_study)
