"""Scores over the length of the input, beside the trained lengths and what is known without."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from seqtasks.reports.charts.rows import Rows, number, percent
from seqtasks.reports.charts.theme import NOTEBOOK, Theme, configured, dashed_lines, series_scales
from seqtasks.reports.charts.thinning import lines_drawn, places_drawn

__all__ = ["Beside", "ScoresOverLength", "lengths_chart"]

HEIGHT = 340
MOST_LENGTHS = 80
"""The most lengths that are drawn; a curve over more of them is thinned."""
MOST_MARKS = 10
FEW_LENGTHS = 8
"""Up to this many lengths, single runs are drawn as marks."""


@dataclass(frozen=True)
class ScoresOverLength:
    """The scores of a setting's runs at each length.

    Attributes:
        label: the setting.
        index: its index in the study.
        lengths: (lengths,) in ascending order.
        values: (runs, lengths); NaN where a run has no score.
        seeds: (runs,) the seed of each.
        middle: (lengths,) the curve: the median of the runs, or the score of a single one.
        low, high: (lengths,) the ends of its band.
    """

    label: str
    index: int
    lengths: Sequence[int]
    values: NDArray[np.float64]
    seeds: NDArray[np.int64]
    middle: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True)
class Beside:
    """What scores over length are held against.

    Attributes:
        trained: the first and the last trained length.
        chance: the score of uniform guesses, or None.
        trivial: by length, the score of the best rule that learns nothing, and the rule.
        published: published figures: the lengths from and to, the value, the source.
        untrained: by length, the score before training.
    """

    trained: tuple[int, int]
    chance: float | None = None
    trivial: Mapping[int, tuple[float, str]] = field(default_factory=dict[int, tuple[float, str]])
    published: Sequence[tuple[int, int, float, str]] = ()
    untrained: Mapping[int, float] = field(default_factory=dict[int, float])


def rows_of(one: ScoresOverLength) -> list[dict[str, Any]]:
    """Return the median and the band at each drawn length."""
    rows: list[dict[str, Any]] = []
    marked = set(places_drawn(len(one.lengths), MOST_MARKS).tolist())
    for place in places_drawn(len(one.lengths), MOST_LENGTHS):
        known = one.values[:, place][np.isfinite(one.values[:, place])]
        if not len(known):
            continue
        rows.append(
            {
                "setting": one.label,
                "index": one.index,
                "length": one.lengths[place],
                "median": number(float(one.middle[place])),
                "low": number(float(one.low[place])),
                "high": number(float(one.high[place])),
                "least": number(float(known.min())),
                "most": number(float(known.max())),
                "runs": len(known),
                "marked": place in marked,
            }
        )
    return rows


def single_rows(one: ScoresOverLength, most: int) -> list[dict[str, Any]]:
    """Return the scores of some runs at each length, chosen evenly over their ranks."""
    if len(one.seeds) < 2 or len(one.lengths) > FEW_LENGTHS:
        return []
    return [
        {
            "setting": one.label,
            "length": length,
            "seed": int(one.seeds[run]),
            "value": number(float(one.values[run, place])),
        }
        for place, length in enumerate(one.lengths)
        for run in lines_drawn(one.values[:, place], most)
        if np.isfinite(one.values[run, place])
    ]


def lengths_chart(
    settings: Sequence[ScoresOverLength],
    beside: Beside,
    *,
    title: str,
    fraction: bool = True,
    most_runs: int = 60,
    theme: Theme = NOTEBOOK,
) -> alt.LayerChart:
    """Return scores over length: the median of the runs, a band, single runs, and what is beside.

    Args:
        settings: the settings.
        beside: what the scores are held against.
        title: the measure in words.
        fraction: whether it is a share of right answers.
        most_runs: the most runs of a setting that are drawn as marks.
        theme: the colours.
    """
    labels, indices = [one.label for one in settings], [one.index for one in settings]
    encodings, held = series_scales(theme, labels, indices), Rows()
    everywhere = sorted({length for one in settings for length in one.lengths})
    first, last = (everywhere[0], everywhere[-1]) if everywhere else (1, 1)
    x = _x(first, last, everywhere)
    axis = alt.Axis(format="%" if fraction else "~g", tickCount=5, title=title)
    scale = alt.Scale(domain=[0, 1]) if fraction else alt.Scale(zero=False, nice=True)
    kept = "indexof(shown, datum.setting) >= 0"
    form = percent(fraction)
    rows = held.data(row for one in settings for row in rows_of(one))
    # The runs of several settings would cover one another.
    single = held.data(single_rows(settings[0], most_runs) if len(settings) == 1 else [])

    def y(name: str) -> alt.Y:
        return alt.Y(name, axis=axis, scale=scale)

    layers: list[Any] = [
        *_shaded(beside.trained, first, last, x, theme, held),
        alt.Chart(rows)
        .transform_filter(kept)
        .mark_area(opacity=0.16 if len(settings) < 4 else 0.1, aria=False)
        .encode(x=x, y=y("low:Q"), y2="high:Q", color=encodings["color"]),
        *_beside(beside, first, last, x, y, form, theme, held),
        alt.Chart(single)
        .transform_filter(kept)
        .mark_tick(orient="horizontal", thickness=1.2, size=16, opacity=0.45, aria=False)
        .encode(
            x=x,
            y=y("value:Q"),
            color=encodings["color"],
            tooltip=["setting:N", "seed:N", "length:Q", alt.Tooltip("value:Q", format=form)],
        ),
        *dashed_lines(
            rows,
            indices,
            {"x": x, "y": y("median:Q"), "color": encodings["color"]},
            kept=kept,
            strokeWidth=2.4,
        ),
        alt.Chart(rows)
        .transform_filter(kept)
        .mark_point(filled=True, size=60, aria=False)
        .encode(
            opacity=alt.condition("datum.marked", alt.value(1), alt.value(0)),
            x=x,
            y=y("median:Q"),
            color=encodings["color"],
            shape=encodings["shape"],
            tooltip=[
                alt.Tooltip("setting:N"),
                alt.Tooltip("length:Q", format=",d"),
                alt.Tooltip("median:Q", format=form),
                alt.Tooltip("low:Q", title="band from", format=form),
                alt.Tooltip("high:Q", title="to", format=form),
                alt.Tooltip("least:Q", title="worst or least", format=form),
                alt.Tooltip("most:Q", title="best or most", format=form),
                alt.Tooltip("runs:Q"),
            ],
        ),
    ]
    said = f"{title} over the length of the input, from {first} to {last}"
    return configured(layers, theme, HEIGHT, said, held, shown=labels)


def _x(first: int, last: int, lengths: Sequence[int]) -> alt.X:
    """Return the axis of lengths: logarithmic if they are few and far apart."""
    wide = last > 5 * first and 2 * len(lengths) < last - first
    if wide:
        scale = alt.Scale(type="log", domain=[first / 1.15, last * 1.15], nice=False)
    else:
        scale = alt.Scale(domain=list(_edges(first, last)), nice=False, zero=False)
    values = [*lengths] if len(lengths) <= 12 else alt.Undefined
    axis = alt.Axis(values=values, format=",d", labelOverlap="greedy", tickCount=8)
    return alt.X("length:Q", title="length of the input", scale=scale, axis=axis)


def _edges(first: int, last: int) -> tuple[float, float]:
    """Return the ends of an axis of lengths that is not logarithmic."""
    margin = max(1.0, 0.04 * (last - first))
    return first - margin, last + margin


def _shaded(
    trained: tuple[int, int], first: int, last: int, x: alt.X, theme: Theme, held: Rows
) -> list[alt.Chart]:
    """Return the shade over the trained lengths that are in sight, with its name."""
    low, high = max(trained[0], first), min(trained[1], last)
    if low > high:
        return []
    half = min(0.5, 0.04 * first + 0.01 * (last - first))
    rows = held.data([{"length": low - half, "end": high + half, "text": "trained"}])
    return [
        alt.Chart(rows).mark_rect(color=theme.shade, aria=False).encode(x=x, x2="end:Q"),
        alt.Chart(rows)
        .mark_text(align="left", baseline="bottom", dy=-3, fontSize=11, color=theme.muted)
        .encode(x=x, y=alt.value(0), text="text:N"),
    ]


def _beside(
    beside: Beside, first: int, last: int, x: alt.X, y: Any, form: str, theme: Theme, held: Rows
) -> list[alt.Chart]:
    """Return chance, the best trivial rule, the untrained model and published figures."""
    layers: list[alt.Chart] = []

    def named(rows: list[dict[str, Any]], name: str, dash: list[int], side: Any, dy: int) -> None:
        at = {"left": rows[0], "right": rows[-1], "center": rows[len(rows) // 2]}[side]
        if rows[0]["length"] == rows[-1]["length"]:  # of one length, a line from edge to edge
            rows = [{**rows[0], "length": end} for end in _edges(first, last)]
        line = (
            alt.Chart(held.data(rows))
            .mark_line(color=theme.muted, strokeDash=dash, strokeWidth=1.4, aria=False)
            .encode(
                x=x,
                y=y("value:Q"),
                tooltip=["what:N", "length:Q", alt.Tooltip("value:Q", format=form)],
            )
        )
        text = (
            alt.Chart(held.data([{**at, "text": name}]))
            .mark_text(align=side, dy=dy, fontSize=11, color=theme.muted, aria=False)
            .encode(x=x, y=y("value:Q"), text="text:N")
        )
        layers.extend([line, text])

    if beside.chance is not None:
        middle = round((first * last) ** 0.5)
        rows = [
            {"length": at, "value": beside.chance, "what": "chance"} for at in (first, middle, last)
        ]
        named(rows, "chance", [1, 3], "center", 10)
    inside = range(first, last + 1)
    if beside.trivial:
        rows = [
            {"length": length, "value": number(value), "what": f"without learning: {rule}"}
            for length, (value, rule) in sorted(beside.trivial.items())
            if length in inside
        ]
        if rows:
            named(rows, "best rule without learning", [8, 3, 2, 3], "right", -8)
    if beside.untrained:
        rows = [
            {"length": length, "value": number(value), "what": "before training"}
            for length, value in sorted(beside.untrained.items())
            if length in inside
        ]
        if rows:
            named(rows, "before training", [4, 4], "left", -8)
    if beside.published:
        rows = [
            {
                "length": max(low, first),
                "end": min(high, last),
                "value": number(value),
                "what": source,
            }
            for low, high, value, source in beside.published
            if low <= last and high >= first
        ]
        told = [
            alt.Tooltip("what:N", title="published in"),
            alt.Tooltip("value:Q", format=form),
        ]
        both: dict[str, Any] = {"color": theme.ink, "aria": False}
        layers += [
            alt.Chart(held.data(rows))
            .mark_rule(strokeWidth=1.5, strokeDash=[3, 2], **both)
            .encode(x=x, x2="end:Q", y=y("value:Q"), tooltip=told),
            alt.Chart(held.data(rows))
            .mark_point(shape="diamond", filled=False, size=90, strokeWidth=1.8, **both)
            .encode(x=x, y=y("value:Q"), tooltip=told),
            alt.Chart(held.data([{**row, "text": "published"} for row in rows]))
            .mark_text(align="left", dx=9, dy=-9, fontSize=11, **both)
            .encode(x=x, y=y("value:Q"), text="text:N"),
        ]
    return layers
