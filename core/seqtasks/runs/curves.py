"""Draw the curves of a run on axes: learning over steps, scores over length."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import (
    LogLocator,
    MaxNLocator,
    NullLocator,
    PercentFormatter,
)

from seqtasks.scoring.baselines import Baseline
from seqtasks.scoring.evaluate import Score
from seqtasks.scoring.over_range import RangeScore
from seqtasks.tasks.lengths import LengthRange
from seqtasks.tasks.metrics import Metric

if TYPE_CHECKING:
    from seqtasks.runs.training_run import Result

__all__ = [
    "MOST_ERROR_BARS",
    "Drawn",
    "draw_learning",
    "draw_lengths",
    "mark_lengths",
    "show_percent",
]

MOST_ERROR_BARS = 12
"""Up to this many lengths, each has an error bar; more lengths share a band."""

_BLUE, _ORANGE, _GREEN, _PURPLE, _GREY = "#2a6fbb", "#d9822b", "#4c9f70", "#9b59b6", "#8a8a8a"


@dataclass(frozen=True)
class Drawn:
    """The content of a picture of scores over length.

    Attributes:
        scores: the scores of the lengths.
        trained: the trained lengths, which are shaded.
        metrics: the task's metrics; shares of right answers share a panel, others have their own.
        untrained: the scores of the model before training.
        over_range: the mean over a range of lengths, drawn as the curve of its lengths.
        without_learning: the best strategy without learning, by length or range.
        chance: the scores of uniform guesses, by metric.
    """

    scores: Sequence[Score]
    trained: LengthRange
    metrics: Sequence[Metric]
    untrained: Sequence[Score] = ()
    over_range: RangeScore | None = None
    without_learning: Mapping[str, Baseline] = field(default_factory=dict[str, Baseline])
    chance: Mapping[str, float] = field(default_factory=dict[str, float])


def draw_learning(axes: Any, result: "Result") -> None:
    """Draw loss and validation scores over training steps."""
    losses = [(line["step"], line["loss"]) for line in result.history if "loss" in line]
    scored = [line for line in result.history if "validation" in line]
    axes.set_title(result.experiment.run_name, y=1.0)  # to look for a place takes long
    axes.set_xlabel("training step")
    axes.set_ylabel("training loss", color=_BLUE)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
    if losses:
        axes.plot(*zip(*losses, strict=True), color=_BLUE, linewidth=1.5)
        above = [loss for _, loss in losses if loss > 0]  # a loss of 0 lies below a logarithm
        if above and min(loss for _, loss in losses) >= 0 and max(above) > 10 * min(above):
            _make_logarithmic(axes, min(above), max(above))
    axes.tick_params(axis="y", colors=_BLUE)
    axes.grid(axis="x", alpha=0.25)
    if not scored:
        return
    metric = result.task.metrics[0]
    right = axes.twinx()
    right.set_title("", y=1.0)
    right.set_ylabel(f"validation {_words(metric.name)}", color=_ORANGE)
    right.tick_params(axis="y", colors=_ORANGE)
    points = [(line["step"], line["validation"][metric.name]) for line in scored]
    right.plot(*zip(*points, strict=True), color=_ORANGE, marker="o", markersize=3)
    if metric.fraction:
        show_percent(right)
    else:
        right.yaxis.set_major_formatter("{x:.3g}")


def _make_logarithmic(axes: Any, least: float, most: float) -> None:
    """Give an axis of losses a logarithmic scale that shows more than one number."""
    axes.set_yscale("log")
    subs = (1.0, 2.0, 5.0) if most < 1000 * least else (1.0,)
    axes.yaxis.set_major_locator(LogLocator(subs=subs, numticks=12))
    axes.yaxis.set_major_formatter("{x:g}")  # powers would need a parser of formulas
    axes.yaxis.set_minor_locator(NullLocator())  # to draw its ticks takes as long as the rest


def show_percent(axes: Any) -> None:
    """Give an axis of shares the scale from 0 to 100 %."""
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def draw_lengths(axes: Any, drawn: Drawn, metrics: Sequence[Metric]) -> None:
    """Draw the scores of some metrics over length, the trained lengths shaded."""
    axes.set_xlabel("length")
    lengths = [score.length for score in drawn.scores]
    over = {} if drawn.over_range is None else drawn.over_range.by_length
    if not lengths and not over:
        axes.set_title("not scored yet")
        return
    names = [metric.name for metric in metrics]
    # Curves often coincide at 100 %: each is drawn thinner than the one below it.
    styles = zip(names, (_BLUE, _ORANGE, _GREEN, _PURPLE), (3.0, 1.5, 1.0, 0.7), strict=False)
    for name, colour, width in styles:
        if lengths:
            _draw_curve(axes, drawn.scores, name, colour, width)
        if over and drawn.over_range is not None:
            mean = drawn.over_range.metrics[name]
            shown = f"{100 * mean:.1f} %" if metrics[0].fraction else f"{mean:.3g}"
            label = f"mean {drawn.over_range.lengths}: {shown}" if name == names[0] else None
            values = [one[name] for one in over.values()]
            axes.plot([*over], values, color=colour, linewidth=0.8, alpha=0.7, label=label)
    everywhere = sorted({*lengths, *over})
    _draw_untrained(axes, drawn, names[0], everywhere)
    _draw_trivial(axes, drawn, names[0], everywhere)
    low, high = everywhere[0], everywhere[-1]
    shaded = max(drawn.trained.first, 0.8 * low), min(drawn.trained.last, 1.1 * high)
    if shaded[0] <= shaded[1]:
        axes.axvspan(
            shaded[0] - 0.5, shaded[1] + 0.5, color=_GREY, alpha=0.25, label="trained lengths"
        )
    mark_lengths(axes, sorted({low, *lengths, high}), len(lengths) <= MOST_ERROR_BARS)
    if metrics[0].fraction:
        show_percent(axes)
    else:
        axes.set_ylabel(_words(names[0]))
        axes.yaxis.set_major_formatter("{x:.3g}")
    axes.grid(alpha=0.25)
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.13)}
    axes.legend(**below, ncols=2, fontsize="small", frameon=False)


def _draw_curve(axes: Any, scores: Sequence[Score], name: str, colour: str, width: float) -> None:
    lengths = [score.length for score in scores]
    values = [score.metrics[name] for score in scores]
    below = [max(0.0, v - s.intervals[name].low) for v, s in zip(values, scores, strict=True)]
    above = [max(0.0, s.intervals[name].high - v) for v, s in zip(values, scores, strict=True)]
    if len(lengths) > MOST_ERROR_BARS:
        low, high = np.subtract(values, below), np.add(values, above)
        axes.fill_between(lengths, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(lengths, values, color=colour, linewidth=width, label=_words(name))
        return
    axes.errorbar(
        lengths,
        values,
        yerr=[below, above],
        color=colour,
        marker="o",
        markersize=3,
        capsize=2,
        linewidth=width,
        label=_words(name),
    )


def _draw_untrained(axes: Any, drawn: Drawn, name: str, lengths: Sequence[int]) -> None:
    inside = range(lengths[0], lengths[-1] + 1)
    points = [
        (score.length, score.metrics[name]) for score in drawn.untrained if score.length in inside
    ]
    if points:
        label = f"{_words(name)}, untrained"
        axes.plot(*zip(*points, strict=True), color=_GREY, linestyle="--", label=label)


def _draw_trivial(axes: Any, drawn: Drawn, name: str, lengths: Sequence[int]) -> None:
    """Draw the scores of uniform guesses and of the best strategy without learning."""
    if name in drawn.chance:
        axes.axhline(
            drawn.chance[name], color="black", linewidth=0.8, linestyle=":", label="chance"
        )
    points = [
        (length, drawn.without_learning[str(length)].metrics[name])
        for length in lengths
        if name in drawn.without_learning.get(str(length), Baseline("", {})).metrics
    ]
    over = drawn.over_range
    if not points and over is not None and over.lengths in drawn.without_learning:
        mean = drawn.without_learning[over.lengths].metrics[name]
        points = [(lengths[0], mean), (lengths[-1], mean)]
    if points:
        axes.plot(
            *zip(*points, strict=True),
            color="black",
            linewidth=1.0,
            linestyle="-.",
            marker=".",
            label="best without learning",
        )


def mark_lengths(axes: Any, lengths: Sequence[int], few: bool = True) -> None:
    """Give an axis of lengths its scale and its ticks.

    Args:
        axes: the axes.
        lengths: the lengths in rising order, at least one.
        few: whether there is room for a tick at each; if not, the scale is linear.
    """
    low, high = lengths[0], lengths[-1]
    if low == high:
        axes.set_xlim(low - 1, low + 1)
        axes.set_xticks([low])
    elif few and high > 5 * low:
        axes.set_xscale("log")
        axes.set_xticks(sparse(lengths))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter("{x:g}")
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))


def sparse(lengths: Sequence[int]) -> list[int]:
    """Return lengths that are far enough apart on a logarithmic axis to be readable."""
    kept: list[int] = []
    for length in lengths:
        if not kept or length >= 1.35 * kept[-1]:
            kept.append(length)
    if lengths and kept[-1] != lengths[-1]:
        kept[-1] = lengths[-1]
    return kept


def _words(name: str) -> str:
    return name.replace("_", " ")
