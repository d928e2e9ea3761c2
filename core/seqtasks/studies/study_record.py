"""`study.json`: what was asked, as a fixed list of points, and what answers it."""

import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import NAME
from seqtasks.experiments.find import changed_things
from seqtasks.experiments.schemas import RECORD
from seqtasks.files.validation import (
    MisshapenError,
    anything,
    fields,
    flag,
    listed,
    optional,
    table,
    text,
    whole,
)
from seqtasks.runs.run_on_disk import restored_experiment
from seqtasks.runs.run_record import present_versions, record_of
from seqtasks.studies.settings import Row, Setting

__all__ = [
    "FORMAT",
    "STUDY",
    "Asked",
    "changed_definitions",
    "plain",
    "read_asked",
    "record_of_study",
]

FORMAT = 1
"""The format of the studies that this version writes; it reads no newer one."""

FACES = ("run", "compare", "sweep", "tune")
MOST_POINTS = 10**8
LARGEST_SEED = 2**63 - 1
_RANGE = re.compile(r"(\d{1,20})\.\.(\d{1,20})")


def _seeds(data: Any, field: str) -> Sequence[int]:
    """Accept seeds: `0..999`, or a list of them."""
    if isinstance(data, str):
        found = _RANGE.fullmatch(data)
        if found is None or int(found[2]) < int(found[1]):
            raise MisshapenError(f"its {field} must be as 0..999, got {data!a:.60}")
        if int(found[2]) > LARGEST_SEED:
            raise MisshapenError(f"its {field} must be at most {LARGEST_SEED}, got {data!a:.60}")
        if int(found[2]) - int(found[1]) >= MOST_POINTS:
            raise MisshapenError(f"its {field} has more than {MOST_POINTS:,} seeds")
        return range(int(found[1]), int(found[2]) + 1)
    return listed(whole(0, LARGEST_SEED))(data, field)


def _name(data: Any, field: str) -> str:
    if not NAME.fullmatch(text(data, field)):
        raise MisshapenError(f"its {field} must be the name of a folder, got {data!a:.60}")
    return data


def _face(data: Any, field: str) -> str:
    if data not in FACES:
        raise MisshapenError(f"its {field} must be one of {', '.join(FACES)}, got {data!a:.60}")
    return data


STUDY = fields(
    {
        "format": whole(1),
        "name": _name,
        "face": _face,
        "settings": listed(
            fields(
                {"label": text, "changes": table(anything), "record": RECORD},
                {"parameters": optional(whole(0))},
            )
        ),
        "points": listed(fields({"setting": whole(0), "seeds": _seeds})),
    },
    {
        "command": optional(text),
        "keep_weights": flag,
        "options": table(anything),
        "versions": table(anything),
        "processor": text,
    },
)
"""The shape of `study.json`."""


@dataclass(frozen=True)
class Asked:
    """What a study was asked for.

    Attributes:
        name: its name, from which its folder has its own.
        face: the command that made it: `run`, `compare`, `sweep` or `tune`.
        settings: its experiments.
        rows: its points.
        command: the command line that repeats it, or None.
        keep_weights: whether the weights of all runs are kept.
        options: what else the command needs to go on, as plain data.
    """

    name: str
    face: str
    settings: tuple[Setting, ...]
    rows: tuple[Row, ...]
    command: str | None = None
    keep_weights: bool = False
    options: Mapping[str, Any] | None = None

    @property
    def points(self) -> int:
        """The number of its runs."""
        return sum(len(row.seeds) for row in self.rows)


def record_of_study(
    asked: Asked, engines: Mapping[int, str], parameters: Sequence[int | None]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the content of `study.json`, and the copies of the user's files.

    Args:
        asked: what the study was asked for.
        engines: by the index of a setting, the engine that trains it; others have not settled yet.
        parameters: the number of trained numbers of each setting.
    """
    settings: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    for index, setting in enumerate(asked.settings):
        engine = engines.get(index, setting.experiment.engine)
        record, copies = record_of(setting.experiment, None, engine, 1)
        files.update(copies)
        settings.append(
            {
                "label": setting.label,
                "changes": plain(setting.changes),
                "parameters": parameters[index],
                "record": record,
            }
        )
    return {
        "format": FORMAT,
        "name": asked.name,
        "face": asked.face,
        "command": asked.command,
        "keep_weights": asked.keep_weights,
        "options": dict(asked.options or {}),
        "settings": settings,
        "points": [
            {"setting": row.setting, "seeds": _seeds_as_json(row.seeds)} for row in asked.rows
        ],
        "versions": present_versions(),
        "processor": platform.processor() or platform.machine(),
    }, files


def plain(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changed values as JSON has them: a class by its name."""
    return {
        name: value
        if value is None or isinstance(value, str | int | float | bool | list | dict)
        else getattr(value, "__name__", str(value))
        for name, value in changes.items()
    }


def read_asked(record: Mapping[str, Any], path: Path, trust: bool = False) -> Asked:
    """Return what a study was asked for, from the content of `study.json`.

    Args:
        record: the content.
        path: the file; copies of the user's files lie in its folder.
        trust: whether the user allows code that came with the study, from now on.

    Raises:
        UsageError: if it is damaged, names what is not there, or brings code that is not trusted.
    """
    settings = tuple(
        Setting(one["label"], one["changes"], restored_experiment(one["record"], path, {}, trust))
        for one in record["settings"]
    )
    rows = tuple(Row(one["setting"], one["seeds"]) for one in record["points"])
    known: dict[int, set[int]] = {}
    for row in rows:
        if row.setting >= len(settings):
            raise UsageError(f"{path} is damaged: there is no setting {row.setting}")
        seeds = known.setdefault(row.setting, set())
        before = len(seeds)
        seeds.update(row.seeds)
        if len(seeds) < before + len(row.seeds):
            raise UsageError(f"{path} is damaged: setting {row.setting} has a seed twice")
    return Asked(
        record["name"],
        record["face"],
        settings,
        rows,
        record.get("command"),
        bool(record.get("keep_weights", False)),
        record.get("options"),
    )


def changed_definitions(record: Mapping[str, Any], asked: Asked) -> list[str]:
    """Return the things whose definition has changed since the study was made."""
    found: list[str] = []
    for one, setting in zip(record["settings"], asked.settings, strict=True):
        found += changed_things(one["record"], setting.experiment)
    return list(dict.fromkeys(found))


def _seeds_as_json(seeds: Sequence[int]) -> str | list[int]:
    first, last = seeds[0], seeds[-1]
    consecutive = isinstance(seeds, range) and seeds.step == 1
    if consecutive or (len(seeds) > 2 and list(seeds) == list(range(first, last + 1))):
        return f"{first}..{last}"
    return list(seeds)
