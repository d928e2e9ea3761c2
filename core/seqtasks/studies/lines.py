"""A line of `runs.jsonl`: what became of one run of a study."""

from typing import Any

from seqtasks.files.validation import (
    MisshapenError,
    fields,
    listed,
    optional,
    real,
    seconds,
    table,
    text,
    whole,
)

__all__ = ["LINE", "REDONE", "STATUSES", "replaces"]

STATUSES = ("ended", "diverged", "pruned", "failed", "killed")
REDONE = ("failed", "killed")
"""The statuses of runs that a resume trains again."""

MOST = 2**63 - 1


def _status(data: Any, field: str) -> str:
    if text(data, field) not in STATUSES:
        raise MisshapenError(f"its {field} must be one of {', '.join(STATUSES)}, got {data!a:.60}")
    return data


def _number(data: Any, field: str) -> float:
    """Accept a number; null stands for one that is not finite."""
    return float("nan") if data is None else real(data, field)


LINE = fields(
    {
        "point": whole(0, MOST),
        "seed": whole(0),
        "status": _status,
        "step": whole(0, MOST),
        "scores": table(table(_number)),
        "history": fields({"loss": listed(_number), "validation": table(listed(_number))}),
        "seconds": seconds,
    },
    {"problem": text, "stopped": optional(text), "of": text},
)
"""The shape of a line."""


def replaces(status: str, before: str | None) -> bool:
    """Say whether a line counts in place of one before it: the first counts that is not redone.

    Args:
        status: the status of the line.
        before: the status of the line of the same point before it; None if there is none.
    """
    return before is None or (before in REDONE and status not in REDONE)
