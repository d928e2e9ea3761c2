"""Pictures of a study: the share of seeds that solved the task over steps, accuracy over length."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from seqtasks.display import printable
from seqtasks.runs.curves import show_percent, sparse
from seqtasks.runs.plots import empty_figure, save_figure
from seqtasks.scoring.baselines import baselines_beside, chance
from seqtasks.studies.curves import BANDS, score_over_length, share_solved
from seqtasks.studies.shown import Shown, best_settings, shown_settings

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["lengths_figure", "save_plots", "seeds_figure"]

MOST_SETTINGS = 8
"""The most settings that a picture shows: those that solve the task most often."""

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
    figure = empty_figure(7.2, 4.4)
    axes: Any = figure.subplots()
    for place, one in enumerate(_shown(study)):
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
    _legend(axes)
    return figure


def lengths_figure(study: "Study") -> Figure:
    """Return the score over length: median, half of the seeds, and nine tenths of the seeds."""
    figure = empty_figure(7.2, 4.6)
    axes: Any = figure.subplots()
    setting = study.settings[0]
    metric = study.collected[0].task.metrics[0]
    ticks: set[int] = set()
    for place, one in enumerate(_shown(study)):
        task = study.collected[one.index].task
        name = task.metrics[0].name
        curve = score_over_length(one.outcomes, name, task.metrics)
        colour, dash = _style(place)
        for low, high in ((0, 4), (1, 3)):
            axes.fill_between(
                curve.lengths,
                curve.bands[low],
                curve.bands[high],
                color=colour,
                alpha=0.15,
                linewidth=0,
            )
        axes.plot(
            curve.lengths,
            curve.median,
            color=colour,
            linestyle=dash,
            marker="o",
            markersize=3,
            label=_written(f"{one.setting.label}, median"),
        )
        ticks.update(int(length) for length in curve.lengths)
    _set_title(axes, study, metric.name.replace("_", " "))
    axes.set_xlabel(f"length (bands: {_bands()})")
    if ticks:
        _draw_trained(axes, setting.experiment.length_range, ticks)
        _draw_trivial(axes, study, sorted(ticks))
    if metric.fraction:
        show_percent(axes)
    axes.grid(alpha=0.25)
    _legend(axes)
    return figure


def _bands() -> str:
    inner, outer = BANDS[3] - BANDS[1], BANDS[4] - BANDS[0]
    return f"{100 * inner:.0f} % and {100 * outer:.0f} % of the seeds"


def _draw_trained(axes: Any, trained: Any, ticks: set[int]) -> None:
    low, high = min(ticks), max(ticks)
    shaded = max(trained.first, 0.8 * low), min(trained.last, 1.1 * high)
    if shaded[0] <= shaded[1]:
        axes.axvspan(
            shaded[0] - 0.5, shaded[1] + 0.5, color="#8a8a8a", alpha=0.25, label="trained lengths"
        )
    if high > 5 * low:
        axes.set_xscale("log")
        axes.set_xticks(sparse(sorted(ticks)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter("{x:g}")
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))


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
