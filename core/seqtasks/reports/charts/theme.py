"""Colours, dashes and marks of charts. No two settings differ in colour alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from seqtasks.reports.charts.rows import Rows

__all__ = [
    "NOTEBOOK",
    "PAGE",
    "Theme",
    "configured",
    "dashed_lines",
    "series",
    "series_scales",
]

# Eight colours that stay apart for people who see few of them, after M. Okabe and K. Ito, Color
# Universal Design, 2008; darkened until each has a contrast of 4.5 to 1 with white.
SERIES = (
    "#0067a5",
    "#c04a00",
    "#00785a",
    "#a0397c",
    "#5c55c7",
    "#806000",
    "#3d3d3d",
    "#0b7480",
)
DASHES: tuple[tuple[int, ...], ...] = ((1, 0), (7, 3), (2, 2), (8, 3, 2, 3), (12, 3), (4, 1))
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")


@dataclass(frozen=True)
class Theme:
    """The colours of a chart.

    Attributes:
        series: the colours of settings.
        ink: lines that matter and text.
        muted: axes and text beside.
        grid: lines of the grid.
        shade: the trained lengths.
        paper: the background.
        width: the width of a chart in pixels, or `container`.
    """

    series: tuple[str, ...]
    ink: str
    muted: str
    grid: str
    shade: str
    paper: str
    width: int | str


# On a page, colours are the variables of its style sheet, which follow light, dark and print.
PAGE = Theme(
    series=tuple(f"var(--series-{number})" for number in range(1, len(SERIES) + 1)),
    ink="var(--ink)",
    muted="var(--muted)",
    grid="var(--grid)",
    shade="var(--shade)",
    paper="transparent",
    width="container",
)
NOTEBOOK = Theme(SERIES, "#1b1f24", "#57606a", "#e3e7eb", "#d9e2ea", "white", 560)


def series(theme: Theme, index: int) -> str:
    """Return the colour of a setting."""
    return theme.series[index % len(theme.series)]


def dash(index: int) -> list[int]:
    """Return the dashes of a setting; they change with each setting, not only after all colours."""
    return list(DASHES[index % len(DASHES)])


def series_scales(theme: Theme, labels: Sequence[str], indices: Sequence[int]) -> dict[str, Any]:
    """Return the encodings that give each setting its colour and its mark.

    Args:
        theme: the colours.
        labels: the settings of the chart.
        indices: the index of each in the study.
    """
    domain = list(labels)
    legend = alt.Legend(title=None, symbolOpacity=1) if len(domain) > 1 else None

    def scale(range_: list[Any]) -> alt.Scale:
        return alt.Scale(domain=domain, range=range_)

    return {
        "color": alt.Color(
            "setting:N", scale=scale([series(theme, i) for i in indices]), legend=legend
        ),
        "shape": alt.Shape(
            "setting:N", scale=scale([SHAPES[i % len(SHAPES)] for i in indices]), legend=legend
        ),
    }


def dashed_lines(
    rows: alt.NamedData,
    indices: Sequence[int],
    encodings: Mapping[str, Any],
    *,
    kept: str | None = None,
    **options: Any,
) -> list[alt.Chart]:
    """Return a line for each setting, with its dashes.

    A channel for the dashes would also draw them around the marks of the legend.

    Args:
        rows: the data; each row has the `index` of its setting.
        indices: the settings.
        encodings: the channels of the lines.
        kept: an expression that rows must fulfil.
        options: how the lines are drawn.
    """
    layers: list[alt.Chart] = []
    for index in indices:
        chart = alt.Chart(rows).transform_filter(f"datum.index == {int(index)}")
        if kept is not None:
            chart = chart.transform_filter(kept)
        line = chart.mark_line(strokeDash=dash(index), aria=False, **options)
        layers.append(line.encode(**encodings))
    return layers


def configured(
    layers: Sequence[alt.Chart | alt.LayerChart],
    theme: Theme,
    height: int,
    title: str,
    held: Rows,
    **parameters: Any,
) -> alt.LayerChart:
    """Return a chart with the sizes and colours of a theme, and with its data.

    Args:
        layers: the layers, the lowest first.
        theme: the colours.
        height: the height in pixels.
        title: what the chart shows; screen readers say it.
        held: the data of the layers.
        parameters: values that a page may change, by name.
    """
    chart = alt.LayerChart(layer=list(layers))
    for name, value in parameters.items():
        chart = chart.add_params(alt.param(name=name, value=value))
    made = (
        chart.properties(width=theme.width, height=height, description=title)
        .configure(
            background=theme.paper,
            font="system-ui, sans-serif",
            padding={"left": 4, "right": 12, "top": 8, "bottom": 4},
        )
        .configure_view(stroke=None)
        .configure_axis(
            domainColor=theme.muted,
            gridColor=theme.grid,
            labelColor=theme.muted,
            labelFontSize=12,
            tickColor=theme.muted,
            titleColor=theme.ink,
            titleFontSize=12,
            titleFontWeight="normal",
            titlePadding=8,
        )
        .configure_axisX(grid=False, labelFlush=False)
        .configure_axisY(domain=False, ticks=False)
        .configure_legend(
            columns=3,
            labelColor=theme.ink,
            labelFontSize=12,
            labelLimit=260,
            orient="bottom",
            symbolSize=140,
            symbolStrokeWidth=2,
        )
    )
    made.datasets = dict(held)
    return made
