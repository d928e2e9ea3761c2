"""The settings of a task's paper, for an experiment that follows its protocol."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from seqtasks.errors import UsageError
from seqtasks.tasks import Task
from seqtasks.tasks.published import PublishedProtocol
from seqtasks.tasks.settings import Settings

__all__ = ["ProtocolName", "published_settings"]

ProtocolName = Literal["ours", "published"]


def published_settings(
    task: Task, protocol: str, overrides: Mapping[str, Any]
) -> tuple[Settings, dict[str, Any]]:
    """Return the settings of a task's published protocol, and further fields of an experiment.

    Args:
        task: the task.
        protocol: the name of the protocol.
        overrides: the fields that the user sets: another cell has other published figures.

    Raises:
        UsageError: for an unknown protocol, or for one that cannot be followed; the message names
            what is missing.
    """
    published = _followed(task, protocol)
    assert published.settings is not None
    cell = overrides.get("cell", published.settings.cell)
    further = {
        "score": published.score,
        "score_also": None if "score" in overrides else published.score_also,
        "score_sequences": published.score_sequences,
        "evaluation_sequences": published.evaluation_sequences,
        "published": published.published(cell),
    }
    return published.settings, further


def _followed(task: Task, protocol: str) -> PublishedProtocol:
    """Return the published protocol of a task.

    Raises:
        UsageError: for an unknown protocol, or for one that cannot be followed; the message names
            what is missing.
    """
    if protocol not in get_args(ProtocolName):
        raise UsageError(f"protocol must be ours or published, got {protocol!r}")
    published = task.published
    if published is None:
        raise UsageError(
            f"{task.known_as} names no published protocol; leave --protocol out, or set each "
            "option as your paper does"
        )
    if published.settings is None:
        raise UsageError(
            f"the protocol of {task.known_as} ({published.source}) cannot be followed yet: "
            f"{' '.join(published.missing)}"
        )
    return published
