"""`seqtasks eval`: score a run at lengths of one's choice."""

from pathlib import Path

import click

from seqtasks.cli.completion import complete_runs
from seqtasks.cli.output import echo_json, echo_scores
from seqtasks.errors import UsageError

__all__ = ["score"]

_PICTURES = (".png", ".svg", ".pdf")


@click.command("eval")
@click.argument("run", type=click.Path(path_type=Path), shell_complete=complete_runs)
@click.option(
    "--length", metavar="N,A..B", help="Lengths to score at; those of the run if not said."
)
@click.option(
    "--sequences",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="Instances at each length.",
)
@click.option(
    "--seed", type=click.IntRange(0), help="Seed of the instances; the run's if not said."
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Draw accuracy over length (.png, .svg or .pdf).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def score(
    run: Path,
    length: str | None,
    sequences: int,
    seed: int | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Score RUN: accuracy per symbol and per whole sequence, with 95 % intervals."""
    if plot is not None and plot.suffix.lower() not in _PICTURES:
        raise UsageError(f"a plot is one of {', '.join(_PICTURES)}, got '{plot.name}'")
    if plot is not None and not plot.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {plot.absolute().parent} for the plot")
    from seqtasks.evaluation import evaluate
    from seqtasks.stored import load

    loaded = load(run)
    experiment = loaded.experiment
    lengths = length if length is not None else experiment.evaluation_lengths or ()
    chosen = experiment.seed if seed is None else seed
    scores = evaluate(loaded.model, loaded.task, lengths, sequences, chosen)
    if plot is not None:
        from seqtasks.plots import lengths_figure, write_figure

        title = f"{experiment.run_name}, step {loaded.step}"
        write_figure(lengths_figure(scores, loaded.untrained, experiment.length_range, title), plot)
    if as_json:
        echo_json({"run": str(run), "step": loaded.step, "scores": [s.to_json() for s in scores]})
        return
    if not loaded.scores:
        click.echo(
            f"the run is not finished; these are the weights of step {loaded.step}", err=True
        )
    before = {score.length: score for score in loaded.untrained}
    all_known = all(score.length in before for score in scores)
    echo_scores(scores, loaded.untrained if all_known else [], experiment.length_range)
    click.echo(f"* trained lengths: {experiment.length}; in brackets the 95 % interval")
    if plot is not None:
        click.echo(f"plot  {plot}")
