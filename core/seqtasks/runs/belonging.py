"""Check that a checkpoint or weights belong to the record beside them."""

from pathlib import Path
from textwrap import shorten
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.experiments.experiment import ADDED_LATER, CADENCE
from seqtasks.files.json_text import write_text

__all__ = ["check_decided_by", "decided_by"]

_LEAVES_NUMBERS = frozenset(
    (
        "steps",
        "solved_after",
        "engine",
        "device",
        *CADENCE,
        "evaluation_lengths",
        "evaluation_sequences",
        "score",
        "score_sequences",
        "score_also",
        "name",
        "published",
    )
)
"""The fields of an experiment that decide when a run ends, what is scored then and how results are
computed. Up to the last bits, they do not change the weights after a given number of steps."""


def decided_by(record: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a record that decides the numbers of its run, up to any step.

    Each checkpoint and the weights contain it, under their digest. So an edited record, or another
    run's weights, can be told from the run's own.
    """
    decides = {k: value for k, value in record["experiment"].items() if k not in _LEAVES_NUMBERS}
    sources = {kind: _digests(source) for kind, source in record.get("sources", {}).items()}
    return {**decides, "own_model": record.get("own_model"), "sources": sources}


def check_decided_by(then: dict[str, Any], record: dict[str, Any], path: Path, file: Path) -> None:
    """Compare the deciding settings in a file with the record's current settings.

    Args:
        then: `decided_by`, as stored in the file.
        record: the run's record.
        path: the path of the record.
        file: the checkpoint or the weights.

    Raises:
        UsageError: naming what differs.
    """
    now = {**ADDED_LATER, **decided_by(record)}
    differing = [
        f"{name} {_shown(then[name])}, not {_shown(now.get(name))}"
        for name in then
        if then[name] != now.get(name)
    ]
    if differing:
        raise UsageError(
            f"{file.name} does not belong to {path}: it was trained with {'; '.join(differing)}. "
            "Put back the file that was changed, or start a new run with `seqtasks run`"
        )


def _digests(source: dict[str, Any]) -> str | list[str]:
    """Return the digest of a copied file, with the digests of the neighbours that it imports."""
    near = [one["sha256"] for one in source.get("neighbours", ())]
    return [source["sha256"], *near] if near else source["sha256"]


def _shown(value: Any) -> str:
    return shorten(write_text(value), 80, placeholder=" ...")
