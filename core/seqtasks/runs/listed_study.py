"""The summary of a study in a list, from its files alone.

`studies` reads all of a study; it stands above this package, and this reads only what is listed.
"""

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.experiments.schemas import SUMMARY
from seqtasks.files.atomic import MOST_JSON, open_regular, read_json
from seqtasks.files.validation import checked, fields, listed, optional, whole
from seqtasks.runs.listed_run import plain_settings
from seqtasks.runs.locking import is_held
from seqtasks.runs.study_shape import read_study, study_shape

__all__ = ["is_study", "points_in", "summary_of_study"]

_LINES = re.compile(r"runs(?:-[A-Za-z0-9._-]+)?\.jsonl")
_POINT = re.compile(rb'\{"point": (\d{1,18})\D')


_STUDY = study_shape(fields({"experiment": SUMMARY}))
_COUNTED = fields({}, {"solved": optional(fields({"count": whole(0), "of": whole(0)}))})
_RESULT = fields({"settings": listed(_COUNTED)}, {"runs": whole(0), "unfinished": whole(0)})


def is_study(path: str | Path) -> bool:
    """Say whether a folder holds a study."""
    with suppress(OSError, ValueError, TypeError):
        return (Path(path) / "study.json").is_file()
    return False


def summary_of_study(path: str, name: str) -> dict[str, Any]:
    """Return the summary of the study in a folder; see `list_runs`."""
    about: dict[str, Any] = {"name": name, "path": path, "kind": "study"}
    try:
        return {**about, **_details(Path(path))}
    except (UsageError, OSError) as error:
        return {**about, "status": "damaged", "problem": str(error)}


def _details(folder: Path) -> dict[str, Any]:
    file = folder / "study.json"
    study = read_study(file, _STUDY)
    common = _common([one["record"]["experiment"] for one in study["settings"]])
    asked = sum(len(row["seeds"]) for row in study["points"])
    running = is_held(folder)
    result = None if running else _result(folder)
    whole_result = result is not None and result.get("runs") == asked and not result["unfinished"]
    done = asked if whole_result and _is_newest(folder) else len(set(points_in(folder)))
    status = "running" if running else "finished" if done >= asked else "unfinished"
    return {
        "task": common.get("task"),
        "cell": common.get("cell"),
        "steps": common.get("steps"),
        "status": status,
        "face": study["face"],
        "experiments": len(study["settings"]),
        "asked": asked,
        "done": done,
        "solved_share": None if result is None else _solved_share(result),
        "settings": plain_settings(common),
    }


def _common(experiments: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the settings that all experiments have in common, the seed aside."""
    first, *rest = experiments or [{}]
    return {
        key: value
        for key, value in first.items()
        if key != "seed" and all(key in one and one[key] == value for one in rest)
    }


def points_in(folder: Path) -> Iterator[int]:
    """Yield the number of the point of each whole line; a point may come more than once.

    Raises:
        UsageError: naming a line that is not the JSON of a run.
    """
    for name in sorted(entry.name for entry in os.scandir(folder)):
        if not _LINES.fullmatch(name):
            continue
        with open_regular(folder / name) as file:
            number = 0
            while (line := file.readline(MOST_JSON)).endswith(b"\n"):
                number += 1
                found = _POINT.match(line)
                if found is None or not _is_json(line):
                    raise UsageError(f"{folder / name} is damaged: line {number} is of no run")
                yield int(found[1])


def _is_json(line: bytes) -> bool:
    """Say whether a line is JSON; the shape of all that it holds is for the study to check."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _result(folder: Path) -> dict[str, Any] | None:
    """Return the content of `result.json`, or None if there is none."""
    file = folder / "result.json"
    if not os.path.lexists(file):
        return None
    return {"unfinished": 1, **checked(read_json(file), _RESULT, file)}


def _is_newest(folder: Path) -> bool:
    """Say whether the result was written after all lines, so that they need not be counted."""
    with os.scandir(folder) as entries:
        written = {entry.name: entry.stat(follow_symlinks=False).st_mtime_ns for entry in entries}
    lines = [name for name in written if _LINES.fullmatch(name)]
    return lines == ["runs.jsonl"] and written["runs.jsonl"] <= written["result.json"]


def _solved_share(result: dict[str, Any]) -> float | None:
    """Return the share of runs that solved the task; None if no setting has a number."""
    counts = [one["solved"] for one in result["settings"] if one.get("solved")]
    of = sum(one["of"] for one in counts)
    return sum(one["count"] for one in counts) / of if of else None
