"""The options that say what is trained and how; `run`, `compare`, `sweep` and `tune` share them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, get_args

import click

from seqtasks.cli.completion import complete_names
from seqtasks.cli.run_options import Number, checkpoint_option, engine_option
from seqtasks.tasks.settings import EmbeddingKind, InitializationName, LossReduction

if TYPE_CHECKING:
    from seqtasks.experiments.experiment import Experiment

__all__ = ["GROUPS", "experiment_options", "given_on_the_command_line", "with_lengths"]

GROUPS: Mapping[str, tuple[str, ...]] = {
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
}
"""The options by their heading in the help of a command."""


def _choice(kind: Any) -> click.Choice[str]:
    return click.Choice(get_args(kind))


def _option(*flags: str, **described: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    return flags, described


_OPTIONS = (
    _option(
        "--cell",
        help="Cell, such as gru, ./mine.py:MyCell or torch.nn.GRUCell.",
        shell_complete=complete_names("cell"),
    ),
    _option(
        "--readout",
        help="Readout: concat, sum or state.",
        shell_complete=complete_names("readout"),
    ),
    _option(
        "--protocol",
        type=click.Choice(["ours", "published"]),
        help="Settings of the task's paper in place of ours; `seqtasks show TASK` says what "
        "differs.",
    ),
    _option("--hidden-size", type=int, help="Numbers in a state."),
    _option(
        "--embedding",
        type=_choice(EmbeddingKind),
        help="Each symbol as a trained vector, or as a single 1 among zeros.",
    ),
    _option(
        "--embedding-size", type=int, help="Numbers in an embedding; by default the hidden size."
    ),
    _option("--layers", type=int, help="Cells stacked on one another."),
    _option(
        "--initialization",
        type=_choice(InitializationName),
        help="Draw the first weights as torch does, or as the library Haiku.",
    ),
    _option(
        "--length",
        metavar="N|A..B",
        help="Training length, or a range; each batch has one length.",
    ),
    _option(
        "--curriculum",
        help="The choice of a batch's length: uniform, fixed:length=20, increasing:every=100.",
    ),
    _option(
        "--ponder",
        type=int,
        metavar="K",
        help="Blanks after each step, to compute over; 0 for none.",
    ),
    _option(
        "--blank-before-answer/--no-blank-before-answer",
        default=None,
        help="Answer on a blank after the input, for a task that answers at the last symbol.",
    ),
    _option(
        "--zeros-after-end/--no-zeros-after-end",
        default=None,
        help="Train what follows END in an answer as zeros; it is never scored.",
    ),
    _option("--steps", type=int, help="The most training steps."),
    _option("--batch-size", type=int, help="Instances in a batch."),
    _option("--lr", "learning_rate", type=Number(), help="Learning rate."),
    _option(
        "--lr-schedule",
        help="constant, warmup:steps=100 or cosine:steps=5000,warmup=100,last=0.1.",
    ),
    _option("--optimizer", help="adam, adamw, sgd or rmsprop, as in sgd:momentum=0.9."),
    _option("--clip", type=Number(), help="Largest norm of the gradient, or none."),
    _option(
        "--loss-reduction",
        type=_choice(LossReduction),
        help="Over the positions of an instance.",
    ),
    _option(
        "--training-inputs",
        type=int,
        metavar="N",
        help="Train on N inputs alone, drawn once, in epochs.",
    ),
    _option(
        "--holdout",
        type=Number(),
        metavar="SHARE",
        help="Train on all but this share of the inputs, and score only this share at their "
        "lengths.",
    ),
    _option(
        "--eval-length",
        "evaluation_lengths",
        metavar="N,A..B",
        multiple=True,
        help="Lengths to score at (may be given again).",
    ),
    _option(
        "--score",
        metavar="A..B",
        help="Also print the mean score over these lengths, as papers do.",
    ),
    _option("--device", help="cpu, cuda, ..."),
    _option(
        "--dtype", type=click.Choice(["float32", "float64"]), help="Type of the model's numbers."
    ),
)

_ONE_VALUE = ("--protocol", "--eval-length", "--score", "--device")
"""Options that have one value for a whole study."""


def experiment_options(*, several: bool = False) -> Callable[..., Any]:
    """Return a decorator that adds the options.

    Args:
        several: whether an option takes a list of values: as text, which `studies.values` reads.
    """

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        command = checkpoint_option(command)
        engine = "What runs the model; auto takes the fastest available engine."
        command = engine_option(engine)(command)
        for flags, described in reversed(_OPTIONS):
            as_list = several and flags[0] not in _ONE_VALUE and "/" not in flags[0]
            kwargs = _of_a_list(described) if as_list else described
            command = click.option(*flags, **kwargs)(command)
        return command

    return add


def _of_a_list(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return an option's description for a list of values; its help names its choices."""
    kind = described.get("type")
    help_text = described["help"]
    if isinstance(kind, click.Choice):
        help_text = f"{help_text.removesuffix('.')}: {', '.join(kind.choices)}."
    return {**described, "type": str, "metavar": "LIST", "help": help_text}


def given_on_the_command_line(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that the command line names, without those that keep their default."""
    context = click.get_current_context()
    default = click.core.ParameterSource.DEFAULT
    return {
        name: value
        for name, value in settings.items()
        if context.get_parameter_source(name) is not default
    }


def with_lengths(experiment: "Experiment", texts: tuple[str, ...]) -> "Experiment":
    """Return an experiment that is scored at lengths as an option names them, or unchanged."""
    if not texts:
        return experiment
    from seqtasks.registry.find import task as find_task
    from seqtasks.scoring.evaluate import lengths_to_score

    lengths = lengths_to_score(find_task(experiment.task), ",".join(texts))
    return experiment.with_changes(evaluation_lengths=tuple(lengths))
