"""The table of a study in a terminal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seqtasks.cli.output import echo_table, figure, heading, say

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["echo_score_rows", "echo_study"]


def echo_study(study: "Study") -> None:
    """Print how often, how soon and how well each setting learned, and where that is kept."""
    summary = study.summary()
    for place, setting in enumerate(summary["settings"]):
        if place:
            say()
        _echo_setting(setting, study.name if len(study.settings) == 1 else setting["label"])
    echo_score_rows(summary["settings"])
    if study.path is not None:
        say(f"\nstudy    {study.path}")


def echo_score_rows(settings: Sequence[Mapping[str, Any]]) -> None:
    """Print the scores of settings, a row for each length and metric."""
    rows: list[list[str]] = []
    for setting in settings:
        for length, metrics in setting["scores"].items():
            for name, found in metrics.items():
                rows.append(
                    [
                        *([setting["label"]] if len(settings) > 1 else []),
                        length,
                        heading(name),
                        _with_interval(name, found),
                        _value(name, found["median"]),
                        _seeded(name, found["best"]),
                        _seeded(name, found["worst"]),
                        *(_value(name, found["expected_best"][n]) for n in ("3", "10")),
                    ]
                )
    if not rows:
        return
    say()
    first = ["setting"] if len(settings) > 1 else []
    heads = ["length", "score", "mean [95 %]", "median", "best (seed)", "worst (seed)"]
    best = ["best of 3", "best of 10"]
    echo_table([*first, *heads, *best], rows, right=["length", "median", *best])


def _echo_setting(setting: Mapping[str, Any], name: str) -> None:
    solved, steps = setting["solved"], setting["steps_to_solve"]
    say(f"{name}, {setting['runs']} seeds, {setting['parameters']} parameters")
    if solved["of"]:
        low, high = (100 * end for end in solved["interval"])
        share = f"{100 * solved['share']:.1f} % [{low:.1f}, {high:.1f}]"
        say(f"solved   {solved['count']} of {solved['of']} seeds: {share}")
    quartiles = " to ".join(_step(step) for step in steps["quartiles"])
    say(
        f"steps    median {_step(steps['median'])}, quartiles {quartiles} "
        f"(seen every {steps['grid']} steps)"
    )
    for status in ("diverged", "pruned", "failed", "killed", "unfinished"):
        if setting[status]:
            say(f"{status:<8} {setting[status]}")


def _step(step: int | None) -> str:
    return "not reached" if step is None else str(step)


def _value(name: str, value: float | None) -> str:
    return "" if value is None else figure(name, value, decimals=1)


def _with_interval(name: str, found: Mapping[str, Any]) -> str:
    low, high = found["interval"]
    mean = _value(name, found["mean"])
    if low is None or high is None:
        return mean
    return f"{mean} [{_value(name, low)}, {_value(name, high)}]"


def _seeded(name: str, found: Mapping[str, Any] | None) -> str:
    return "" if found is None else f"{_value(name, found['value'])} ({found['seed']})"
