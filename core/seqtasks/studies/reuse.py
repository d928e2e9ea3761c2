"""Find runs of other studies that are the same as runs that were asked for."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.studies.directory import StudyDirectory
from seqtasks.studies.finished import Finished
from seqtasks.studies.identity import deciding
from seqtasks.studies.lines import REDONE
from seqtasks.studies.settings import points_of
from seqtasks.studies.study_record import Asked
from seqtasks.studies.weights import runs_with_weights

__all__ = ["finished_elsewhere"]


def finished_elsewhere(folder: Path, record: Mapping[str, Any], asked: Asked) -> list[Finished]:
    """Return runs for the points of a new study: the equal runs of the studies in a folder.

    Two runs are equal if their seeds, all settings that change a number, the definitions of task,
    cell and readout, the engine and the versions are equal. Runs that failed are not taken. If the
    new study keeps weights, runs whose weights were not kept are not taken either.

    Args:
        folder: the folder of studies.
        record: the content of the new `study.json`.
        asked: the new study.
    """
    wanted: dict[tuple[str, int], int] = {}
    keys = [_key(one["record"]) for one in record["settings"]]
    for point in points_of(asked.rows):
        wanted[keys[point.setting], point.seed] = point.number
    found: dict[int, Finished] = {}
    for file in sorted(folder.glob("*/study.json")):
        directory, equal = StudyDirectory(file.parent), dict[int, dict[str, Any]]()
        try:
            for key, line in _lines_of(directory):
                number = wanted.get((key, line["seed"]))
                if number is not None and number not in found and line["status"] not in REDONE:
                    equal[number] = line
            kept = _weights_of(directory) if equal and asked.keep_weights else {}
        except UsageError:
            continue  # a damaged study has nothing to give
        for number, line in equal.items():
            weights = kept.get(line["point"])
            if weights is not None or not asked.keep_weights or line["status"] == "diverged":
                found[number] = Finished({**line, "point": number}, weights)
    return [found[number] for number in sorted(found)]


def _weights_of(directory: StudyDirectory) -> dict[int, dict[str, Any]]:
    """Return the weights that a study kept, by the numbers of its points."""
    return {point: weights for _, point, weights in runs_with_weights(directory)}


def _lines_of(directory: StudyDirectory) -> list[tuple[str, dict[str, Any]]]:
    """Return the lines of a study, each with the key of its setting."""
    record = directory.record()
    keys = [_key(one["record"]) for one in record["settings"]]
    settings = [row["setting"] for row in record["points"] for _ in row["seeds"]]
    return [(keys[settings[line["point"]]], line) for line in directory.lines(len(settings))]


def _key(record: Mapping[str, Any]) -> str:
    """Return everything that decides the numbers of a record's runs to the last bit, as text."""
    where = [record.get("things"), record.get("versions"), record.get("engine")]
    where.append(record.get("draws"))
    parts = [*deciding(record), record["experiment"].get("device"), *where]
    return json.dumps(parts, sort_keys=True, default=str)
