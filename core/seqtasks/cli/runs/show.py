"""`seqtasks runs show`: all that the files of one run say."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from seqtasks.cli.completion import complete_runs
from seqtasks.cli.output import (
    echo_json,
    echo_table,
    figure,
    heading,
    percentage,
    printable,
    say,
)
from seqtasks.cli.runs.score_rows import interval_cell, scores_by_length
from seqtasks.cli.runs.sizes import size_text
from seqtasks.cli.wrapping import labelled
from seqtasks.errors import counted
from seqtasks.runs.comparisons import shown
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.whole_run import settings_of, whole_run, whole_study

__all__ = ["show"]


@click.command()
@click.argument("run", type=click.Path(path_type=Path), shell_complete=complete_runs)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def show(run: Path, as_json: bool) -> None:
    """Show all that the files of RUN say: settings, versions, scores, log, files.

    RUN is the folder of a run or a study. None of its code is executed.
    """
    # The functions of os.path say no where a name is too long.
    is_study = os.path.isfile(run / "study.json") and not os.path.exists(run / "experiment.json")  # noqa: PTH110, PTH113
    whole = whole_study(run) if is_study else whole_run(RunDirectory.open(run))
    if as_json:
        echo_json(whole)
    elif is_study:
        _say_study(whole)
    else:
        _say_run(whole)


def _say_run(whole: Mapping[str, Any]) -> None:
    say(f"{'run':<25} {whole['path']}")  # a path is never broken
    _row("status", _status(whole))
    for name, value in settings_of(whole["record"]).items():
        if value is not None:
            _row(name.replace("_", " "), shown(value))
    if (result := whole["result"]) is not None:
        _row("stopped", shown(result["stopped"]))
        _row("solved", "unknown" if whole["solved"] is None else shown(whole["solved"]))
        _row("parameters", f"{result['parameters']:,}")
        _row("training", f"{result['seconds']:.3g} s")
    _say_log(whole["log"])
    _say_files(whole["files"])
    if result is not None:
        say()
        _say_scores(result)


def _say_study(whole: Mapping[str, Any]) -> None:
    say(f"{'study':<25} {whole['path']}")
    _row("status", whole["status"])
    record = whole["record"]
    _row("made by", whole["face"])
    if record.get("command"):
        _row("command", str(record["command"]))
    _row("runs", f"{whole['done']:,} of {whole['asked']:,} done")
    if (share := whole["solved_share"]) is not None:
        _row("solved", f"{percentage(share, 1)} %")
    for name in ("task", "cell", "steps"):
        if whole[name] is not None:
            _row(name, shown(whole[name]))
    for name, value in whole["settings"].items():
        if value is not None:
            _row(name.replace("_", " "), shown(value))
    _say_files(whole["files"])
    say()
    changes = [_changes(one) for one in record["settings"]]
    changed = dict.fromkeys(name for one in changes for name in one)
    rows = [
        [shown(setting.get("label")), *(shown(one.get(name)) for name in changed)]
        for setting, one in zip(record["settings"], changes, strict=True)
    ]
    echo_table(["setting", *map(printable, changed)], rows)


def _changes(setting: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values of a setting in which the settings of its study differ."""
    changes: Any = setting.get("changes")
    return changes if isinstance(changes, dict) else {}


def _row(label: str, text: str) -> None:
    say(labelled(label, text or "(empty)", column=26))


def _status(whole: Mapping[str, Any]) -> str:
    status = f"{whole['status']} at step {whole['step']:,} of {whole['steps']:,}"
    problem = whole.get("problem")
    return status if problem is None else f"{status}; {problem}"


def _say_log(log: list[dict[str, Any]]) -> None:
    losses = [line for line in log if "loss" in line]
    text = counted(len(log), "line")
    if losses:
        first, last = losses[0], losses[-1]
        text += (
            f"; loss {first['loss']:.4g} at step {first['step']:,}, "
            f"{last['loss']:.4g} at step {last['step']:,}"
        )
    _row("log", text)


def _say_files(files: Mapping[str, int]) -> None:
    _row("files", ", ".join(f"{name} ({size_text(size)})" for name, size in files.items()))


def _say_scores(result: Mapping[str, Any]) -> None:
    scores = scores_by_length(result)
    before = {str(score["length"]): score["metrics"] for score in result["untrained"]}
    trivial = result.get("without_learning", {})
    metrics = list(dict.fromkeys(name for one in scores.values() for name in one["metrics"]))
    if not metrics:
        say("no scores")
        return
    first = metrics[0]
    rows = [
        [
            length,
            *(interval_cell(score, name) for name in metrics),
            _figure(first, before.get(length)),
            _figure(first, trivial.get(length, {}).get("metrics")),
        ]
        for length, score in scores.items()
    ]
    headers = ["length", *(heading(name) for name in metrics), "untrained", "trivial"]
    echo_table(headers, rows, right=["length", "untrained", "trivial"])
    say("in brackets the 95 % interval")


def _figure(metric: str, metrics: Mapping[str, float] | None) -> str:
    return "" if metrics is None or metric not in metrics else figure(metric, metrics[metric])
