"""`seqtasks run`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.cli.completion import complete_names
from seqtasks.cli.launch import launch, settle_threads, threads_for
from seqtasks.cli.option_groups import GroupedCommand
from seqtasks.cli.output import echo_json, echo_table, say
from seqtasks.cli.run_options import Number, checkpoint_option, engine_option, output_options
from seqtasks.cli.show_settings import setting_rows
from seqtasks.cli.trusting import trust_option
from seqtasks.errors import UsageError

if TYPE_CHECKING:
    from seqtasks.experiments.experiment import Experiment
    from seqtasks.runs.training_run import Result

__all__ = ["run"]

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
    "--cell",
    help="Cell, such as gru, ./mine.py:MyCell or torch.nn.GRUCell.",
    shell_complete=complete_names("cell"),
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
@engine_option("What runs the model; auto takes the fastest available engine.")
@checkpoint_option
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

        settle_threads(threads_for(experiment))
        return run_experiment(experiment, out=out, observers=observers, stop=stop)

    launch(start, as_json, quiet, tensorboard)


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
