"""Charts of one run: its history, and its accuracy at each place of the answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from seqtasks.reports.charts.rows import Rows, number, percent, powers
from seqtasks.reports.charts.theme import NOTEBOOK, Theme, configured, dashed_lines, series_scales
from seqtasks.reports.charts.thinning import places_drawn

__all__ = ["history_chart", "places_chart"]

HEIGHT = 300
MOST_POINTS = 400
FAR_APART = 20


def history_chart(
    curves: Mapping[str, Sequence[tuple[int, float]]],
    *,
    title: str,
    fraction: bool,
    theme: Theme = NOTEBOOK,
) -> alt.LayerChart:
    """Return measures of a run over training steps.

    Args:
        curves: by the name of a measure, its steps and values.
        title: what the axis of values says.
        fraction: whether they are shares.
        theme: the colours.
    """
    rows = [
        {"setting": name, "index": index, "x": points[place][0], "value": number(points[place][1])}
        for index, (name, points) in enumerate(curves.items())
        for place in places_drawn(len(points), MOST_POINTS)
        if np.isfinite(points[place][1])
    ]
    values = [value for points in curves.values() for _, value in points if np.isfinite(value)]
    positive = min(values, default=0.0) > 0
    logarithmic = not fraction and positive and max(values) > FAR_APART * min(values)
    scale = alt.Scale(zero=False)
    if logarithmic:
        scale = alt.Scale(type="log", domain=[min(values), max(values)], nice=False)
    said = f"{title} over training steps: {', '.join(curves)}"
    return _curves(
        rows,
        list(curves),
        x="training step",
        title=title,
        fraction=fraction,
        scale=alt.Scale(domain=[0, 1]) if fraction else scale,
        lines_at=powers(min(values), max(values)) if logarithmic else None,
        said=said,
        theme=theme,
    )


def places_chart(
    shares: Mapping[str, Sequence[float]],
    *,
    title: str,
    fraction: bool,
    theme: Theme = NOTEBOOK,
) -> alt.LayerChart:
    """Return how right a run is at each place of the sequence.

    Args:
        shares: by the name of a length, the share of right answers at each step from 1, or the mean
            error for reals; NaN where nothing is scored.
        title: what the axis of values says.
        fraction: whether they are shares.
        theme: the colours.
    """
    rows = [
        {
            "setting": name,
            "index": index,
            "x": int(place) + 1,
            "value": number(float(values[place])),
        }
        for index, (name, values) in enumerate(shares.items())
        for place in places_drawn(len(values), MOST_POINTS)
        if np.isfinite(values[place])
    ]
    return _curves(
        rows,
        list(shares),
        x="step of the sequence",
        title=title,
        fraction=fraction,
        scale=alt.Scale(domain=[0, 1]) if fraction else alt.Scale(zero=True),
        said=f"{title} at each step of the sequence: {', '.join(shares)}",
        theme=theme,
    )


def _curves(
    rows: Sequence[dict[str, Any]],
    names: Sequence[str],
    *,
    x: str,
    title: str,
    fraction: bool,
    scale: alt.Scale,
    said: str,
    theme: Theme,
    lines_at: Sequence[float] | None = None,
) -> alt.LayerChart:
    encodings, held = series_scales(theme, names, range(len(names))), Rows()
    drawn = held.data(rows)
    last = max((row["x"] for row in rows), default=1)
    first = min((row["x"] for row in rows), default=0)
    across = alt.X(
        "x:Q",
        title=x,
        scale=alt.Scale(domain=[min(first, 1), last], nice=False, zero=False),
        axis=alt.Axis(tickCount=6, tickMinStep=1, labelOverlap=True, format=",d"),
    )
    up = alt.Y(
        "value:Q",
        scale=scale,
        axis=alt.Axis(
            format="%" if fraction else "~g",
            tickCount=5,
            title=title,
            values=alt.Undefined if lines_at is None else lines_at,
        ),
    )
    lines = dashed_lines(
        drawn,
        range(len(names)),
        {"x": across, "y": up, "color": encodings["color"]},
        strokeWidth=2.2,
    )
    few = len(rows) <= 40 * max(1, len(names))
    points = (
        alt.Chart(drawn)
        .mark_point(filled=True, size=44, opacity=1 if few else 0, aria=False)
        .encode(
            x=across,
            y=up,
            color=encodings["color"],
            shape=encodings["shape"],
            tooltip=[
                alt.Tooltip("setting:N", title="curve"),
                alt.Tooltip("x:Q", title=x, format=",d"),
                alt.Tooltip("value:Q", format=percent(fraction)),
            ],
        )
    )
    return configured([*lines, points], theme, HEIGHT, said, held)
