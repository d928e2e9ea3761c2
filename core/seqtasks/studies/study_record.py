"""`study.json`: what was asked, as a fixed list of points, and what answers it."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.experiments.find import changed_things
from seqtasks.experiments.schemas import RECORD
from seqtasks.runs.run_on_disk import closed_experiment, restored_experiment
from seqtasks.runs.run_record import present_versions, record_of
from seqtasks.runs.study_shape import FORMAT, study_shape
from seqtasks.studies.settings import Row, Setting

__all__ = [
    "STUDY",
    "Asked",
    "changed_definitions",
    "plain",
    "read_asked",
    "record_of_study",
]

STUDY = study_shape(RECORD)
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


def read_asked(
    record: Mapping[str, Any], path: Path, trust: bool = False, closed: bool = False
) -> Asked:
    """Return what a study was asked for, from the content of `study.json`.

    Args:
        record: the content.
        path: the file; copies of the user's files lie in its folder.
        trust: whether the user allows code that came with the study, from now on.
        closed: whether cells and readouts stay text, so that their code need not be trusted.

    Raises:
        UsageError: if it is damaged, names what is not there, or brings code that is not trusted.
    """
    settings = tuple(
        Setting(
            one["label"],
            one["changes"],
            closed_experiment(one["record"], path)
            if closed
            else restored_experiment(one["record"], path, {}, trust),
        )
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
