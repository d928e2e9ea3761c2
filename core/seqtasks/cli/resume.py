"""`seqtasks resume`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.cli.completion import complete_runs
from seqtasks.cli.launch import launch, settle_threads
from seqtasks.cli.run_options import checkpoint_option, engine_option, output_options
from seqtasks.cli.trusting import trust_option

if TYPE_CHECKING:
    from seqtasks.runs.training_run import Result
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
@trust_option
@output_options
def resume(
    run: Path,
    steps: int | None,
    engine: "EngineName | None",
    checkpoint_every: str | None,
    allow_changes: bool,
    trust: bool,
    as_json: bool,
    quiet: bool,
    tensorboard: bool,
) -> None:
    """Go on with RUN from its last checkpoint."""

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
