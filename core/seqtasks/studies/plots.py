"""Pictures of a study: the share of seeds that solved the task over steps, accuracy over length."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from seqtasks.display import printable
from seqtasks.runs.curves import mark_lengths, show_percent
from seqtasks.runs.plots import LEGEND, empty_figure, save_figure
from seqtasks.scoring.baselines import baselines_beside, chance
from seqtasks.studies.curves import BANDS, LengthCurve, score_over_length, share_solved
from seqtasks.studies.shown import Shown, best_settings, shown_settings

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["lengths_figure", "save_plots", "seeds_figure"]

MOST_SETTINGS = 8
"""The most settings that a picture shows: those that solve the task most often."""

LABEL = 0.55
"""Height of the label below the axes, in inches."""

_COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#e69f00",
    "#555555",
    "#8c564b",
)
"""Colours that the colour-blind can tell apart (M. Okabe and K. Ito, 2002), with two more."""
_DASHES = ("-", "--", "-.", ":")


def save_plots(study: "Study", folder: Path) -> None:
    """Write `seeds.png` and `lengths.png`."""
    save_figure(seeds_figure(study), folder / "seeds.png")
    save_figure(lengths_figure(study), folder / "lengths.png")


def seeds_figure(study: "Study") -> Figure:
    """Return the share of seeds that solved the task over steps, with its 95 % band."""
    shown = _shown(study)
    titled = len(shown) == 1 and shown[0].setting.label in study.name
    figure = empty_figure(7.2, 4.4, bottom=LABEL if titled else LEGEND)
    axes: Any = figure.subplots()
    for place, one in enumerate(shown):
        curve = share_solved(one.outcomes)
        colour, dash = _style(place)
        axes.plot(
            curve.steps,
            curve.share,
            color=colour,
            linestyle=dash,
            drawstyle="steps-post",
            label=_written(one.setting.label),
        )
        axes.fill_between(
            curve.steps, curve.low, curve.high, step="post", color=colour, alpha=0.2, linewidth=0
        )
    _set_title(axes, study, "seeds that solved the task")
    axes.set_xlabel("training step")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
    show_percent(axes)
    axes.grid(alpha=0.25)
    if not titled:
        _legend(axes)
    return figure


def lengths_figure(study: "Study") -> Figure:
    """Return the score over length: median, half of the seeds, and nine tenths of the seeds."""
    figure = empty_figure(7.2, 4.6)
    axes: Any = figure.subplots()
    setting = study.settings[0]
    metric = study.collected[0].task.metrics[0]
    shown = _shown(study)
    curves = [_curve(study, one) for one in shown]
    ticks = sorted({int(length) for curve in curves for length in curve.lengths})
    for place, (one, curve) in enumerate(zip(shown, curves, strict=True)):
        colour, dash = _style(place)
        aside = _aside(place, len(shown)) if len(ticks) == 1 else 0.0
        _draw_bands(axes, curve, curve.lengths + aside, colour)
        axes.plot(
            curve.lengths + aside,
            curve.median,
            color=colour,
            linestyle=dash,
            marker="o",
            markersize=3,
            label=_written(f"{one.setting.label}, median"),
        )
    _set_title(axes, study, metric.name.replace("_", " "))
    axes.set_xlabel(f"length (bands: {_bands()})")
    if ticks:
        _draw_trained(axes, setting.experiment.length_range, ticks)
        _draw_trivial(axes, study, ticks)
    if metric.fraction:
        show_percent(axes)
    axes.grid(alpha=0.25)
    _legend(axes)
    return figure


def _draw_bands(axes: Any, curve: LengthCurve, places: NDArray[Any], colour: str) -> None:
    """Shade half and nine tenths of the seeds: areas over several lengths, bars at one."""
    for low, high in ((0, 4), (1, 3)):
        ends = curve.bands[low], curve.bands[high]
        if len(places) == 1:
            axes.vlines(places, *ends, color=colour, alpha=0.25, linewidth=12)
        else:
            axes.fill_between(places, *ends, color=colour, alpha=0.15, linewidth=0)


def _curve(study: "Study", one: Shown) -> LengthCurve:
    metrics = study.collected[one.index].task.metrics
    return score_over_length(one.outcomes, metrics[0].name, metrics)


def _aside(place: int, count: int) -> float:
    """Return how far right of the only length a setting stands, so that each can be seen."""
    return (place - (count - 1) / 2) * 1.2 / count


def _bands() -> str:
    inner, outer = BANDS[3] - BANDS[1], BANDS[4] - BANDS[0]
    return f"{100 * inner:.0f} % and {100 * outer:.0f} % of the seeds"


def _draw_trained(axes: Any, trained: Any, ticks: list[int]) -> None:
    low, high = ticks[0], ticks[-1]
    shaded = max(trained.first, 0.8 * low), min(trained.last, 1.1 * high)
    if shaded[0] <= shaded[1]:
        axes.axvspan(
            shaded[0] - 0.5, shaded[1] + 0.5, color="#8a8a8a", alpha=0.25, label="trained lengths"
        )
    mark_lengths(axes, ticks)


def _draw_trivial(axes: Any, study: "Study", lengths: list[int]) -> None:
    """Draw uniform guesses and the best strategy without learning, if there is one task."""
    tasks = {str(setting.experiment.task) for setting in study.settings}
    if len(tasks) > 1:
        return
    task = study.collected[0].task
    name = task.metrics[0].name
    guess = chance(task)
    if name in guess:
        axes.axhline(guess[name], color="black", linewidth=0.8, linestyle=":", label="chance")
    found = baselines_beside(task, lengths, None)
    points = [
        (length, found[str(length)].metrics[name])
        for length in lengths
        if str(length) in found and name in found[str(length)].metrics
    ]
    if points:
        x, y = np.array(points).T
        axes.plot(x, y, "k-.", linewidth=1.0, marker=".", label="best without learning")


def _shown(study: "Study") -> list[Shown]:
    """Return the settings of a picture: of many those that solve the task most often."""
    shown = best_settings(study) or shown_settings(study)
    if len(shown) <= MOST_SETTINGS:
        return shown
    best = sorted(shown, key=lambda one: -int(one.outcomes.solved.sum()))[:MOST_SETTINGS]
    return sorted(best, key=lambda one: one.index)


def _set_title(axes: Any, study: "Study", what: str) -> None:
    drawn = len(_shown(study))
    more = f", the best {drawn} of {len(study.settings)}" if drawn < len(study.settings) else ""
    # Without a height, matplotlib measures all text to find one, which takes a quarter of the time.
    axes.set_title(f"{study.name}: {what}{more}", y=1.0)


def _style(place: int) -> tuple[str, str]:
    return _COLOURS[place % len(_COLOURS)], _DASHES[place % len(_DASHES)]


def _legend(axes: Any) -> None:
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, -0.13),
        ncols=3,
        fontsize="small",
        frameon=False,
    )


def _written(label: str) -> str:
    """Return a label as a picture shows it: no character is a command, and no dollar a formula."""
    return printable(label).replace("$", r"\$")
