"""Print the scores of a run as a table, with an explanation of its marks."""

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from seqtasks.cli.output import echo_table, figure, heading, percentage, say
from seqtasks.cli.wrapping import wrapped
from seqtasks.errors import counted
from seqtasks.scoring.baselines import Baseline, is_no_better
from seqtasks.tasks import Task
from seqtasks.tasks.lengths import LengthRange, describe_lengths
from seqtasks.tasks.metrics import Metric

if TYPE_CHECKING:
    from seqtasks.experiments.experiment import Experiment
    from seqtasks.runs.training_run import Result
    from seqtasks.scoring.evaluate import Score
    from seqtasks.scoring.over_range import RangeScore

__all__ = ["echo_result", "echo_scores"]


def echo_scores(
    scores: Sequence["Score"],
    untrained: Sequence["Score"],
    experiment: "Experiment",
    task: Task,
    over_range: "RangeScore | None" = None,
    without_learning: Mapping[str, Baseline] | None = None,
) -> None:
    """Print a row for each length: each metric with its 95 % interval, then untrained scores.

    Lengths within the trained range carry a star, or two stars if only held-out inputs were scored.
    An exclamation mark says that the score may be no better than the best strategy without
    learning. The last row is the mean over a range of lengths, if there is one. An explanation of
    the marks stands below the table.

    Args:
        scores: the scores of the lengths.
        untrained: the scores of the model before training; if empty, their column is left out.
        experiment: the experiment of the run.
        task: its task.
        over_range: the mean over a range of lengths.
        without_learning: the best strategy without learning, by length or range.
    """
    trivial = without_learning or {}
    trained = experiment.length_range
    before = {score.length: score for score in untrained}
    rated = [*scores, *([over_range] if over_range else [])]
    names = list(rated[0].metrics) if rated else []
    columns = [*(["untrained"] if before else []), *(["trivial"] if trivial else [])]
    rows: list[list[str]] = []
    marks = _marks(scores, over_range, trained, task.metrics, trivial)
    for score, mark in zip(rated, marks, strict=True):
        length = getattr(score, "length", None)
        row = [
            f"{length or getattr(score, 'lengths', '')}{mark}",
            *(_with_interval(score, name) for name in names),
        ]
        if before:
            old = None if length is None else before.get(length)
            known = old is not None and names[0] in old.metrics
            row.append(figure(names[0], old.metrics[names[0]]) if old and known else "")
        if trivial:
            best = trivial.get(row[0].rstrip("*! "))
            row.append("" if best is None else figure(names[0], best.metrics[names[0]]))
        rows.append(row)
    headers = ["length", *(heading(name) for name in names), *columns]
    echo_table(headers, rows, right=["length", *columns])
    within = describe_lengths(task.lengths.within(trained))
    stars = f"* trained lengths: {within}; " if scores else ""
    say(f"{stars}in brackets the 95 % interval")
    if any(score.held_out for score in rated):
        share = f"{100 * experiment.holdout:g} %"
        say(f"** scored on the {share} of the inputs that were held out of training")
    if any("!" in mark for mark in marks):
        say("! perhaps no better than the best rule that learns nothing (column trivial)")
    for line in _doubts(rated):
        say(line)
    if over_range:
        for line in [*_range_lines(over_range), *_part_lines(over_range, experiment.score_also)]:
            say(line)


def _marks(
    scores: Sequence["Score"],
    over_range: "RangeScore | None",
    trained: LengthRange,
    metrics: Sequence[Metric],
    trivial: Mapping[str, Baseline],
) -> list[str]:
    """Return the marks after each length, padded to one width."""
    marks = [
        "**" if score.held_out else "*" if trained.first <= score.length <= trained.last else ""
        for score in scores
    ]
    keys = [str(score.length) for score in scores]
    rated: list[Score | RangeScore] = [*scores]
    if over_range:
        marks.append("**" if over_range.held_out else "")
        keys.append(over_range.lengths)
        rated.append(over_range)
    first = metrics[0]
    for index, (key, score) in enumerate(zip(keys, rated, strict=True)):
        best, interval = trivial.get(key), score.intervals[first.name]
        if best is not None and is_no_better(first, score.metrics[first.name], interval, best):
            marks[index] += "!"
    width = max(map(len, marks), default=0)
    return [f"{mark:<{width}}" for mark in marks]


def _doubts(rated: Sequence["Score | RangeScore"]) -> list[str]:
    """Return the doubts that a reader must know of before believing scores."""
    lines: list[str] = []
    if any(score.rows_mix for score in rated):
        lines += [
            "[rows mix] the answer to an instance depends on the others of its batch:",
            "           batches of another size would score otherwise",
        ]
    for score in rated:
        if score.undefined:
            length = getattr(score, "length", None) or getattr(score, "lengths", "")
            share = percentage(score.undefined, 1)
            lines.append(f"{length}: {share} % of the predictions are NaN, which counts as wrong")
    return lines


def _range_lines(score: "RangeScore") -> list[str]:
    """Describe a mean over a range in words, in lines of at most 80 characters."""
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
    """Return the mean over the part of a range that the experiment names, in words."""
    if part is None or not score.by_length:
        return []
    means = score.mean_over(part)
    values = ", ".join(f"{figure(name, value)} {heading(name)}" for name, value in means.items())
    return [f"{part}: {values}"]


def echo_result(result: "Result") -> None:
    """Print the result of a run: scores, published figures, cost, path, and the next command."""
    experiment = result.experiment
    echo_scores(
        result.scores,
        result.untrained,
        experiment,
        result.task,
        result.score,
        result.without_learning,
    )
    if experiment.published:
        say()
        _echo_published(result)
    say()
    limit = experiment.steps
    if result.stopped == "solved":
        early = " early" if result.step < limit else ""
        end = f"solved: stopped{early} at step {result.step} of at most {limit}"
    elif result.stopped not in (None, "steps"):
        end = f"stopped at step {result.step} of {limit} by an {result.stopped}"
    else:
        end = f"step {result.step} of {limit} reached{'' if result.solved else ', not solved'}"
    say(f"{end}; {result.seconds:.1f} s of training, {result.parameters} parameters")
    if result.path is not None:
        say(f"run   {result.path}")
        say(f"next  {_next_command(result)}")


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
        say("\n".join(wrapped(f"published in: {source}")))


def _next_command(result: "Result") -> str:
    path = shlex.quote(str(result.path))
    if result.solved:
        longest = 2 * result.experiment.length_range.last
        return f"seqtasks eval {path} --length 1..{longest} --plot lengths.png"
    return f"seqtasks resume {path} --steps {2 * result.step}"


def _with_interval(score: "Score | RangeScore", name: str) -> str:
    value = score.metrics[name]
    if score.rows_mix:
        return f"{figure(name, value):>8} [rows mix]"
    if score.exhaustive:
        return f"{figure(name, value):>8} [exact]"
    low, high = score.intervals[name]
    if name.endswith("accuracy"):
        return f"{figure(name, value):>8} [{percentage(low)}, {percentage(high)}]"
    return f"{figure(name, value)} [{low:.4g}, {high:.4g}]"
