"""The charts of a study: learning curves, share solved, scores over length, pairs by seed."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from seqtasks.reports.charts.learning import Curves, learning_chart, shared_domain
from seqtasks.reports.charts.lengths import Beside, ScoresOverLength, lengths_chart
from seqtasks.reports.charts.pairs import differences_chart, pair_rows, seeds_chart
from seqtasks.reports.charts.solving import Solving, solving_chart
from seqtasks.reports.charts.theme import NOTEBOOK, Theme
from seqtasks.reports.page_setting import Measure, PageSetting, task_groups
from seqtasks.reports.run_states import end_words, ranks, states
from seqtasks.reports.study_tables import is_share, measure_words
from seqtasks.studies.curves import (
    BANDS,
    losses_over_steps,
    score_over_length,
    share_solved,
    validation_over_steps,
)
from seqtasks.studies.measures import score_values, steps_to_solve
from seqtasks.tasks.lengths import LengthRange

__all__ = [
    "LOSS",
    "MOST_CHARTED",
    "chart_key",
    "charted",
    "curves_of",
    "different_measures",
    "learning_charts",
    "lines_of_each",
    "measure_of_pair",
    "study_charts",
]

LOSS = "loss"
MOST_CHARTED = 12
"""The most settings of a task that charts show; of more, those that solve it most often."""
MOST_LINES = 100
"""The most runs of a setting that are drawn as lines."""
MOST_LINES_OF_ALL = 360


def charted(shown: Sequence[PageSetting]) -> list[PageSetting]:
    """Return the settings that charts show, in the order of the study: some of each task."""
    chosen = [one for group in task_groups(shown).values() for one in _best(group)]
    return sorted(chosen, key=lambda one: one.index)


def _best(shown: Sequence[PageSetting]) -> Sequence[PageSetting]:
    """Return the settings of a task that solve it most often, and sooner."""
    if len(shown) <= MOST_CHARTED:
        return shown

    def badness(one: PageSetting) -> tuple[float, float]:
        steps = steps_to_solve(one.outcomes)
        share = float(np.isfinite(steps).mean()) if len(steps) else 0.0
        limited = np.minimum(steps, one.outcomes.step_limit)
        return -share, float(np.median(limited)) if len(steps) else math.inf

    return sorted(shown, key=badness)[:MOST_CHARTED]


def study_charts(
    shown: Sequence[PageSetting],
    pairs: Sequence[Mapping[str, Any]] = (),
    *,
    theme: Theme = NOTEBOOK,
) -> dict[str, alt.LayerChart]:
    """Return all charts of a study, by name. Settings of several tasks share no chart.

    Args:
        shown: its settings.
        pairs: the comparisons of pairs, from its summary.
        theme: the colours.
    """
    groups = task_groups(charted(shown))
    most = lines_of_each(shown)
    charts: dict[str, alt.LayerChart] = {}
    for number, some in enumerate(groups.values()):
        which = chart_key(number, len(groups))
        if any(len(one.outcomes.seeds) for one in some):
            curves = [Solving(one.label, one.look, share_solved(one.outcomes)) for one in some]
            charts[f"solving{which}"] = solving_chart(curves, theme=theme)
        charts |= learning_charts(some, most, theme)
        for measure in different_measures(some):
            lengths = _over_lengths(some, measure, theme)
            if lengths is not None:
                charts[f"lengths{which}-{measure.name}"] = lengths
    return {**charts, **_pair_charts(shown, pairs, theme)}


def chart_key(number: int, tasks: int) -> str:
    """Return what the names of charts of a task hold, if there are several tasks."""
    return f"-{number}" if tasks > 1 else ""


def lines_of_each(shown: Sequence[PageSetting]) -> int:
    """Return the most runs of a setting that are drawn as lines."""
    return max(10, min(MOST_LINES, MOST_LINES_OF_ALL // max(1, len(charted(shown)))))


def different_measures(shown: Sequence[PageSetting]) -> list[Measure]:
    """Return the metrics of all settings, each once."""
    return list({one.name: one for setting in shown for one in setting.measures}.values())


def curves_of(shown: PageSetting, measure: str) -> Curves:
    """Return the curves of a setting's runs: of a metric over evaluations, or of the loss."""
    outcomes = shown.outcomes
    if measure == LOSS:
        curve, raw = losses_over_steps(outcomes), outcomes.losses
    else:
        curve, raw = validation_over_steps(outcomes, measure), outcomes.validation.get(measure)
    known = {one.name: one for one in shown.measures}.get(measure)
    if raw is None:
        raw = np.full((len(outcomes.seeds), len(curve.steps)), np.nan)
    return Curves(
        title="training loss" if known is None else f"validation {known.words}",
        fraction=known is not None and known.fraction,
        steps=curve.steps.astype(np.int64),
        values=raw,
        bands=curve.bands,
        seeds=outcomes.seeds,
        rank=ranks(outcomes),
        states=states(outcomes),
        ends=end_words(outcomes),
    )


def learning_charts(
    shown: Sequence[PageSetting], most: int, theme: Theme
) -> dict[str, alt.LayerChart]:
    """Return a chart for each setting of a task and measure: the first metric, and the loss."""
    last = max((one.outcomes.step_limit for one in shown), default=1)
    charts: dict[str, alt.LayerChart] = {}
    for loss in (False, True):
        curves = {
            one.index: curves_of(one, LOSS if loss else one.measures[0].name) for one in shown
        }
        axes: dict[str, Any] = {
            title: shared_domain([one for one in curves.values() if one.title == title])
            for title in {one.title for one in curves.values()}
        }
        for setting in shown:
            one = curves[setting.index]
            if np.isfinite(one.values).any():
                charts[f"learning-{setting.index}{'-loss' if loss else ''}"] = learning_chart(
                    one,
                    index=setting.look,
                    most_lines=most,
                    domain=axes[one.title],
                    step_limit=last,
                    theme=theme,
                )
    return charts


def _over_lengths(
    shown: Sequence[PageSetting], measure: Measure, theme: Theme
) -> alt.LayerChart | None:
    """Return the scores by one metric over length, or None if there are none."""
    lower, upper = BANDS.index(0.25), BANDS.index(0.75)
    scores: list[ScoresOverLength] = []
    for one in shown:
        curve = score_over_length(one.outcomes, measure.name)
        if np.isfinite(curve.values).any():
            scores.append(
                ScoresOverLength(
                    one.label,
                    one.look,
                    [int(length) for length in curve.lengths],
                    curve.values,
                    one.outcomes.seeds,
                    curve.median,
                    curve.bands[lower],
                    curve.bands[upper],
                )
            )
    if not scores:
        return None
    return lengths_chart(
        scores,
        beside_of([one for one in shown if one.label in {each.label for each in scores}], measure),
        title=measure.words,
        fraction=measure.fraction,
        most_runs=max(8, 120 // len(scores)),
        theme=theme,
    )


def beside_of(shown: Sequence[PageSetting], measure: Measure) -> Beside:
    """Return what scores are held against, as far as it is the same for all settings."""
    first = shown[0]
    trained = first.trained if all(one.trained == first.trained for one in shown) else (1, 0)
    chances = {one.chance.get(measure.name) for one in shown}
    same = all(one.trivial == first.trivial for one in shown)
    trivial = {
        int(length): (rule.metrics[measure.name], rule.strategy)
        for length, rule in (first.trivial.items() if same else ())
        if length.isdecimal() and measure.name in rule.metrics
    }
    figures = {
        (figure.length, figure.value, figure.source)
        for one in shown
        for figure in one.published
        if figure.metric == measure.name and figure.step is None
    }
    published = [
        (LengthRange.parse(str(length)).first, LengthRange.parse(str(length)).last, value, source)
        for length, value, source in sorted(figures, key=str)
    ]
    return Beside(trained, chances.pop() if len(chances) == 1 else None, trivial, published)


def measure_of_pair(shown: PageSetting, measure: str) -> NDArray[np.float64] | None:
    """Return the numbers of a setting's runs by the measure of a comparison; None if unknown.

    Steps to solve of a run that never did are the step limit. The accuracy of a run without a model
    at its end is 0.
    """
    outcomes = shown.outcomes
    steps = steps_to_solve(outcomes)
    if measure == "steps_to_solve":
        return np.where(np.isfinite(steps), steps, float(outcomes.step_limit))
    if measure == "solved":
        return np.isfinite(steps).astype(np.float64)
    for separator in (" at ", " over "):
        name, found, length = measure.partition(separator)
        if found and name in outcomes.scores.get(length, {}):
            return score_values(outcomes, length, name).values
    return None


def _pair_charts(
    shown: Sequence[PageSetting], pairs: Sequence[Mapping[str, Any]], theme: Theme
) -> dict[str, alt.LayerChart]:
    charts: dict[str, alt.LayerChart] = {}
    drawn = [
        pair
        for pair in pairs
        if pair.get("difference") is not None and None not in (pair.get("interval") or [None])
    ]
    for measure in dict.fromkeys(pair["measure"] for pair in drawn):
        charts[f"differences-{measure}"] = differences_chart(
            [pair for pair in drawn if pair["measure"] == measure],
            measure=measure_words(measure),
            fraction=is_share(measure),
            theme=theme,
        )
    named = {one.label: one for one in shown}
    # The page begins with the steps to solve.
    for pair in sorted(pairs, key=lambda one: one["measure"] != "steps_to_solve"):
        first, second = named.get(pair["a"]), named.get(pair["b"])
        if first is None or second is None:
            continue
        chart = pair_chart(first, second, pair["measure"], theme=theme)
        if chart is not None:
            charts["seeds"] = chart
            break
    return charts


def pair_chart(
    first: PageSetting, second: PageSetting, measure: str, *, theme: Theme = NOTEBOOK
) -> alt.LayerChart | None:
    """Return the runs of two settings seed by seed, or None if the measure is unknown."""
    a, b = measure_of_pair(first, measure), measure_of_pair(second, measure)
    if a is None or b is None:
        return None
    seeds, in_a, in_b = np.intersect1d(
        first.outcomes.seeds, second.outcomes.seeds, return_indices=True
    )
    rows = pair_rows(a[in_a], b[in_b], seeds)
    values = [row[end] for row in rows for end in ("a", "b")]
    return seeds_chart(
        rows,
        a=first.label,
        b=second.label,
        measure=measure_words(measure),
        fraction=is_share(measure),
        domain=(min(values, default=0.0), max(values, default=1.0)),
        theme=theme,
    )
