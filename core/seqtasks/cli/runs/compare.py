"""`seqtasks runs compare`: what differs between runs, and their scores side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from seqtasks.cli.completion import complete_runs
from seqtasks.cli.output import echo_json, echo_table, heading, printable, say
from seqtasks.cli.runs.score_rows import interval_cell, scores_by_length
from seqtasks.errors import UsageError
from seqtasks.runs.comparisons import shown
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.listed_study import is_study
from seqtasks.runs.whole_run import settings_of, whole_run

__all__ = ["compare"]

_ABSENT = object()
_OUTCOME = ("status", "step", "stopped", "solved", "parameters", "seconds")


@click.command()
@click.argument(
    "run",
    type=click.Path(path_type=Path),
    nargs=-1,
    required=True,
    shell_complete=complete_runs,
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def compare(run: tuple[Path, ...], as_json: bool) -> None:
    """Show the settings in which runs differ, and their scores side by side.

    Name two runs or more. A run has one seed, so a difference may be chance: to compare cells, use
    `seqtasks compare`, which trains many.
    """
    if len(run) < 2:
        raise UsageError(f"name at least two runs to compare, got {', '.join(map(str, run))}")
    for path in run:
        if is_study(path):
            raise UsageError(
                f"{path} is a study, and this compares runs: to compare cells over many seeds, use "
                "`seqtasks compare`; `seqtasks report` shows a study"
            )
    wholes = [whole_run(RunDirectory.open(path)) for path in run]
    names = _names(wholes)
    settings = _differing([settings_of(one["record"]) for one in wholes])
    results = [scores_by_length(one["result"]) for one in wholes]
    if as_json:
        echo_json(
            {
                "runs": [one["path"] for one in wholes],
                "settings": settings,
                "outcome": {key: [one.get(key) for one in wholes] for key in _OUTCOME},
                "scores": _scores_as_json(results),
            }
        )
        return
    if settings:
        rows = [
            [name.replace("_", " "), *(shown(value) or "-" for value in values)]
            for name, values in settings.items()
        ]
        echo_table(["setting", *names], rows)
    else:
        say("the runs have the same settings")
    say()
    rows = [
        [key, *(_outcome(key, one.get(key)) for one in wholes)]
        for key in _OUTCOME
        if any(one.get(key) is not None for one in wholes)
    ]
    echo_table(["outcome", *names], rows)
    _say_scores(results, names)


def _say_scores(results: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    rows = [
        [length, heading(metric), *(interval_cell(one.get(length), metric) for one in results)]
        for length, metric in _scored(results)
    ]
    say()
    if not rows:
        say("none of the runs has scores yet")
        return
    echo_table(["length", "score", *names], rows, right=["length"])
    say("in brackets the 95 % interval over instances; another seed of a run may differ by more")


def _names(wholes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the runs' names, or their paths if a name is there twice."""
    names = [one["name"] for one in wholes]
    return [
        printable(one["path"] if names.count(one["name"]) > 1 else one["name"]) for one in wholes
    ]


def _differing(settings: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for one in settings for name in one)
    found: dict[str, list[Any]] = {}
    for name in names:
        values = [one.get(name, _ABSENT) for one in settings]
        if any(value != values[0] for value in values):
            found[name] = [None if value is _ABSENT else value for value in values]
    return found


def _scored(results: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return each length with each metric that some run has there, in order of the lengths."""
    pairs = dict.fromkeys(
        (length, metric)
        for one in results
        for length, score in one.items()
        for metric in score["metrics"]
    )
    return sorted(pairs, key=lambda pair: _place(pair[0]))


def _place(lengths: str) -> tuple[bool, int]:
    """Return the place of a length in a table; ranges of lengths come last."""
    first = lengths.partition("..")[0]
    return not lengths.isdecimal(), int(first) if first.isdecimal() and len(first) < 20 else 0


def _scores_as_json(results: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, list[Any]]]:
    made: dict[str, dict[str, list[Any]]] = {}
    for length, metric in _scored(results):
        made.setdefault(length, {})[metric] = [
            None
            if length not in one or metric not in one[length]["metrics"]
            else {
                "value": one[length]["metrics"][metric],
                "interval": one[length]["intervals"][metric],
                "exhaustive": one[length]["exhaustive"],
            }
            for one in results
        ]
    return made


def _outcome(key: str, value: Any) -> str:
    if value is None:
        return "-"
    if key == "seconds":
        return f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else shown(value)
