"""Pictures of a run: learning over steps, scores over length."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from seqtasks.files.atomic import write_atomically, write_output
from seqtasks.runs.curves import Drawn, draw_learning, draw_lengths
from seqtasks.scoring.baselines import chance
from seqtasks.tasks.metrics import Metric

if TYPE_CHECKING:
    from seqtasks.runs.training_run import Result

__all__ = [
    "drawn_of",
    "empty_figure",
    "learning_figure",
    "lengths_figure",
    "png",
    "result_figure",
    "save_figure",
    "save_plots",
    "write_figure",
]

LEGEND = 1.25
"""Height of a legend below the axes, in inches."""
PANEL = 5.4
"""Width of a panel of scores, in inches."""


class Picture(Figure):
    """A figure that a notebook shows if it is the value of a cell."""

    def _repr_png_(self) -> bytes:
        return png(self)


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG file, of the size that fits a notebook."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=100)
    return content.getvalue()


def drawn_of(result: "Result") -> Drawn:
    """Return the content of a picture of a result's scores."""
    return Drawn(
        result.scores,
        result.experiment.length_range,
        result.task.metrics,
        result.untrained,
        result.score,
        result.without_learning,
        chance(result.task),
    )


def result_figure(result: "Result") -> Figure:
    """Return learning and scores over length side by side."""
    drawn = drawn_of(result)
    panels = _panels(drawn.metrics)
    figure = empty_figure(PANEL * (1 + len(panels)), 4.6, right=0.25)
    axes = figure.subplots(1, 1 + len(panels), gridspec_kw={"wspace": 0.45}, squeeze=False)[0]
    draw_learning(axes[0], result)
    for axis, metrics in zip(axes[1:], panels, strict=True):
        draw_lengths(axis, drawn, metrics)
    return figure


def learning_figure(result: "Result") -> Figure:
    """Return loss and validation scores over training steps."""
    figure = empty_figure(6.4, 4, right=1.0, bottom=0.55)
    draw_learning(figure.subplots(), result)
    return figure


def lengths_figure(drawn: Drawn, title: str = "") -> Figure:
    """Return scores over length, the trained lengths shaded."""
    panels = _panels(drawn.metrics)
    figure = empty_figure(6.4 if len(panels) == 1 else PANEL * len(panels), 4.6)
    axes = figure.subplots(1, len(panels), gridspec_kw={"wspace": 0.35}, squeeze=False)[0]
    for axis, metrics in zip(axes, panels, strict=True):
        draw_lengths(axis, drawn, metrics)
        if title:
            axis.set_title(title, y=1.0)  # to look for a place takes as long as to draw the axes
    return figure


def save_plots(result: "Result", folder: Path) -> None:
    """Write `learning.png` and `lengths.png`."""
    title = result.experiment.run_name
    save_figure(learning_figure(result), folder / "learning.png")
    save_figure(lengths_figure(drawn_of(result), title), folder / "lengths.png")


def write_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format of its file name (png, svg or pdf), whole or not at all."""
    write_output(path, _drawn(figure, path))


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure into a run, never through a link that lies there."""
    write_atomically(path, _drawn(figure, path))


def _drawn(figure: Figure, path: Path) -> bytes:
    content, kind = io.BytesIO(), path.suffix[1:].lower()
    # Level 6, the default, makes a file a third smaller, and takes a fifth of the whole time.
    more: dict[str, Any] = {"pil_kwargs": {"compress_level": 1}} if kind == "png" else {}
    figure.savefig(content, format=kind, dpi=150, **more)
    return content.getvalue()


def _panels(metrics: Sequence[Metric]) -> list[list[Metric]]:
    """Return the metrics of each panel: shares of right answers share one, errors do not."""
    shares = [metric for metric in metrics if metric.fraction]
    return [*([shares] if shares else []), *([one] for one in metrics if not one.fraction)]


def empty_figure(
    width: float, height: float, right: float = 0.15, bottom: float = LEGEND
) -> Figure:
    """Return a figure of a size in inches, with given margins around its axes.

    Measuring the text, as a layout of matplotlib does, takes as long as drawing it.
    """
    figure = Picture(figsize=(width, height))
    FigureCanvasAgg(figure)
    figure.subplots_adjust(0.8 / width, bottom / height, 1 - right / width, 1 - 0.4 / height)
    return figure
