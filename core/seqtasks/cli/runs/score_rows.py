"""The scores in a `result.json` as cells of a table."""

from collections.abc import Mapping
from typing import Any

from seqtasks.cli.output import figure, percentage

__all__ = ["interval_cell", "scores_by_length"]


def scores_by_length(result: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
    """Return the scores of a result by length, the mean over a range last."""
    if result is None:
        return {}
    found = {str(score["length"]): score for score in result["scores"]}
    over = result.get("score")
    return found if over is None else {**found, over["lengths"]: over}


def interval_cell(score: Mapping[str, Any] | None, metric: str) -> str:
    """Return the value of a metric with its 95 % interval, or nothing if it was not scored."""
    if score is None or metric not in score["metrics"]:
        return ""
    value = score["metrics"][metric]
    if score.get("rows_mix"):
        return f"{figure(metric, value)} [rows mix]"
    if score["exhaustive"]:
        return f"{figure(metric, value)} [exact]"
    low, high = score["intervals"][metric]
    if low is None or high is None:
        return figure(metric, value)
    if metric.endswith("accuracy"):
        return f"{figure(metric, value)} [{percentage(low)}, {percentage(high)}]"
    return f"{figure(metric, value)} [{low:.4g}, {high:.4g}]"
