"""The numbers of a study's runs, as the script of its page reads them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqtasks.reports.charts.rows import number
from seqtasks.reports.charts.thinning import lines_drawn, places_drawn
from seqtasks.reports.page_setting import PageSetting
from seqtasks.reports.run_states import end_words, ranks, states
from seqtasks.reports.study_charts import LOSS, charted, curves_of
from seqtasks.studies.measures import steps_to_solve

__all__ = ["MOST_CURVES", "MOST_RUNS", "study_data"]

MOST_CURVES = 1000
"""The most runs whose whole curves a page holds, so that each can be drawn when it is chosen."""
MOST_RUNS = 10_000
"""The most runs whose numbers a page holds."""


def study_data(shown: Sequence[PageSetting], call: str) -> dict[str, Any]:
    """Return the numbers of the runs, by setting and seed; numbers that are not finite are null.

    Args:
        shown: the settings.
        call: the Python that opens the study.
    """
    most = max(1, MOST_RUNS // max(1, len(shown)))
    some = charted(shown)
    curves = max(1, MOST_CURVES // max(1, len(some)))
    drawn = {one.index for one in some}
    return {
        "kind": "study",
        "call": call,
        "settings": [_setting(one, most, curves if one.index in drawn else 0) for one in shown],
    }


def _setting(shown: PageSetting, most: int, curves: int) -> dict[str, Any]:
    outcomes = shown.outcomes
    order = ranks(outcomes)
    held = lines_drawn(order, most)
    became, said, solved = states(outcomes), end_words(outcomes), steps_to_solve(outcomes)
    return {
        "label": shown.label,
        "index": shown.index,
        "changes": shown.changes,
        "limit": outcomes.step_limit,
        "measures": [{"name": one.name, "fraction": one.fraction} for one in shown.measures],
        "all": len(outcomes.seeds),
        "runs": {
            "seed": outcomes.seeds[held].tolist(),
            "state": [became[run] for run in held],
            "end": [said[run] for run in held],
            "step": outcomes.steps[held].tolist(),
            "solved_at": _exact(solved[held]),
            "seconds": [number(float(value), 3) for value in outcomes.seconds[held]],
            "scores": {
                length: {name: _exact(values[held]) for name, values in metrics.items()}
                for length, metrics in outcomes.scores.items()
            },
        },
        "curves": _curves(shown, lines_drawn(order, curves)) if curves else {},
    }


def _curves(shown: PageSetting, runs: "np.ndarray[Any, Any]") -> dict[str, Any]:
    """Return the curves of some runs, thinned: the first metric, and the loss."""
    found: dict[str, Any] = {}
    for name in (shown.measures[0].name, LOSS):
        curves = curves_of(shown, name)
        places = places_drawn(len(curves.steps))
        lines = {str(curves.seeds[run]): curves.line(int(run)) for run in runs}
        found["loss" if name == LOSS else "metric"] = {
            "title": curves.title,
            "fraction": curves.fraction,
            "steps": curves.steps[places].tolist(),
            # The last point of a run that ended early may lie between two drawn steps.
            "lines": {seed: [values, steps[-1:]] for seed, (steps, values) in lines.items()},
        }
    return found


def _exact(values: "np.ndarray[Any, Any]") -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def filter_groups(shown: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """Return the fields in which settings differ, each with its values, in order.

    Args:
        shown: the changes of each setting.

    Example:
        >>> filter_groups([{"cell": "gru", "lr": "0.1"}, {"cell": "lstm", "lr": "0.1"}])
        {'cell': ['gru', 'lstm']}
    """
    names = dict.fromkeys(name for changes in shown for name in changes)
    groups = {
        name: list(dict.fromkeys(changes.get(name, "as recommended") for changes in shown))
        for name in names
    }
    return {name: values for name, values in groups.items() if len(values) > 1}
