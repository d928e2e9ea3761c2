"""The schemas of a run's files: the record, the result, a log line, the progress."""

import re
from typing import Any

from seqtasks.files.validation import (
    MisshapenError,
    Shape,
    anything,
    fields,
    flag,
    listed,
    optional,
    real,
    seconds,
    table,
    text,
    whole,
)

__all__ = [
    "EXPERIMENT",
    "LOG_LINE",
    "MOST_THREADS",
    "NAME",
    "PROGRESS",
    "RECORD",
    "RESULT",
    "SCORE",
    "SUMMARY",
]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""The names that a run or a study may have; its folder is named after it."""

MOST_THREADS = 1024
"""More threads than this count as damage: the system may be unable to start them."""

MOST_COUNTED = 2**63 - 1
"""Of steps made, lines, instances and parameters nobody has more."""

COPY = {"path": text, "sha256": text, "copy": text}
SOURCE = fields(COPY, {"neighbours": listed(fields({"name": text, "package": flag, **COPY}))})
THING = fields(
    {},
    {
        **dict.fromkeys(("name", "plugin", "distribution", "version"), optional(text)),
        "definition": optional(text),
        "stated_version": optional(whole(1, MOST_COUNTED)),
    },
)


def _setting(data: Any, field: str) -> Any:
    """Accept a value of an experiment, with no NUL in any text."""
    if isinstance(data, str):
        return text(data, field)
    if isinstance(data, dict):
        return table(_setting)(data, field)
    return listed(_setting)(data, field) if isinstance(data, list) else data


EXPERIMENT = table(_setting)
RECORD = fields(
    {"experiment": EXPERIMENT},
    {
        "format": whole(1),
        "own_model": optional(text),
        "engine": text,
        "threads": optional(whole(1, MOST_THREADS)),
        "draws": text,
        "sources": table(SOURCE),
        "things": table(THING),
        "earlier_things": listed(table(THING)),
        "versions": table(_setting),
    },
)
"""The shape of `experiment.json`; `Experiment` also checks the content of its experiment."""


def _stopped(data: Any, field: str) -> str:
    """Accept the reason why a run ended: `solved`, `steps` or `observer: why`."""
    if text(data, field) not in ("solved", "steps") and not data.startswith("observer: "):
        raise MisshapenError(
            f"its {field} must be solved, steps or observer: why, got {data!a:.60}"
        )
    return data


def _named(data: Any, field: str) -> Any:
    """Accept the reference of a task or a cell: a spec, or `{"class": ...}`."""
    return data if isinstance(data, dict) else text(data, field)


SUMMARY = fields({"task": _named, "cell": _named, "seed": whole(0), "steps": whole(1)})
"""The fields of an experiment that `seqtasks runs` reads."""


def _rated(shape: Shape) -> Shape:
    """Return a shape of scores in which each metric has its interval."""

    def read(data: Any, field: str) -> Any:
        made = shape(data, field)
        for name in made["metrics"]:
            if name not in made["intervals"]:
                raise MisshapenError(f"its {field}.intervals lack {name}")
        return made

    return read


_METRICS = {"metrics": table(real, 1), "intervals": table(listed(optional(real), 2))}
SCORE = _rated(
    fields(
        {
            "length": whole(1, MOST_COUNTED),
            "sequences": whole(1, MOST_COUNTED),
            "exhaustive": flag,
            **_METRICS,
        },
        {"held_out": flag, "undefined": real, "rows_mix": flag},
    )
)


def _by_length(data: Any, field: str) -> dict[str, Any]:
    made = table(table(real, 1))(data, field)
    for length in made:
        if not (length.isascii() and length.isdecimal() and len(length) < 20):
            raise MisshapenError(f"its {field} must have lengths as keys, got {length!a}")
    return made


_COUNT = optional(whole(0, MOST_COUNTED))
RANGE_SCORE = _rated(
    fields(
        {
            "lengths": text,
            "count": whole(1, MOST_COUNTED),
            "sequences": whole(1, MOST_COUNTED),
            "exhaustive": flag,
            **_METRICS,
        },
        {
            "fewest": _COUNT,
            "most": _COUNT,
            "whole": whole(0, MOST_COUNTED),
            "held_out": whole(0, MOST_COUNTED),
            "by_length": _by_length,
            "undefined": real,
            "rows_mix": flag,
        },
    )
)
BASELINE = fields({"strategy": text, "metrics": table(real), "error": real})
RESULT = fields(
    {
        "step": whole(0, MOST_COUNTED),
        "step_limit": whole(1),
        "stopped": optional(_stopped),
        "seconds": seconds,
        "parameters": whole(0, MOST_COUNTED),
        "scores": listed(SCORE),
        "untrained": listed(SCORE),
    },
    {
        "lines": whole(1, MOST_COUNTED),
        "solved": optional(flag),
        "score": optional(RANGE_SCORE),
        "weights": text,
        "without_learning": table(BASELINE),
    },
)
"""`result.json`."""

LOG_LINE = fields(
    {"step": whole(0, MOST_COUNTED)},
    {
        "loss": real,
        "seconds": seconds,
        "validation": table(real),
        "untrained": listed(SCORE),
    },
)
"""The shape of a line of `metrics.jsonl`."""

PROGRESS = fields(
    {
        "step": whole(0, MOST_COUNTED),
        "lines": whole(0, MOST_COUNTED),
        "stopped": optional(_stopped),
        "seconds": seconds,
        "pending_losses": listed(real),
        "evaluations_solved": whole(0, MOST_COUNTED),
    },
    {"decided_by": table(anything)},
)
"""The shape of a checkpoint's data besides its tensors."""
