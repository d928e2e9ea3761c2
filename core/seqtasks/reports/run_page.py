"""Gather what the page of a run says: what was asked, scores, charts, answers, the engine."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from seqtasks.display import figure, percentage
from seqtasks.errors import SeqtasksError, counted
from seqtasks.reports.charts.lengths import Beside, ScoresOverLength, lengths_chart
from seqtasks.reports.charts.single_run import history_chart, places_chart
from seqtasks.reports.charts.theme import NOTEBOOK, PAGE, Theme
from seqtasks.reports.charts.thinning import places_drawn
from seqtasks.reports.page_setting import Measure, measures_of
from seqtasks.reports.render import Page
from seqtasks.reports.repeat import run_command
from seqtasks.reports.run_answers import Answers, answers_at
from seqtasks.reports.run_engine import EngineSaid, engine_of
from seqtasks.reports.run_said import RunSaid
from seqtasks.reports.study_tables import Bar, Cell, Table
from seqtasks.runs.training_run import Result
from seqtasks.scoring.baselines import chance
from seqtasks.scoring.evaluate import Score
from seqtasks.scoring.over_range import RangeScore
from seqtasks.tasks import Reals
from seqtasks.tasks.lengths import LengthRange

__all__ = ["Opened", "opened_run", "run_charts", "run_page"]

MOST_EXAMPLE_LENGTH = 2000
STEPS_IN_TABLE = 12


@dataclass(frozen=True)
class Opened:
    """What only a run's code can tell: it is there if the user trusts the code.

    Attributes:
        measures: the metrics of the task.
        chance: the scores of uniform guesses.
        answers: the answers of the model at some lengths.
        engine: the engine of the model.
        command: the command with all options that makes the run again, or None.
        error_by_place: whether the answers are reals, so that a place has an error.
        notes: what could not be shown, and why.
    """

    measures: Sequence[Measure]
    chance: dict[str, float]
    answers: Sequence[Answers]
    engine: EngineSaid | None
    command: str | None
    error_by_place: bool
    notes: Sequence[str] = ()


def opened_run(result: Result) -> Opened:
    """Return what the model and the task of a run tell: answers, engine, command."""
    experiment, task, notes = result.experiment, result.task, list[str]()
    trained = task.lengths.within(experiment.length_range)
    wanted = [trained[-1]] if trained else []
    longer = [one.length for one in result.scores if one.length > max(wanted, default=0)]
    wanted += [length for length in longer[-1:] if length <= MOST_EXAMPLE_LENGTH]
    answers: list[Answers] = []
    engine = None
    try:
        answers = [
            answers_at(result.model, task, length, experiment.seed, result.holdout)
            for length in wanted
        ]
    except SeqtasksError as error:
        notes.append(f"There are no worked examples: {error}")
    try:
        engine = engine_of(result.model, task, experiment)
    except SeqtasksError as error:
        notes.append(f"The engine is left out: {error}")
    return Opened(
        measures_of(task),
        chance(task),
        answers,
        engine,
        run_command(experiment),
        isinstance(task.targets, Reals),
        notes,
    )


def run_page(said: RunSaid, opened: Opened | None, why_closed: str = "") -> Page:
    """Return the page of a run.

    Args:
        said: what its files say.
        opened: what its code tells, or None if that was not executed.
        why_closed: why it was not.
    """
    charts = run_charts(said, opened, theme=PAGE)
    commands: list[tuple[str, str]] = []
    if opened is not None and opened.command is not None:
        commands.append(("This command makes the run again:", opened.command))
    if said.path is not None:
        record = shlex.quote(str(said.path / "experiment.json"))
        text = "So does this one, with every setting of its record:"
        if not commands:
            text = "This command makes the run again, with every setting of its record:"
        commands.append((text, f"seqtasks run {record}"))
    content: dict[str, Any] = {
        "said": said,
        "opened": opened,
        "why_closed": why_closed,
        "commands": commands,
        "charts": charts,
        "scores": _scores_table(said),
        "published": _published_table(said) if said.published else None,
        "sources": list(dict.fromkeys(str(one.get("source", "")) for one in said.published)),
        "measures": measures_shown(said, opened),
        "summary": _summary(said),
        "history": _history_table(said),
        "places": _places_table(opened) if opened is not None and opened.answers else None,
        "engine_parts": _engine_parts(opened),
        "lines": 0 if opened is None or opened.engine is None else _lines(opened.engine.source),
    }
    title = f"{said.name}: {said.cell} on {said.task}"
    return Page("run.html.jinja", title, content, charts, {"kind": "run"})


def measures_shown(said: RunSaid, opened: Opened | None) -> list[Measure]:
    """Return the metrics of a run: as its task says, or else by their names."""
    known = {} if opened is None else {one.name: one for one in opened.measures}
    return [
        known.get(name) or Measure(name, name.endswith("accuracy"), not name.endswith("accuracy"))
        for name in said.metrics
    ]


def run_charts(
    said: RunSaid, opened: Opened | None, *, theme: Theme = NOTEBOOK
) -> dict[str, alt.LayerChart]:
    """Return the charts of a run, by name."""
    charts: dict[str, alt.LayerChart] = {}
    measures = measures_shown(said, opened)
    losses = [(line["step"], line["loss"]) for line in said.history if "loss" in line]
    for name, some in _panels(measures).items():
        curves = {
            one.words: [
                (line["step"], line["validation"][one.name])
                for line in said.history
                if one.name in line.get("validation", ())
            ]
            for one in some
        }
        if any(curves.values()):
            charts[f"learning-{name}"] = history_chart(
                curves,
                title="validation score" if len(some) > 1 else f"validation {some[0].words}",
                fraction=some[0].fraction,
                theme=theme,
            )
        lengths = _over_lengths(said, opened, some, theme)
        if lengths is not None:
            charts[f"lengths-{name}"] = lengths
    if losses:
        charts["loss"] = history_chart(
            {"training loss": losses}, title="training loss", fraction=False, theme=theme
        )
    if opened is not None and opened.answers:
        shares = {f"length {one.length}": [*one.by_place] for one in opened.answers}
        error = opened.error_by_place
        charts["places"] = places_chart(
            shares,
            title="mean squared error" if error else "right answers",
            fraction=not error,
            theme=theme,
        )
    return charts


def _panels(measures: Sequence[Measure]) -> dict[str, list[Measure]]:
    """Return the metrics of each chart: shares of right answers share one, errors do not."""
    shares = [one for one in measures if one.fraction]
    others = {one.name: [one] for one in measures if not one.fraction}
    return {**({"accuracy": shares} if shares else {}), **others}


def _over_lengths(
    said: RunSaid, opened: Opened | None, some: Sequence[Measure], theme: Theme
) -> alt.LayerChart | None:
    series: list[ScoresOverLength] = []
    for index, measure in enumerate(some):
        scores = [one for one in said.scores if measure.name in one.metrics]
        if scores:
            series.append(_series(measure.words, index, scores, measure.name))
    over = said.over_range
    if over is not None and some[0].name in over.metrics and over.by_length:
        values = np.array([one[some[0].name] for one in over.by_length.values()])
        label = f"{some[0].words}, {over.lengths}"
        nobody = np.zeros(1, dtype=np.int64)
        series.append(
            ScoresOverLength(
                label, len(series), [*over.by_length], values[None], nobody, values, values, values
            )
        )
    if not series:
        return None
    name = some[0].name
    before = {one.length: one.metrics[name] for one in said.untrained if name in one.metrics}
    beside = Beside(
        trained=said.trained,
        chance=None if opened is None else opened.chance.get(name),
        trivial={
            int(length): (rule.metrics[name], rule.strategy)
            for length, rule in said.without_learning.items()
            if length.isdecimal() and name in rule.metrics
        },
        published=[
            (*_ends(one["length"]), one["value"], str(one.get("source", "")))
            for one in said.published
            if one["metric"] == name and one.get("step") is None
        ],
        untrained=before,
    )
    return lengths_chart(
        series,
        beside,
        title="score" if len(some) > 1 else some[0].words,
        fraction=some[0].fraction,
        theme=theme,
    )


def _series(label: str, index: int, scores: Sequence[Score], name: str) -> ScoresOverLength:
    ordered = sorted(scores, key=lambda one: one.length)
    values = np.array([one.metrics[name] for one in ordered])
    ends = [np.array([one.intervals[name][end] for one in ordered]) for end in (0, 1)]
    low, high = (np.where(np.isfinite(end), end, values) for end in ends)
    nobody = np.zeros(1, dtype=np.int64)
    lengths = [one.length for one in ordered]
    return ScoresOverLength(label, index, lengths, values[None], nobody, values, low, high)


def _ends(length: int | str) -> tuple[int, int]:
    found = LengthRange.parse(str(length))
    return found.first, found.last


def _summary(said: RunSaid) -> list[tuple[str, str]]:
    rows = [("task", said.task), ("cell", said.cell), ("seed", str(said.seed)), ("end", said.end)]
    if said.parameters is not None:
        rows.append(("trained numbers", f"{said.parameters:,}"))
    if said.seconds is not None:
        rows.append(("training", f"{said.seconds:.3g} s"))
    return rows


def _scores_table(said: RunSaid) -> Table | None:
    """Return a row for each length, and one for the mean over a range."""
    rated: list[Score | RangeScore] = [*said.scores]
    rated += [] if said.over_range is None else [said.over_range]
    if not rated:
        return None
    names = [*rated[0].metrics]
    before = {one.length: one for one in said.untrained}
    rows: list[tuple[int | None, list[Cell]]] = []
    for score in rated:
        exact = score.exhaustive
        key = str(score.length) if isinstance(score, Score) else score.lengths
        trained = isinstance(score, Score) and said.trained[0] <= score.length <= said.trained[1]
        cells = [
            Cell(key, note="trained" if trained else ""),
            *(_measured(score, name, exact) for name in names),
        ]
        if before:
            old = before.get(score.length) if isinstance(score, Score) else None
            known = old is not None and names[0] in old.metrics
            cells.append(_value(names[0], old.metrics[names[0]]) if old and known else Cell("–"))
        if said.without_learning:
            best = said.without_learning.get(key)
            known = best is not None and names[0] in best.metrics
            cells.append(
                _value(names[0], best.metrics[names[0]], best.strategy)
                if best and known
                else Cell("–")
            )
        rows.append((None, cells))
    heads = ["length", *(name.replace("_", " ") for name in names)]
    heads += ["before training"] if before else []
    heads += ["best rule without learning"] if said.without_learning else []
    notes = ["In brackets the 95 % interval; exact: all inputs of the length were scored."]
    for score in rated:
        key = str(score.length) if isinstance(score, Score) else score.lengths
        if score.rows_mix:
            notes.append(f"{key}: an answer depends on the other instances of its batch.")
        if score.undefined:
            share = percentage(score.undefined, 1)
            notes.append(f"{key}: {share} % of the predictions are NaN, which counts as wrong.")
        if score.held_out:
            notes.append(f"{key}: held-out inputs alone were scored, where there are some.")
    return Table("Scores of the trained model at each length", heads, rows, notes)


def _measured(score: Score | RangeScore, name: str, exact: bool) -> Cell:
    value = score.metrics[name]
    low, high = score.intervals[name]
    share = name.endswith("accuracy")
    if exact:
        note = "exact"
    elif not np.isfinite([low, high]).all():
        note = ""
    elif share:
        note = f"[{percentage(low)}, {percentage(high)}]"
    else:
        note = f"[{low:.4g}, {high:.4g}]"
    finite = np.isfinite([value, low, high]).all()
    return Cell(
        figure(name, value), value, note, Bar(value, low, high) if share and finite else None
    )


def _value(name: str, value: float, note: str = "") -> Cell:
    return Cell(figure(name, value), value, note)


def _published_table(said: RunSaid) -> Table:
    rows: list[tuple[int | None, list[Cell]]] = [
        (
            None,
            [
                Cell(str(one["metric"]).replace("_", " ")),
                Cell(str(one["length"])),
                Cell("the end" if one.get("step") is None else f"{one['step']:,}"),
                Cell(figure(one["metric"], one["value"])),
                Cell("–" if one["measured"] is None else figure(one["metric"], one["measured"])),
            ],
        )
        for one in said.published
    ]
    heads = ["metric", "length", "step", "published", "measured here"]
    return Table("Published figures, and what this run measured", heads, rows)


def _history_table(said: RunSaid) -> Table | None:
    """Return the validation scores and the loss at some steps."""
    lines = [line for line in said.history if "validation" in line]
    losses = [line for line in said.history if "loss" in line]
    if not lines:
        return None
    names = [*lines[0]["validation"]]
    rows: list[tuple[int | None, list[Cell]]] = []
    for place in places_drawn(len(lines), STEPS_IN_TABLE):
        line = lines[place]
        before = [one["loss"] for one in losses if one["step"] <= line["step"]]
        rows.append(
            (
                None,
                [
                    Cell(f"{line['step']:,}"),
                    *(Cell(figure(name, line["validation"].get(name, np.nan))) for name in names),
                    Cell(f"{before[-1]:.4g}" if before else "–"),
                ],
            )
        )
    heads = ["step", *(f"validation {name.replace('_', ' ')}" for name in names), "training loss"]
    return Table("Learning", heads, rows)


def _places_table(opened: Opened) -> Table:
    """Return how right the answers are at some places of the sequence."""
    rows: list[tuple[int | None, list[Cell]]] = []
    for one in opened.answers:
        scored = np.flatnonzero(np.isfinite(one.by_place))
        for place in scored[places_drawn(len(scored), STEPS_IN_TABLE)]:
            value = float(one.by_place[place])
            shown = f"{value:.4g}" if opened.error_by_place else f"{percentage(value)} %"
            rows.append((None, [Cell(f"{one.length}"), Cell(f"{place + 1}"), Cell(shown)]))
    head = "mean squared error" if opened.error_by_place else "right answers"
    instances = counted(max((one.instances for one in opened.answers), default=0), "instance")
    return Table(f"By place, over up to {instances}", ["length", "step", head], rows)


def _engine_parts(opened: Opened | None) -> Table:
    parts = {} if opened is None or opened.engine is None else opened.engine.parts
    rows: list[tuple[int | None, list[Cell]]] = [
        (None, [Cell(when), Cell(work)]) for when, work in parts.items()
    ]
    return Table("Parts of a training step", ["when", "what is computed"], rows)


def _lines(source: str | None) -> int:
    return 0 if source is None else len(source.splitlines())
