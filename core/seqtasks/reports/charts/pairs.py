"""Pairs of settings: differences with their intervals, and their runs by seed."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from seqtasks.reports.charts.rows import Rows, number
from seqtasks.reports.charts.theme import NOTEBOOK, Theme, configured

__all__ = ["differences_chart", "pair_rows", "seeds_chart"]

LEVEL = 0.05
FOUND, NOT_FOUND = f"corrected p < {LEVEL}", f"p at least {LEVEL}"
PAIRS = "pairs"
"""The data of the pair of settings that a reader has chosen."""


def differences_chart(
    pairs: Sequence[Mapping[str, Any]], *, measure: str, fraction: bool, theme: Theme = NOTEBOOK
) -> alt.LayerChart:
    """Return the difference of each pair of settings with its 95 % interval, and the line at 0.

    Args:
        pairs: entries of `pairs` of a summary, of one measure.
        measure: the measure in words.
        fraction: whether it is a share.
        theme: the colours.
    """
    held, rows = Rows(), list[dict[str, Any]]()
    for pair in pairs:
        low, high = pair["interval"]
        p_value = pair.get("p_holm")
        if p_value is None:
            p_value = pair.get("p_value")
        found = p_value is not None and p_value < LEVEL
        rows.append(
            {
                "pair": f"{pair['a']} − {pair['b']}",
                "difference": pair["difference"],
                "low": low,
                "high": high,
                "p": pair.get("p_holm"),
                "found": FOUND if found else NOT_FOUND,
            }
        )
    form = "+.1%" if fraction else "+,.4~g"
    y = alt.Y(
        "pair:N",
        sort=None,
        title=None,
        axis=alt.Axis(labelLimit=190, domain=False, ticks=False, labelColor=theme.ink),
    )
    x = alt.X(
        "low:Q",
        title=f"difference in {measure}",
        axis=alt.Axis(format="+%" if fraction else "+~s", grid=True, tickCount=5),
    )
    told = [
        alt.Tooltip("pair:N"),
        alt.Tooltip("difference:Q", format=form),
        alt.Tooltip("low:Q", title="95 % interval from", format=form),
        alt.Tooltip("high:Q", title="to", format=form),
        alt.Tooltip("p:Q", title="p, corrected", format=".3~g"),
    ]
    drawn = held.data(rows)
    zero = alt.Chart(held.data([{"low": 0}])).mark_rule(color=theme.ink, aria=False).encode(x=x)
    interval = (
        alt.Chart(drawn)
        .mark_rule(strokeWidth=2.5, color=theme.ink, aria=False)
        .encode(x=x, x2="high:Q", y=y, tooltip=told)
    )
    point = (
        alt.Chart(drawn)
        .mark_point(size=90, strokeWidth=2, color=theme.ink, aria=False, opacity=1)
        .encode(
            x=alt.X("difference:Q"),
            y=y,
            tooltip=told,
            fill=alt.Fill(
                "found:N",
                scale=alt.Scale(
                    domain=[FOUND, NOT_FOUND],
                    range=[theme.ink, "transparent" if theme.width == "container" else "white"],
                ),
                legend=alt.Legend(title=None, symbolStrokeColor=theme.ink),
            ),
        )
    )
    said = f"The difference in {measure} of each pair of settings, with its 95 % interval"
    height = 60 + 28 * len(rows)
    return configured([zero, interval, point], theme, height, said, held)


def pair_rows(
    a: NDArray[np.float64], b: NDArray[np.float64], seeds: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """Return the pairs of values with the seeds that have them; equal pairs share a row."""
    rows: dict[tuple[float, float], list[int]] = {}
    for one, other, seed in zip(a, b, seeds, strict=True):
        if np.isfinite(one) and np.isfinite(other):
            rows.setdefault((float(one), float(other)), []).append(int(seed))
    return [
        {
            "a": number(one),
            "b": number(other),
            "count": len(found),
            "seed": found[0],
            "seeds": ", ".join(map(str, found[:8])) + (", ..." if len(found) > 8 else ""),
        }
        for (one, other), found in rows.items()
    ]


def seeds_chart(
    rows: Sequence[dict[str, Any]],
    *,
    a: str,
    b: str,
    measure: str,
    fraction: bool,
    domain: tuple[float, float] = (0.0, 1.0),
    theme: Theme = NOTEBOOK,
) -> alt.LayerChart:
    """Return the runs of two settings seed by seed: one above the line where both are equal.

    Args:
        rows: what `pair_rows` returned.
        a: the setting of the horizontal axis.
        b: the setting of the vertical axis.
        measure: the measure in words.
        fraction: whether it is a share.
        domain: the ends of both axes.
        theme: the colours.
    """
    held = Rows()
    low, high = domain
    margin = 0.04 * ((high - low) or 1.0)
    scale = alt.Scale(domain=[low - margin, high + margin], nice=False, zero=False)
    shown = "%" if fraction else ",~r"
    form = ".1%" if fraction else ",.4~g"

    def axis(setting: str) -> alt.Axis:
        return alt.Axis(format=shown, tickCount=5, title=f"{measure}, {setting}", grid=True)

    x = alt.X("a:Q", scale=scale, axis=axis(a))
    y = alt.Y("b:Q", scale=scale, axis=axis(b))
    ends = held.data([{"a": low, "b": low}, {"a": high, "b": high}])
    equal = (
        alt.Chart(ends)
        .mark_line(color=theme.muted, strokeDash=[5, 3], strokeWidth=1.3, aria=False)
        .encode(x=x, y=y)
    )
    points = (
        alt.Chart(held.data(rows, PAIRS))
        .mark_point(filled=True, color=theme.series[0], opacity=0.55, aria=False, cursor="pointer")
        .encode(
            x=x,
            y=y,
            size=alt.Size("count:Q", scale=alt.Scale(range=[24, 500], zero=True), legend=None),
            tooltip=[
                alt.Tooltip("a:Q", title="horizontal", format=form),
                alt.Tooltip("b:Q", title="vertical", format=form),
                alt.Tooltip("count:Q", title="seeds"),
                alt.Tooltip("seeds:N", title="which"),
            ],
        )
    )
    said = f"{measure} of {b} against {a}, a mark for each seed; larger marks are several seeds"
    return configured([equal, points], theme, 340, said, held)
