"""What every command prints with: tables, scores and JSON."""

import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqtasks.errors import UsageError, counted
from seqtasks.json_text import write_text
from seqtasks.lengths import describe_lengths

if TYPE_CHECKING:
    from rich.console import Console

    from seqtasks.evaluation import Score
    from seqtasks.experiment import Experiment
    from seqtasks.range_score import RangeScore
    from seqtasks.running import Result

__all__ = [
    "check_picture",
    "console",
    "echo_json",
    "echo_result",
    "echo_scores",
    "echo_table",
    "figure",
    "heading",
    "percentage",
    "table_lines",
]

_PIPED_WIDTH = 10_000
_PICTURES = (".png", ".svg", ".pdf")


def check_picture(path: Path) -> None:
    """Check, before the work that it is to show, that a picture can be written there.

    Raises:
        UsageError: if the name is that of no kind of picture, or there is no such folder.
    """
    if path.suffix.lower() not in _PICTURES:
        raise UsageError(f"a plot is one of {', '.join(_PICTURES)}, got '{path.name}'")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.absolute().parent} for the plot")


def console(stderr: bool = False) -> "Console":
    """Return a rich console: as wide as the terminal; piped, so wide that no line is broken.

    Tables are never narrower than 80 columns: a line that the terminal folds can still be read.
    """
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPED_WIDTH
    made = Console(file=stream, width=width, highlight=False, emoji=False, markup=False)
    if not stderr:
        made.width = max(made.width, 80)
    return made


def echo_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    click.echo(write_text(document, indent=2))


def echo_table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()
) -> None:
    """Print rows under headers; the columns whose headers are named in `right` are aligned so."""
    for line in table_lines(headers, rows, right):
        click.echo(line)


def table_lines(
    headers: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()
) -> list[str]:
    """Return the lines that `echo_table` prints."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for header in headers:
        wraps = header == headers[-1]
        table.add_column(
            header,
            justify="right" if header in right else "left",
            no_wrap=not wraps,
            overflow="fold",
        )
    for row in rows:
        table.add_row(*row)
    out = console()
    with out.capture() as captured:
        out.print(table)
    return [line.rstrip() for line in captured.get().splitlines()]


def echo_scores(
    scores: Sequence["Score"],
    untrained: Sequence["Score"],
    experiment: "Experiment",
    over_range: "RangeScore | None" = None,
) -> None:
    """Print a row a length: each metric with its 95 % interval, and the untrained score.

    Lengths within the trained range carry a star, and two where only held-out inputs were scored.
    The last row is the mean over a range of lengths, if there is one; it carries two stars if some
    of its lengths do. Below the table stands what its marks mean.
    """
    trained = experiment.length_range
    before = {score.length: score for score in untrained}
    rated = [*scores, *([over_range] if over_range else [])]
    names = list(rated[0].metrics) if rated else []
    headers = ["length", *(heading(name) for name in names)]
    if before:
        headers.append("untrained")
    held_out = any(score.held_out for score in rated)
    width = 2 if held_out else 1
    rows: list[list[str]] = []
    for score in scores:
        starred = trained.first <= score.length <= trained.last
        mark = "**" if score.held_out else "*" if starred else ""
        row = [f"{score.length}{mark:<{width}}"]
        row.extend(_with_interval(score, name) for name in names)
        if before:
            old = before.get(score.length)
            row.append("" if old is None else figure(names[0], old.metrics[names[0]]))
        rows.append(row)
    if over_range:
        mark = "**" if over_range.held_out else ""
        row = [
            f"{over_range.lengths}{mark:<{width}}",
            *(_with_interval(over_range, name) for name in names),
        ]
        rows.append([*row, *([""] if before else [])])
    echo_table(headers, rows, right=["length", "untrained"])
    within = experiment.make_task().lengths.within(trained)
    stars = f"* trained lengths: {describe_lengths(within)}; " if scores else ""
    click.echo(f"{stars}in brackets the 95 % interval")
    if held_out:
        share = f"{100 * experiment.holdout:g} %"
        click.echo(f"** scored on the {share} of the inputs that were held out of training")
    if over_range:
        for line in [*_range_lines(over_range), *_part_lines(over_range, experiment.score_also)]:
            click.echo(line)


def _range_lines(score: "RangeScore") -> list[str]:
    """Return in words what a mean over a range is of, in lines of no more than 80 characters."""
    fewest, most = score.fewest or score.sequences, score.most or score.sequences
    instances = counted(most, "instance")
    if fewest != most:
        instances = f"{fewest} to {instances}"
    start = f"{score.lengths}: the mean over {counted(score.count, 'length')}"
    lines = [f"{start}, {instances} each"]
    if score.whole == score.count:
        lines[0] += ", all there are" if not score.held_out else ""
    elif score.whole:
        lines.append(f"at {score.whole} of these lengths all there are were scored")
    if score.held_out:
        lines.append(f"at {score.held_out} of these lengths held-out inputs alone were scored")
    return lines


def _part_lines(score: "RangeScore", part: str | None) -> list[str]:
    """Return the mean over a part of a range, which the experiment names, in words."""
    if part is None or not score.by_length:
        return []
    means = score.mean_over(part)
    values = ", ".join(f"{figure(name, value)} {heading(name)}" for name, value in means.items())
    return [f"{part}: {values}"]


def echo_result(result: "Result") -> None:
    """Print what a run came to: scores, published figures, cost, place, and what to try next."""
    experiment = result.experiment
    echo_scores(result.scores, result.untrained, experiment, result.score)
    if experiment.published:
        click.echo()
        _echo_published(result)
    click.echo()
    limit = experiment.steps
    if result.stopped == "solved":
        early = " early" if result.step < limit else ""
        end = f"solved: stopped{early} at step {result.step} of at most {limit}"
    else:
        end = f"step {result.step} of {limit} reached{'' if result.solved else ', not solved'}"
    click.echo(f"{end}; {result.seconds:.1f} s of training, {result.parameters} parameters")
    if result.path is not None:
        click.echo(f"run   {result.path}")
        click.echo(f"next  {_next_command(result)}")


def _echo_published(result: "Result") -> None:
    rows = [
        [
            row["metric"].replace("_", " "),
            str(row["length"]),
            "end" if row["step"] is None else str(row["step"]),
            figure(row["metric"], row["value"]),
            "-" if row["measured"] is None else figure(row["metric"], row["measured"]),
        ]
        for row in result.published()
    ]
    echo_table(
        ["metric", "length", "step", "published", "measured"],
        rows,
        right=["length", "step", "published", "measured"],
    )
    for source in dict.fromkeys(shown.source for shown in result.experiment.published):
        click.echo(f"published in: {source}")


def _next_command(result: "Result") -> str:
    path = shlex.quote(str(result.path))
    if result.solved:
        longest = 2 * result.experiment.length_range.last
        return f"seqtasks eval {path} --length 1..{longest} --plot lengths.png"
    return f"seqtasks resume {path} --steps {2 * result.step}"


def heading(name: str) -> str:
    """Return what a table calls a metric."""
    return {"token_accuracy": "per symbol", "sequence_accuracy": "whole sequence"}.get(
        name, name.replace("_", " ")
    )


def percentage(share: float, decimals: int = 2) -> str:
    """Return a share in percent; only what is all right is 100, and only what is all wrong 0."""
    least = 10.0**-decimals
    percent = 100 * share
    if 0 < share < 1:
        percent = min(max(percent, least), 100 - least)
    return f"{percent:.{decimals}f}"


def figure(metric: str, value: float, decimals: int = 2, digits: int = 4) -> str:
    """Return a metric's value: an accuracy in percent, another with so many digits."""
    if metric.endswith("accuracy"):
        return f"{percentage(value, decimals)} %"
    return f"{value:.{digits}g}"


def _with_interval(score: "Score | RangeScore", name: str) -> str:
    value = score.metrics[name]
    if score.exhaustive:
        return f"{figure(name, value):>8} [exact]"
    low, high = score.intervals[name]
    if name.endswith("accuracy"):
        return f"{figure(name, value):>8} [{percentage(low)}, {percentage(high)}]"
    return f"{figure(name, value)} [{low:.4g}, {high:.4g}]"
