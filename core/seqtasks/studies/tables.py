"""The rows of a study's tables in a terminal, from the numbers of `result.json`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqtasks.display import figure, heading, percentage
from seqtasks.errors import counted
from seqtasks.studies.labels import field_words
from seqtasks.studies.lines import STATUSES

__all__ = [
    "MOST_ROWS",
    "Table",
    "best_first",
    "comparison_tables",
    "means_tables",
    "scores_table",
    "setting_lines",
]

MOST_ROWS = 30
"""The most settings that a table in a terminal shows."""

Numbers = Mapping[str, Any]


@dataclass(frozen=True)
class Table:
    """A table to print.

    Attributes:
        heads: the heads of its columns.
        rows: the cells of its rows.
        right: the heads of the columns that are aligned to the right.
        title: a line above it, or nothing.
        note: a line below it, or nothing.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[str] = ()
    title: str = ""
    note: str = ""


def setting_lines(setting: Numbers) -> list[str]:
    """Return lines on how often and how soon the seeds of one setting solved the task."""
    solved, steps = setting["solved"], setting["steps_to_solve"]
    lines: list[str] = []
    if solved["of"]:
        lines.append(
            f"solved   {solved['count']} of {counted(solved['of'], 'seed')}: {_share(solved)}"
        )
        lines.append(
            f"steps    median {_median(steps)}, quartiles {_quartiles(steps)} "
            f"(seen every {steps['grid']} steps)"
        )
    lines += [f"{status:<8} {setting[status]}" for status in _ENDS if setting[status]]
    return lines


def comparison_tables(settings: Sequence[Numbers]) -> list[Table]:
    """Return a table of settings for each task, the best first.

    If the settings differ in several fields, each field has a column.
    """
    fields = list(dict.fromkeys(name for setting in settings for name in setting["changes"]))
    tasks = list(dict.fromkeys(str(setting["changes"].get("task", "")) for setting in settings))
    named = [name for name in fields if name != "task"]
    found: list[Table] = []
    for task in tasks:
        own = [one for one in settings if str(one["changes"].get("task", "")) == task]
        found.append(_comparison(best_first(own), named, task))
    return found


def means_tables(settings: Sequence[Numbers]) -> list[Table]:
    """Return the mean of each task's first metric at each length, the best settings first.

    Settings whose tasks have another first metric, such as an error, have a table of their own.
    """
    shown = best_first(settings)[:MOST_ROWS]
    metrics = dict.fromkeys(next(iter(_first_scores(one)), None) for one in shown)
    return [_means(shown, metric) for metric in metrics if metric is not None]


def _means(settings: Sequence[Numbers], metric: str) -> Table:
    shown = [one for one in settings if next(iter(_first_scores(one)), None) == metric]
    lengths = list(dict.fromkeys(length for one in shown for length in one["scores"]))
    rows = [
        [
            one["label"],
            *(_mean(metric, one["scores"].get(length, {}).get(metric)) for length in lengths),
        ]
        for one in shown
    ]
    heads = [f"{'over' if '..' in length else 'at'} {length}" for length in lengths]
    return Table(["setting", *heads], rows, title=f"{heading(metric)}, mean [95 %]")


def scores_table(settings: Sequence[Numbers]) -> Table | None:
    """Return the scores of settings, a row for each length and metric; None if there are none."""
    several = len(settings) > 1
    rows: list[list[str]] = []
    zeros, missing = 0, 0
    counts = [n for n in _BEST_OF if _best_of_any(settings, n)]
    for setting in settings:
        for length, metrics in setting["scores"].items():
            for name, found in metrics.items():
                zeros = max(zeros, found["counted_as_zero"])
                missing = max(missing, setting["solved"]["of"] - found["n"])
                rows.append(
                    [
                        *([setting["label"]] if several else []),
                        length,
                        heading(name),
                        _mean(name, found),
                        _value(name, found["median"]),
                        _seeded(name, found["best"]),
                        _seeded(name, found["worst"]),
                        *(_value(name, found["expected_best"][n]) for n in counts),
                    ]
                )
    if not rows:
        return None
    best = [f"best of {n}" for n in counts]
    heads = ["length", "score", "mean [95 %]", "median", "best (seed)", "worst (seed)", *best]
    notes = ["best of n: expected best of n seeds"] if best else []
    if zeros:
        notes.append(f"{counted(zeros, 'run')} without a model at the end: accuracy 0")
    if missing:
        notes.append(f"up to {counted(missing, 'run')} without a score are left out")
    return Table(
        [*(["setting"] if several else []), *heads],
        rows,
        ["length", "median", *best],
        note="; ".join(notes),
    )


def best_first(settings: Sequence[Numbers]) -> list[Numbers]:
    """Sort settings: by the share of seeds that solved the task, by steps, by the first score."""
    return sorted(settings, key=_key)


_BEST_OF = ("3", "5", "10")
_ENDS = (*STATUSES[1:], "unfinished")


def _best_of_any(settings: Sequence[Numbers], count: str) -> bool:
    """Whether a score of a setting has as many runs."""
    return any(
        found["expected_best"][count] is not None
        for setting in settings
        for metrics in setting["scores"].values()
        for found in metrics.values()
    )


def _comparison(settings: Sequence[Numbers], fields: Sequence[str], task: str) -> Table:
    columns = fields if len(fields) > 1 else []
    first = [field_words(name) for name in columns] or ["setting"]
    rows: list[list[str]] = []
    for one in settings[:MOST_ROWS]:
        steps = one["steps_to_solve"]
        changes = [_changed(one["changes"].get(name)) for name in columns]
        rows.append(
            [
                *(changes or [one["label"]]),
                _share(one["solved"]) if one["solved"]["of"] else "",
                _median(steps) if one["solved"]["of"] else "",
                _quartiles(steps) if one["solved"]["of"] else "",
                "" if one["parameters"] is None else f"{one['parameters']:,}",
                str(one["solved"]["of"]),
                ", ".join(f"{one[status]} {status}" for status in _ENDS if one[status]),
            ]
        )
    grids = sorted({one["steps_to_solve"]["grid"] for one in settings})
    notes = [f"steps are seen every {' or '.join(map(str, grids))} steps"]
    if len(settings) > MOST_ROWS:
        notes.append(f"{len(settings) - MOST_ROWS} more settings are in result.json")
    heads = ["solved [95 %]", "median steps to solve [95 %]", "quartiles", "parameters", "seeds"]
    return Table([*first, *heads, ""], rows, ["parameters", "seeds"], task, "; ".join(notes))


def _key(setting: Numbers) -> tuple[float, float, float]:
    solved, steps = setting["solved"], setting["steps_to_solve"]
    scores = _first_scores(setting)
    if not solved["of"]:
        return 0.0, float("inf"), float("inf")
    metric, found = next(iter(scores.items()), ("", None))
    mean = None if found is None else found["mean"]
    error = float("inf") if mean is None else mean if _is_error(metric, found) else -mean
    return -solved["share"], steps["mean_up_to_limit"] / steps["limit"], error


def _is_error(metric: str, found: Any) -> bool:
    """Say whether a smaller score is better: the best seed has the smallest."""
    ends = found["best"], found["worst"]
    return None not in ends and ends[0]["value"] < ends[1]["value"]


def _first_scores(setting: Numbers) -> Numbers:
    return next(iter(setting["scores"].values()), {})


def _share(solved: Numbers) -> str:
    low, high = (percentage(end, 1) for end in solved["interval"])
    return f"{percentage(solved['share'], 1)} % [{low}, {high}]"


def _median(steps: Numbers) -> str:
    if steps["median"] is None:
        return "not reached"
    return f"{steps['median']} [{', '.join(_step(end) for end in steps['interval'])}]"


def _quartiles(steps: Numbers) -> str:
    low, high = steps["quartiles"]
    return "not reached" if low is None else f"{low} to {_step(high)}"


def _step(step: int | None) -> str:
    return "not reached" if step is None else str(step)


def _value(name: str, value: float | None) -> str:
    return "" if value is None else figure(name, value, decimals=1)


def _mean(name: str, found: Numbers | None) -> str:
    if found is None or found["mean"] is None:
        return ""
    low, high = found["interval"]
    mean = _value(name, found["mean"])
    if low is None or high is None:
        return mean
    if low == high:
        return f"{mean} [no spread]"
    if name.endswith("accuracy"):
        return f"{mean} [{percentage(low, 1)}, {percentage(high, 1)}]"
    return f"{mean} [{_value(name, low)}, {_value(name, high)}]"


def _seeded(name: str, found: Numbers | None) -> str:
    return "" if found is None else f"{_value(name, found['value'])} ({found['seed']})"


def _changed(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
