"""Learning curves: the runs of a setting over training steps, with their median and bands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import NDArray

from seqtasks.reports.charts.rows import NOTHING_SELECTED, Rows, number, percent, powers
from seqtasks.reports.charts.theme import NOTEBOOK, Theme, configured, series
from seqtasks.reports.charts.thinning import lines_drawn, places_drawn

__all__ = ["Curves", "Domain", "band_rows", "learning_chart", "shared_domain"]

NAMES = ("low", "lower", "median", "upper", "high")
"""The names of the quantiles in `seqtasks.studies.curves.BANDS`."""
HEIGHT = 260
FAR_APART = 20
"""A measure whose medians differ by more than this factor has a logarithmic axis."""


@dataclass(frozen=True)
class Curves:
    """The curves of one measure, for the runs of one setting.

    Attributes:
        title: the measure in words.
        fraction: whether it is a share of right answers.
        steps: (places,) the training steps.
        values: (runs, places); NaN past a run's end.
        bands: (quantiles, places) the quantiles `BANDS` of the runs.
        seeds: (runs,) the seed of each.
        rank: (runs,) the number that ranks the runs, from which the drawn ones are chosen.
        states: (runs,) what became of each, in a word.
        ends: (runs,) what became of each, in a few words.
    """

    title: str
    fraction: bool
    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    bands: NDArray[np.float64]
    seeds: NDArray[np.int64]
    rank: NDArray[np.float64]
    states: Sequence[str]
    ends: Sequence[str]

    def line(self, run: int) -> tuple[list[int], list[float | None]]:
        """Return the steps and the values of a run that are drawn: its last one always is."""
        places = places_drawn(len(self.steps))
        known = np.flatnonzero(np.isfinite(self.values[run]))
        last = int(known[-1]) if len(known) else -1
        drawn = [*places[places < last], *([last] if last >= 0 else [])]
        return (
            [int(self.steps[place]) for place in drawn],
            [number(float(self.values[run, place])) for place in drawn],
        )


@dataclass(frozen=True)
class Domain:
    """The axis of a measure, the same in all charts of a page.

    Attributes:
        low: its least value.
        high: its greatest value.
        logarithmic: whether it is logarithmic.
    """

    low: float
    high: float
    logarithmic: bool = False

    def scale(self) -> alt.Scale:
        """Return the scale of an axis."""
        ends = [self.low, self.high]
        if self.logarithmic:
            return alt.Scale(domain=ends, type="log", nice=False, clamp=True)
        return alt.Scale(domain=ends, nice=False, zero=False, clamp=True)


def shared_domain(curves: Sequence[Curves]) -> Domain:
    """Return an axis on which all curves of a measure can be seen."""
    found = [one.values[np.isfinite(one.values)] for one in curves]
    values = np.concatenate(found) if found else np.empty(0)
    if not len(values):
        return Domain(0.0, 1.0)
    if curves[0].fraction:
        low = min(0.95, np.floor(20 * float(np.quantile(values, 0.001))) / 20)
        return Domain(max(0.0, low), 1.0)
    low, high = (float(np.quantile(values, share)) for share in (0.002, 0.998))
    if low > 0 and high > FAR_APART * low:
        return Domain(low, high, logarithmic=True)
    margin = 0.03 * (high - low) or 1.0
    return Domain(0.0 if 0 <= low < high / 2 else low - margin, high + margin)


def band_rows(curves: Curves) -> list[dict[str, Any]]:
    """Return the median and the bands at each drawn step."""
    return [
        {
            "step": int(curves.steps[place]),
            **{n: number(float(v)) for n, v in zip(NAMES, curves.bands[:, place], strict=True)},
        }
        for place in places_drawn(len(curves.steps))
        if np.isfinite(curves.bands[:, place]).all()
    ]


def line_rows(curves: Curves, most: int) -> list[dict[str, Any]]:
    """Return the lines of some runs: chosen evenly over their ranks."""
    rows: list[dict[str, Any]] = []
    for run in lines_drawn(curves.rank, most):
        steps, values = curves.line(run)
        rows.append(
            {
                "seed": int(curves.seeds[run]),
                "state": curves.states[run],
                "end": curves.ends[run],
                "step": steps,
                "value": values,
            }
        )
    return rows


def learning_chart(
    curves: Curves,
    *,
    index: int = 0,
    most_lines: int = 100,
    domain: Domain | None = None,
    step_limit: int | None = None,
    theme: Theme = NOTEBOOK,
) -> alt.LayerChart:
    """Return the curves of a setting: a line for each drawn run, two bands and the median.

    The inner band holds the middle half of the runs, the outer one nine tenths.

    Args:
        curves: the curves.
        index: the index of the setting, which decides its colour.
        most_lines: the most runs that are drawn as lines.
        domain: the axis of the measure.
        step_limit: the last step of the axis.
        theme: the colours.
    """
    colour, held = series(theme, index), Rows()
    domain = domain or shared_domain([curves])
    last = step_limit or (int(curves.steps[-1]) if len(curves.steps) else 1)
    x = alt.X(
        "step:Q",
        title="training step",
        scale=alt.Scale(domain=[0, last], nice=False),
        axis=alt.Axis(tickCount=5, labelOverlap=True, format=",d"),
    )
    shown = "%" if curves.fraction else "~g"
    lines_at = powers(domain.low, domain.high) if domain.logarithmic else alt.Undefined
    values = alt.Axis(format=shown, tickCount=5, title=curves.title, values=lines_at)

    def y(field: str) -> alt.Y:
        return alt.Y(field, scale=domain.scale(), axis=values)

    bands, lines = held.data(band_rows(curves)), held.data(line_rows(curves, most_lines))
    form = percent(curves.fraction)
    told = [
        alt.Tooltip("step:Q", format=",d"),
        alt.Tooltip("median:Q", format=form),
        alt.Tooltip("lower:Q", title="middle half from", format=form),
        alt.Tooltip("upper:Q", title="to", format=form),
        alt.Tooltip("low:Q", title="nine tenths from", format=form),
        alt.Tooltip("high:Q", title="to ", format=form),
    ]
    outer, inner = (
        alt.Chart(bands)
        .mark_area(color=colour, opacity=opacity, aria=False, clip=True)
        .encode(x=x, y=y(f"{low}:Q"), y2=f"{high}:Q")
        for low, high, opacity in (("low", "high", 0.14), ("lower", "upper", 0.25))
    )
    # A finger or a pointer finds the step from anywhere above it; lines lie on top of this.
    hover = alt.selection_point(
        name="at", on="pointerover", nearest=False, fields=["step"], empty=False, clear="pointerout"
    )
    rule = (
        alt.Chart(bands)
        .mark_rule(color=theme.muted, strokeWidth=9, aria=False)
        .encode(
            x=x,
            tooltip=told,
            opacity=alt.condition(hover, alt.value(0.25), alt.value(0.001)),
        )
        .add_params(hover)
    )
    runs = (
        alt.Chart(lines)
        .transform_filter("state == 'all' || datum.state == state")
        .transform_flatten(["step", "value"])
        .mark_line(
            color=colour,
            opacity=0.3 if len(curves.seeds) < 30 else 0.16,
            strokeWidth=1.1,
            aria=False,
            clip=True,
            cursor="pointer",
        )
        .encode(
            x=x,
            y=y("value:Q"),
            detail="seed:N",
            tooltip=[alt.Tooltip("seed:N"), alt.Tooltip("end:N", title="became")],
        )
    )
    median = (
        alt.Chart(bands)
        .mark_line(color=colour, strokeWidth=2.6, aria=False, clip=True)
        .encode(x=x, y=y("median:Q"))
    )
    chosen = (
        alt.Chart(held.data([], NOTHING_SELECTED))
        .mark_line(
            color=theme.ink,
            strokeWidth=2,
            strokeDash=[5, 3],
            aria=False,
            clip=True,
            point=alt.OverlayMarkDef(color=theme.ink, size=14, aria=False),
        )
        .encode(x=x, y=y("value:Q"), tooltip=[alt.Tooltip("seed:N"), "step:Q", "value:Q"])
    )
    said = (
        f"{curves.title} over training steps: the median of {len(curves.seeds)} runs, bands of the "
        "middle half and of nine tenths, and single runs as thin lines"
    )
    layers = [outer, inner, rule, runs, median, chosen]
    return configured(layers, theme, HEIGHT, said, held, state="all")
