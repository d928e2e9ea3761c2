"""All that the files of a run or a study say, as plain data."""

import os
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.files.atomic import read_json
from seqtasks.runs.directory import RunDirectory
from seqtasks.runs.listed_run import careful_summary
from seqtasks.runs.listed_study import points_in, summary_of_study

__all__ = ["settings_of", "whole_run", "whole_study"]


def whole_run(directory: RunDirectory) -> dict[str, Any]:
    """Return the summary of a run with its record, its result, its log and its files.

    Raises:
        UsageError: if a file of it is damaged.
    """
    path = str(directory.path)
    summary = careful_summary(path, directory.path.name or directory.path.resolve().name)
    if summary["status"] == "damaged":
        raise UsageError(summary["problem"])
    return {
        **summary,
        "record": directory.record(),
        "result": directory.read_result(),
        "log": directory.history(),
        "files": _files(directory.path),
    }


def whole_study(folder: Path) -> dict[str, Any]:
    """Return the summary of a study with its record, its result and its files.

    Raises:
        UsageError: if a file of it is damaged.
    """
    summary = summary_of_study(str(folder), folder.name or folder.resolve().name)
    if summary["status"] == "damaged":
        raise UsageError(summary["problem"])
    summary["done"] = len(set(points_in(folder)))  # the list trusts a result newer than all lines
    result = folder / "result.json"
    return {
        **summary,
        "record": read_json(folder / "study.json"),
        "result": read_json(result) if os.path.lexists(result) else None,
        "files": _files(folder),
    }


def settings_of(record: dict[str, Any]) -> dict[str, Any]:
    """Return what decides a run, by name: settings, engine, versions, definitions of things."""
    made: dict[str, Any] = {**record["experiment"]}
    made.pop("published", None)
    made["engine asked for"] = made.pop("engine", None)
    made["engine"], made["threads"] = record.get("engine"), record.get("threads")
    if record.get("own_model"):
        made["model"] = record["own_model"]
    for kind, thing in record.get("things", {}).items():
        origin = [thing.get("distribution"), thing.get("version")]
        made[f"{kind} from"] = " ".join(str(one) for one in origin if one is not None) or None
        made[f"{kind} definition"] = (thing.get("definition") or "")[:12] or None
    for kind, source in record.get("sources", {}).items():
        made[f"{kind} file"] = f"{source['path']} {source['sha256'][:12]}"
    for name, version in record.get("versions", {}).items():
        if not isinstance(version, dict):
            made[f"version of {name}"] = version
    return made


def _files(folder: Path) -> dict[str, int]:
    """Return the files of a folder by name, with their sizes in bytes; no link is followed."""
    with os.scandir(folder) as entries:
        found = [entry for entry in entries if entry.is_file(follow_symlinks=False)]
        return {
            entry.name: entry.stat(follow_symlinks=False).st_size
            for entry in sorted(found, key=lambda entry: entry.name)
        }
