"""The share of runs that solved the task, over training steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np

from seqtasks.reports.charts.rows import Rows, number
from seqtasks.reports.charts.theme import NOTEBOOK, Theme, configured, dashed_lines, series_scales
from seqtasks.reports.charts.thinning import places_drawn
from seqtasks.studies.curves import ShareSolved

__all__ = ["Solving", "solving_chart"]

HEIGHT = 320
MOST_MARKS = 9
"""The most marks on a curve. A mark tells curves apart; each change of a curve has its numbers."""


@dataclass(frozen=True)
class Solving:
    """The share of a setting's runs that solved the task by each step.

    Attributes:
        label: the setting.
        index: its index in the study.
        curve: the share by step.
    """

    label: str
    index: int
    curve: ShareSolved


def rows_of(solving: Solving) -> list[dict[str, Any]]:
    """Return the steps at which the share changes, and the last one."""
    curve = solving.curve
    if not np.isfinite(curve.share).all():
        return []
    changes = np.flatnonzero(np.diff(curve.share, prepend=-1.0))
    places = np.unique(np.append(changes, len(curve.steps) - 1))
    marked = {int(place) for place in places[places_drawn(len(places), MOST_MARKS)]}
    return [
        {
            "setting": solving.label,
            "index": solving.index,
            "step": int(curve.steps[place]),
            "share": number(float(curve.share[place])),
            "low": number(float(curve.low[place])),
            "high": number(float(curve.high[place])),
            "marked": place in marked,
        }
        for place in places
    ]


def solving_chart(settings: Sequence[Solving], *, theme: Theme = NOTEBOOK) -> alt.LayerChart:
    """Return the share of runs that solved the task by each step, with its 95 % interval.

    Args:
        settings: the settings.
        theme: the colours.
    """
    labels, indices = [one.label for one in settings], [one.index for one in settings]
    encodings, held = series_scales(theme, labels, indices), Rows()
    last = max((int(one.curve.steps[-1]) for one in settings), default=1)
    rows = held.data(row for one in settings for row in rows_of(one))
    kept = "indexof(shown, datum.setting) >= 0"
    x = alt.X(
        "step:Q",
        title="training step",
        scale=alt.Scale(domain=[0, last], nice=False),
        axis=alt.Axis(tickCount=6, labelOverlap=True, format=",d"),
    )
    y = alt.Axis(format="%", tickCount=5, title="runs that solved the task")
    whole = alt.Scale(domain=[0, 1])
    band = (
        alt.Chart(rows)
        .transform_filter(kept)
        .mark_area(interpolate="step-after", opacity=0.14, aria=False)
        .encode(
            x=x,
            y=alt.Y("low:Q", axis=y, scale=whole),
            y2="high:Q",
            color=encodings["color"],
        )
    )
    curve = {"x": x, "y": alt.Y("share:Q", axis=y, scale=whole), "color": encodings["color"]}
    lines = dashed_lines(rows, indices, curve, kept=kept, interpolate="step-after", strokeWidth=2.4)
    points = (
        alt.Chart(rows)
        .transform_filter(kept)
        .mark_point(filled=True, size=56, aria=False)
        .encode(
            opacity=alt.condition("datum.marked", alt.value(1), alt.value(0)),
            x=x,
            y=alt.Y("share:Q", axis=y, scale=whole),
            color=encodings["color"],
            shape=encodings["shape"],
            tooltip=[
                alt.Tooltip("setting:N"),
                alt.Tooltip("step:Q", format=",d"),
                alt.Tooltip("share:Q", title="solved", format=".1%"),
                alt.Tooltip("low:Q", title="95 % interval from", format=".1%"),
                alt.Tooltip("high:Q", title="to", format=".1%"),
            ],
        )
    )
    said = (
        "The share of runs that solved the task by each training step, with its 95 % interval, for "
        f"{len(settings)} settings"
    )
    return configured([band, *lines, points], theme, HEIGHT, said, held, shown=labels)
