"""The charts of a run: learning, scores over length, answers by place."""

from collections.abc import Sequence

import altair as alt
import numpy as np

from seqtasks.reports.charts.lengths import Beside, ScoresOverLength, lengths_chart
from seqtasks.reports.charts.single_run import history_chart, places_chart
from seqtasks.reports.charts.theme import NOTEBOOK, Theme
from seqtasks.reports.opened_run import Opened, measures_shown
from seqtasks.reports.page_setting import Measure
from seqtasks.reports.run_said import RunSaid
from seqtasks.scoring.evaluate import Score
from seqtasks.tasks.lengths import LengthRange

__all__ = ["run_charts"]


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
