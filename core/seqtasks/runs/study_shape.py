"""The shape of `study.json`: what a study was asked for, as a fixed list of points.

`studies` writes it and reads all of it. A list of runs reads of each experiment only the summary.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.experiments.schemas import NAME
from seqtasks.files.atomic import read_json
from seqtasks.files.validation import (
    MisshapenError,
    Shape,
    anything,
    checked,
    fields,
    flag,
    listed,
    optional,
    table,
    text,
    whole,
)

__all__ = ["FORMAT", "read_study", "study_shape"]

FORMAT = 1
"""The format of the studies that this version writes; it reads no newer one."""

FACES = ("run", "compare", "sweep", "tune")
MOST_POINTS = 10**8
LARGEST_SEED = 2**63 - 1
_RANGE = re.compile(r"(\d{1,20})\.\.(\d{1,20})")


def study_shape(record: Shape) -> Shape:
    """Return the shape of `study.json`.

    Args:
        record: the shape of the record of each experiment.
    """
    setting = fields(
        {"label": text, "changes": table(anything), "record": record},
        {"parameters": optional(whole(0))},
    )
    return fields(
        {
            "format": whole(1),
            "name": _name,
            "face": _face,
            "settings": listed(setting),
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


def read_study(file: Path, shape: Shape) -> dict[str, Any]:
    """Return the content of a study's `study.json`.

    Args:
        file: the file.
        shape: the shape that `study_shape` made.

    Raises:
        UsageError: if it is damaged or was written by a newer seqtasks.
    """
    record = read_json(file)
    number = record.get("format") if isinstance(record, dict) else None
    if isinstance(number, int) and number > FORMAT:
        raise UsageError(
            f"{file.parent} was made by a newer seqtasks (format {number}); this one reads "
            f"formats up to {FORMAT}: upgrade with `pip install -U seqtasks`"
        )
    return checked(record, shape, file)


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
