"""The tables of a run's page: scores, published figures, learning, answers by place, the engine."""

import numpy as np

from seqtasks.display import figure, percentage
from seqtasks.errors import counted
from seqtasks.reports.charts.thinning import places_drawn
from seqtasks.reports.opened_run import Opened
from seqtasks.reports.run_said import RunSaid
from seqtasks.reports.tables import Bar, Cell, Table
from seqtasks.scoring.evaluate import Score
from seqtasks.scoring.over_range import RangeScore

__all__ = ["engine_table", "history_table", "places_table", "published_table", "scores_table"]

STEPS_IN_TABLE = 12


def scores_table(said: RunSaid) -> Table | None:
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


def published_table(said: RunSaid) -> Table:
    """Return the published figures, each beside what the run measured."""
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


def history_table(said: RunSaid) -> Table | None:
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


def places_table(opened: Opened) -> Table:
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


def engine_table(opened: Opened | None) -> Table:
    """Return the parts of a training step, and what is computed in each."""
    parts = {} if opened is None or opened.engine is None else opened.engine.parts
    rows: list[tuple[int | None, list[Cell]]] = [
        (None, [Cell(when), Cell(work)]) for when, work in parts.items()
    ]
    return Table("Parts of a training step", ["when", "what is computed"], rows)
