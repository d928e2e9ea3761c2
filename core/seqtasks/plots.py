"""Pictures of a run: learning over steps, accuracy over length."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, PercentFormatter

from seqtasks.evaluation import Score
from seqtasks.lengths import LengthRange
from seqtasks.runs.files import write_atomically

if TYPE_CHECKING:
    from seqtasks.running import Result

__all__ = ["learning_figure", "lengths_figure", "result_figure", "save_plots", "write_figure"]

MOST_ERROR_BARS = 12
"""Lengths up to which each has an error bar; more are drawn as a band."""

_BLUE, _ORANGE, _GREEN, _PURPLE, _GREY = "#2a6fbb", "#d9822b", "#4c9f70", "#9b59b6", "#8a8a8a"


def result_figure(result: "Result") -> Figure:
    """Return learning and lengths side by side."""
    figure = _figure(11, 4)
    left, right = figure.subplots(1, 2, gridspec_kw={"wspace": 0.4})
    _draw_learning(left, result)
    _draw_lengths(right, result.scores, result.untrained, result.experiment.length_range)
    return figure


def learning_figure(result: "Result") -> Figure:
    """Return loss and validation accuracy over training steps."""
    figure = _figure(6.4, 4, right=0.75)
    _draw_learning(figure.subplots(), result)
    return figure


def lengths_figure(
    scores: Sequence[Score], untrained: Sequence[Score], trained: LengthRange, title: str = ""
) -> Figure:
    """Return scores over length, the trained lengths shaded."""
    figure = _figure(6.4, 4)
    axes = figure.subplots()
    _draw_lengths(axes, scores, untrained, trained)
    if title:
        axes.set_title(title)
    return figure


def save_plots(result: "Result", folder: Path) -> None:
    """Write `learning.png` and `lengths.png`."""
    title = result.experiment.run_name
    write_figure(learning_figure(result), folder / "learning.png")
    figure = lengths_figure(result.scores, result.untrained, result.experiment.length_range, title)
    write_figure(figure, folder / "lengths.png")


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure as the kind of file its name says (png, svg or pdf), whole or not at all."""
    content = io.BytesIO()
    figure.savefig(content, format=path.suffix[1:].lower(), dpi=150)
    write_atomically(path, content.getvalue())


def _figure(width: float, height: float, right: float = 0.15) -> Figure:
    """Return a figure of a size in inches, with room around its axes, to the right as asked for.

    To measure what stands there, as a layout of matplotlib does, takes as long as to draw it.
    """
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    figure.subplots_adjust(0.8 / width, 0.55 / height, 1 - right / width, 1 - 0.4 / height)
    return figure


def _draw_learning(axes: Any, result: "Result") -> None:
    losses = [(line["step"], line["loss"]) for line in result.history if "loss" in line]
    scored = [line for line in result.history if "validation" in line]
    axes.set_title(result.experiment.run_name)
    axes.set_xlabel("training step")
    axes.set_ylabel("training loss", color=_BLUE)
    if losses:
        axes.plot(*zip(*losses, strict=True), color=_BLUE, linewidth=1.5)
        losses_only = [loss for _, loss in losses]
        if max(losses_only) > 10 * min(losses_only) > 0:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")  # powers would take a parser of formulas
            axes.yaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="y", colors=_BLUE)
    axes.grid(axis="x", alpha=0.25)
    metric = result.task.metrics[0]
    right = axes.twinx()
    right.set_ylabel(f"validation {_words(metric.name)}", color=_ORANGE)
    right.tick_params(axis="y", colors=_ORANGE)
    points = [(line["step"], line["validation"][metric.name]) for line in scored]
    if points:
        right.plot(*zip(*points, strict=True), color=_ORANGE, marker="o", markersize=3)
    if metric.fraction:
        right.set_ylim(-0.02, 1.02)
        right.yaxis.set_major_formatter(PercentFormatter(1.0))


def _draw_lengths(
    axes: Any, scores: Sequence[Score], untrained: Sequence[Score], trained: LengthRange
) -> None:
    axes.set_xlabel("length")
    if not scores:
        axes.set_title("not scored yet")
        return
    names = list(scores[0].metrics)
    fraction = all(0 <= value <= 1 for score in scores for value in score.metrics.values())
    lengths = [score.length for score in scores]
    # Curves often coincide at 100 %: each is drawn thinner than the one below it.
    styles = zip(names, (_BLUE, _ORANGE, _GREEN, _PURPLE), (3.0, 1.5, 1.0, 0.7), strict=False)
    for name, colour, width in styles:
        values = [score.metrics[name] for score in scores]
        below = [max(0.0, v - s.intervals[name].low) for v, s in zip(values, scores, strict=True)]
        above = [max(0.0, s.intervals[name].high - v) for v, s in zip(values, scores, strict=True)]
        if len(lengths) > MOST_ERROR_BARS:
            low, high = np.subtract(values, below), np.add(values, above)
            axes.fill_between(lengths, low, high, color=colour, alpha=0.2, linewidth=0)
            axes.plot(lengths, values, color=colour, linewidth=width, label=_words(name))
            continue
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
    untrained = [
        score for score in untrained if score.length in range(min(lengths), max(lengths) + 1)
    ]
    if untrained:
        axes.plot(
            [score.length for score in untrained],
            [score.metrics[names[0]] for score in untrained],
            color=_GREY,
            linestyle="--",
            label=f"{_words(names[0])}, untrained",
        )
    axes.axvspan(
        trained.first - 0.5, trained.last + 0.5, color=_GREY, alpha=0.25, label="trained lengths"
    )
    if len(lengths) <= MOST_ERROR_BARS and max(lengths) > 5 * min(lengths):
        axes.set_xscale("log")
        axes.set_xticks(_sparse(sorted({*lengths, trained.last})))
        axes.minorticks_off()
        axes.xaxis.set_major_formatter("{x:g}")
    if fraction:
        axes.set_ylim(-0.02, 1.02)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(alpha=0.25)
    axes.legend(loc="best", fontsize="small")


def _sparse(lengths: Sequence[int]) -> list[int]:
    """Return lengths far enough apart on a logarithmic axis to be read."""
    kept: list[int] = []
    for length in lengths:
        if not kept or length >= 1.35 * kept[-1]:
            kept.append(length)
    if lengths and kept[-1] != lengths[-1]:
        kept[-1] = lengths[-1]
    return kept


def _words(name: str) -> str:
    return name.replace("_", " ")
