"""`seqtasks run` and `seqtasks resume`."""

import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.cli.completion import complete_names, complete_runs
from seqtasks.cli.interrupts import noting, received
from seqtasks.cli.option_groups import GroupedCommand
from seqtasks.cli.output import echo_json, echo_table, say
from seqtasks.cli.progress import progress_observer
from seqtasks.cli.score_table import echo_result
from seqtasks.cli.show_settings import setting_rows
from seqtasks.cli.trusting import trust_option
from seqtasks.errors import RunInterruptedError, UsageError
from seqtasks.hookspecs import hookimpl

if TYPE_CHECKING:
    from seqtasks.experiments.experiment import Experiment
    from seqtasks.runs.training_run import Result, Run
    from seqtasks.tasks.settings import EngineName

__all__ = ["resume", "run"]

LARGEST_FOR_ONE_THREAD = 2**14
"""A run uses one thread if a batch of states has at most this many numbers."""


class Number(click.ParamType[float | None]):
    """A number in any form that Python reads; the experiment checks its range."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | None:
        """Return the number, or None for `none`."""
        if str(value).lower() == "none":
            return None
        try:
            return float(value)
        except ValueError:
            self.fail(f"'{value}' is not a number", param, ctx)


def _output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--tensorboard", is_flag=True, help="Write TensorBoard events into the run."),
        click.option(
            "--quiet", "-q", is_flag=True, help="No progress; print only the run's directory."
        ),
        click.option(
            "--json", "as_json", is_flag=True, help="Print the result as one JSON document."
        ),
    ):
        command = option(command)
    return command


GROUPS = {
    "The model": (
        "cell",
        "readout",
        "hidden_size",
        "embedding",
        "embedding_size",
        "layers",
        "initialization",
        "dtype",
    ),
    "The data": (
        "length",
        "curriculum",
        "ponder",
        "blank_before_answer",
        "zeros_after_end",
        "batch_size",
        "training_inputs",
        "holdout",
        "seed",
    ),
    "The training": (
        "protocol",
        "steps",
        "learning_rate",
        "lr_schedule",
        "optimizer",
        "clip",
        "loss_reduction",
        "checkpoint_every",
        "engine",
        "device",
    ),
    "The scores": ("evaluation_lengths", "score"),
    "Output": ("out", "dry_run", "tensorboard", "quiet", "as_json"),
}


@click.command(cls=GroupedCommand, groups=GROUPS)
@click.argument("task", shell_complete=complete_names("task", "experiment"))
@click.option(
    "--cell", help="Cell, such as gru or ./mine.py:MyCell.", shell_complete=complete_names("cell")
)
@click.option(
    "--readout", help="Readout: concat, sum or state.", shell_complete=complete_names("readout")
)
@click.option(
    "--protocol",
    type=click.Choice(["ours", "published"]),
    help="Settings of the task's paper in place of ours; `seqtasks show TASK` says what differs.",
)
@click.option("--hidden-size", type=int, help="Numbers in a state.")
@click.option(
    "--embedding",
    type=click.Choice(["learned", "one-hot"]),
    help="Each symbol as a trained vector, or as a single 1 among zeros.",
)
@click.option(
    "--embedding-size", type=int, help="Numbers in an embedding; by default the hidden size."
)
@click.option("--layers", type=int, help="Cells stacked on one another.")
@click.option(
    "--initialization",
    type=click.Choice(["torch", "haiku"]),
    help="Draw the first weights as torch does, or as the library Haiku.",
)
@click.option(
    "--length", metavar="N|A..B", help="Training length, or a range; each batch has one length."
)
@click.option(
    "--curriculum",
    help="The choice of a batch's length: uniform, fixed:length=20, increasing:every=100.",
)
@click.option(
    "--ponder", type=int, metavar="K", help="Blanks after each step, to compute over; 0 for none."
)
@click.option(
    "--blank-before-answer/--no-blank-before-answer",
    default=None,
    help="Answer on a blank after the input, for a task that answers at the last symbol.",
)
@click.option(
    "--zeros-after-end/--no-zeros-after-end",
    default=None,
    help="Train what follows END in an answer as zeros; it is never scored.",
)
@click.option("--steps", type=int, help="The most training steps.")
@click.option("--batch-size", type=int, help="Instances in a batch.")
@click.option("--lr", "learning_rate", type=Number(), help="Learning rate.")
@click.option(
    "--lr-schedule",
    help="constant, warmup:steps=100 or cosine:steps=5000,warmup=100,last=0.1.",
)
@click.option("--optimizer", help="adam, adamw, sgd or rmsprop, as in sgd:momentum=0.9.")
@click.option("--clip", type=Number(), help="Largest norm of the gradient, or none.")
@click.option(
    "--loss-reduction",
    type=click.Choice(["mean", "sum"]),
    help="Over the positions of an instance.",
)
@click.option(
    "--training-inputs",
    type=int,
    metavar="N",
    help="Train on N inputs alone, drawn once, in epochs.",
)
@click.option(
    "--holdout",
    type=Number(),
    metavar="SHARE",
    help="Train on all but this share of the inputs, and score only this share at their lengths.",
)
@click.option("--seed", type=int, help="Seed of every random stream; by default 0.")
@click.option(
    "--eval-length",
    "evaluation_lengths",
    metavar="N,A..B",
    multiple=True,
    help="Lengths to score at (may be given again).",
)
@click.option(
    "--score", metavar="A..B", help="Also print the mean score over these lengths, as papers do."
)
@click.option("--device", help="cpu, cuda, ...")
@click.option(
    "--engine",
    type=click.Choice(["auto", "plain", "torch", "native"]),
    help="What runs the model; auto takes the fastest available engine.",
)
@click.option(
    "--checkpoint-every",
    metavar="N|TIME",
    help="Steps between checkpoints, or time: 30s, 5m, 2h.",
)
@click.option(
    "--dtype", type=click.Choice(["float32", "float64"]), help="Type of the model's numbers."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="runs",
    show_default=True,
    help="Folder that holds the runs.",
)
@click.option("--dry-run", is_flag=True, help="Show the run that would start; write nothing.")
@trust_option
@_output_options
def run(
    task: str,
    out: Path,
    dry_run: bool,
    trust: bool,
    evaluation_lengths: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    tensorboard: bool,
    **settings: Any,
) -> None:
    """Train a cell on TASK and score it at the trained length and beyond.

    TASK is a task, an experiment, an experiment file (.json), a file of your own (./mine.py:MyTask)
    or a class of an installed module (package.module:MyTask). The task recommends a default for
    every option.
    """
    from seqtasks.experiments.find import load_experiment

    context = click.get_current_context()
    given = {
        name: value
        for name, value in settings.items()
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
    }
    if dry_run and trust:
        raise UsageError("--dry-run executes no new code: leave out --trust or --dry-run")
    experiment = load_experiment(task, trust=trust, **given)
    if evaluation_lengths:
        experiment = _with_lengths(experiment, evaluation_lengths)
    if dry_run:
        _show_plan(experiment, out, as_json)
        return

    def start(observers: list[Any], stop: Callable[[], int]) -> "Result":
        from seqtasks.runs.lifecycle import run as run_experiment

        _settle_threads(_threads_for(experiment))
        return run_experiment(experiment, out=out, observers=observers, stop=stop)

    _execute(start, as_json, quiet, tensorboard)


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=complete_runs)
@click.option("--steps", type=int, help="Train up to this step, even if solved before.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "plain", "torch", "native"]),
    help="Continue with another engine than at the start.",
)
@click.option(
    "--checkpoint-every",
    metavar="N|TIME",
    help="Steps between checkpoints, or time: 30s, 5m, 2h.",
)
@click.option(
    "--allow-changes",
    is_flag=True,
    help="Go on although a plugin has changed a definition since the run began.",
)
@trust_option
@_output_options
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
            _settle_threads(record.get("threads"))
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

    _execute(start, as_json, quiet, tensorboard)


def _execute(
    start: Callable[[list[Any], Callable[[], int]], "Result"],
    as_json: bool,
    quiet: bool,
    tensorboard: bool,
) -> None:
    where = _Where()
    observers: list[Any] = [where] if quiet else [where, progress_observer()]
    if tensorboard:
        observers.append(_tensorboard())
    try:
        with noting() as stop:
            result = start(observers, stop)
    except RunInterruptedError as interruption:
        raise RunInterruptedError(
            f"{interruption}\n{_go_on(interruption.path)}", interruption.signal_number
        ) from None
    except KeyboardInterrupt:  # a second signal, or no step ended soon after the first
        raise where.broken_off(received() or signal.SIGINT) from None
    finally:
        for observer in observers:
            if hasattr(observer, "close"):
                observer.close()
    if as_json:
        echo_json(result.to_json())
    elif quiet:
        say(result.path)
    else:
        echo_result(result)


class _Where:
    """Knows the run, once it has started."""

    def __init__(self) -> None:
        self._run: Run | None = None

    @hookimpl
    def run_started(self, run: "Run") -> None:
        """Remember the run."""
        self._run = run

    def broken_off(self, number: int) -> RunInterruptedError:
        """Return the error of a run that a signal interrupts."""
        run = self._run
        if run is None:
            return RunInterruptedError("interrupted before the run began", number)
        at = f"broken off after step {run.step} of {run.experiment.steps}"
        return RunInterruptedError(
            f"{at}; what was saved before is intact\n{_go_on(run.path)}", number
        )


def _go_on(path: Path | None) -> str:
    return f"Go on with: seqtasks resume {shlex.quote(str(path))}"


def _threads_for(experiment: "Experiment") -> int | None:
    """Return one thread for a small model, whose products are too short for more threads."""
    if "OMP_NUM_THREADS" in os.environ:
        return None
    return 1 if experiment.batch_size * experiment.hidden_size <= LARGEST_FOR_ONE_THREAD else None


def _settle_threads(count: Any) -> None:
    """Set torch's threads in this process to `threads`; the same number gives the same bits."""
    if isinstance(count, int) and count > 0:
        import torch

        torch.set_num_threads(count)


def _tensorboard() -> Any:
    from seqtasks.runs.observers import TensorBoard

    try:
        import tensorboard  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ImportError:
        raise UsageError(
            "--tensorboard needs the tensorboard package: pip install 'seqtasks[tensorboard]'"
        ) from None
    return TensorBoard()


def _with_lengths(experiment: "Experiment", texts: tuple[str, ...]) -> "Experiment":
    from seqtasks.registry.find import task as find_task
    from seqtasks.scoring.evaluate import lengths_to_score

    lengths = lengths_to_score(find_task(experiment.task), ",".join(texts))
    return experiment.with_changes(evaluation_lengths=tuple(lengths))


def _show_plan(experiment: "Experiment", out: Path, as_json: bool) -> None:
    from seqtasks.runs.prepare import prepare
    from seqtasks.runs.training_run import parameter_count

    started, _ = prepare(experiment.with_changes(engine="plain"))  # nothing is compiled
    parameters = parameter_count(started.model)
    data, _ = experiment.to_json()
    if started.holdout is not None:
        say(started.holdout.describe(), err=True)
    if as_json:
        echo_json({"experiment": data, "parameters": parameters})
        return
    del data["published"]
    rows = [*setting_rows(data), ["parameters", str(parameters)]]
    echo_table(["setting", "value"], rows)
    say(f"\nnothing was run or written; without --dry-run: {out}/{experiment.run_name}-N")
