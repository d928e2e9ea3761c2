"""`seqtasks eval`: score a run at chosen lengths."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.cli.completion import complete_runs
from seqtasks.cli.one_run import load_one
from seqtasks.cli.output import check_picture, echo_json, say
from seqtasks.cli.run_options import replica_options
from seqtasks.cli.score_table import echo_scores
from seqtasks.cli.trusting import trust_option
from seqtasks.errors import UsageError
from seqtasks.runs.listed_study import is_study
from seqtasks.scoring.baselines import baselines_beside

if TYPE_CHECKING:
    from seqtasks.runs.training_run import Result

__all__ = ["score"]


@click.command("eval")
@click.argument("run", type=click.Path(path_type=Path), shell_complete=complete_runs)
@click.option(
    "--length", metavar="N,A..B", help="Lengths to score at; by default the run's lengths."
)
@click.option(
    "--score",
    "over",
    metavar="A..B",
    help="Print the mean score over these lengths, as papers do; alone if --length is not given.",
)
@click.option(
    "--sequences",
    type=click.IntRange(1),
    help="Instances at each length; by default 1000, and for --score as in the run: mostly 64.",
)
@click.option(
    "--seed", type=click.IntRange(0), help="Seed of the instances; by default the seed of the run."
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Draw accuracy over length (.png, .svg or .pdf).",
)
@replica_options
@trust_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def score(
    run: Path,
    length: str | None,
    over: str | None,
    sequences: int | None,
    seed: int | None,
    plot: Path | None,
    replica: int | None,
    setting: str | None,
    trust: bool,
    as_json: bool,
) -> None:
    """Score RUN: accuracy per symbol and per whole sequence, with 95 % intervals.

    RUN may be a study. All its runs are then scored, from their kept weights, or one: --replica.
    """
    if plot is not None:
        check_picture(plot)
    if is_study(run) and replica is None:
        _score_study(run, length, over, sequences, seed, plot, setting, trust, as_json)
        return
    loaded = load_one(run, replica, setting, trust)
    scored = _scored_anew(loaded, length, over, sequences, seed)
    if plot is not None:
        _draw(scored, plot)
    if not loaded.finished:
        say(f"the run is not finished; these are the weights of step {loaded.step}", err=True)
    if as_json:
        echo_json(_document(scored, run))
        return
    before = {score.length for score in loaded.untrained}
    all_known = bool(scored.scores) and all(score.length in before for score in scored.scores)
    echo_scores(
        scored.scores,
        loaded.untrained if all_known else [],
        loaded.experiment,
        loaded.task,
        scored.score,
        scored.without_learning,
    )
    if plot is not None:
        say(f"plot  {plot}")


def _score_study(
    path: Path,
    length: str | None,
    over: str | None,
    sequences: int | None,
    seed: int | None,
    plot: Path | None,
    setting: str | None,
    trust: bool,
    as_json: bool,
) -> None:
    """Score all runs of a study from their kept weights, and print the table of each setting."""
    from seqtasks.cli.study_table import echo_score_rows
    from seqtasks.studies.reopen import load_study
    from seqtasks.studies.scores_anew import score_study

    if plot is not None:
        raise UsageError("--plot draws one run: choose it with --replica SEED")
    study = load_study(path, trust=trust)
    settings = score_study(study, length, over, sequences, seed)
    if setting is not None:
        study.outcomes(setting)  # it must be there
        settings = [one for one in settings if one["label"] == setting]
    if as_json:
        echo_json({"study": str(path), "settings": settings})
    else:
        echo_score_rows(settings)


def _scored_anew(
    loaded: "Result", length: str | None, over: str | None, sequences: int | None, seed: int | None
) -> "Result":
    """Return a run with new scores in place of its own, at the lengths that the user asks for."""
    from seqtasks.scoring.anew import score_anew

    scores, over_range = score_anew(
        loaded.model, loaded.task, loaded.experiment, length, over, sequences, seed
    )
    over_text = None if over_range is None else over_range.lengths
    trivial = baselines_beside(loaded.task, [score.length for score in scores], over_text)
    return replace(loaded, scores=scores, score=over_range, without_learning=trivial)


def _draw(scored: "Result", plot: Path) -> None:
    """Draw the scores over length into a file."""
    from seqtasks.runs.plots import drawn_of, lengths_figure, write_figure

    title = f"{scored.experiment.run_name}, step {scored.step}"
    write_figure(lengths_figure(drawn_of(scored), title), plot)


def _document(scored: "Result", run: Path) -> dict[str, Any]:
    """Return the scores as JSON data."""
    without_learning = {length: one.to_json() for length, one in scored.without_learning.items()}
    document = {
        "run": str(run),
        "status": "finished" if scored.finished else "unfinished",
        "step": scored.step,
        "scores": [score.to_json() for score in scored.scores],
        "without_learning": without_learning,
    }
    return document | ({"score": scored.score.to_json()} if scored.score else {})
