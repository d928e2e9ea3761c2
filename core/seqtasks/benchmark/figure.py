"""The picture of a benchmark: time of a training step over sizes, a panel a cell."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from seqtasks.benchmark.contenders import CONTENDERS
from seqtasks.benchmark.measuring import Measured

__all__ = ["timing_figure"]

_LOOKS = {
    "seed": ("#8a8a8a", "s", "seed's loop"),
    "nn": ("#d9822b", "^", "torch.nn layer"),
    "compile": ("#b5651d", "v", "torch.compile"),
    "jax": ("#9b59b6", "D", "JAX scan"),
    "plain": ("#8fb8de", "o", "engine plain"),
    "torch": ("#4c9f70", "o", "engine torch"),
    "native": ("#2a6fbb", "o", "engine native"),
    "floor": ("#222222", "_", "matrix products alone"),
}
"""Colour, marker and name of each contender."""


def timing_figure(measured: Sequence[Measured]) -> Figure:
    """Plot milliseconds per step on a logarithmic axis, with the spread of the rounds.

    Args:
        measured: problems in any order; all problems of a cell share a panel.
    """
    cells = list(dict.fromkeys(one.problem.cell for one in measured))
    sizes = list(dict.fromkeys(one.problem.size for one in measured))
    width = 2.6 + max(2.5, 1.1 * len(sizes)) * len(cells)  # leaves room for the legend
    figure = Figure(figsize=(width, 4.6), layout="constrained")
    panels = figure.subplots(1, len(cells), sharey=True, squeeze=False)[0]
    for axes, cell in zip(panels, cells, strict=True):
        own = [one for one in measured if one.problem.cell == cell]
        _draw(axes, own, [size.name for size in sizes])
        axes.set_title(cell)
        axes.set_xticks(
            range(len(sizes)), [f"{s.name}\n{s.batch}×{s.time}×{s.width}" for s in sizes]
        )
        axes.tick_params(axis="x", labelsize="small")
    panels[0].set_ylabel("ms a training step")
    handles = {handle.get_label(): handle for axes in panels for handle in axes.containers}
    names = [look[2] for look in _LOOKS.values() if look[2] in handles]
    figure.legend(
        [handles[name] for name in names], names, loc="outside right upper", fontsize="small"
    )
    return figure


def _draw(axes: Any, measured: Sequence[Measured], sizes: Sequence[str]) -> None:
    for name in CONTENDERS:
        places: list[int] = []
        timings = []
        for one in measured:
            for timing in one.timings:
                if timing.contender == name:
                    places.append(sizes.index(one.problem.size.name))
                    timings.append(timing)
        if not timings:
            continue
        colour, marker, label = _LOOKS[name]
        ms = [timing.ms for timing in timings]
        axes.errorbar(
            places,
            ms,
            yerr=(
                [timing.ms - timing.low for timing in timings],
                [timing.high - timing.ms for timing in timings],
            ),
            color=colour,
            marker=marker,
            markersize=6,
            linewidth=1.2,
            linestyle=":" if name == "floor" else "-",
            capsize=2,
            label=label,
        )
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlim(-0.4, len(sizes) - 0.6)
    axes.grid(alpha=0.25)
