"""What decides the numbers of a setting's runs, as a short text that each of their lines has.

So a line of a study whose record was edited afterwards is told from a line of the study as it is.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["deciding", "mark_of"]

_SAYS_NOTHING = ("name", "published", "checkpoint_every", "seed", "engine", "device")
"""Fields of an experiment that change no number of a study's runs, up to the last bits."""


def deciding(record: Mapping[str, Any]) -> list[Any]:
    """Return what decides the numbers of the runs of a record: settings, and the user's files."""
    experiment = {k: v for k, v in record["experiment"].items() if k not in _SAYS_NOTHING}
    sources = {
        kind: [one["sha256"], *(near["sha256"] for near in one.get("neighbours", ()))]
        for kind, one in record.get("sources", {}).items()
    }
    return [experiment, sources]


def mark_of(record: Mapping[str, Any]) -> str:
    """Return the mark of the lines of a setting: the start of a digest of what decides them.

    Args:
        record: the record of the setting in `study.json`.
    """
    written = json.dumps(deciding(record), sort_keys=True, default=str)
    return hashlib.sha256(written.encode()).hexdigest()[:12]
