"""Who is told of a study, and who of each of its runs."""

from collections.abc import Iterable
from typing import Any

from seqtasks.registry.discovery import current_registry

__all__ = ["observers_of_runs"]


def observers_of_runs(observers: Iterable[Any] | None) -> list[Any] | None:
    """Return the observers, and the plugins, that want the moments of each single run.

    An observer of a study is told of the study alone. If it has a true attribute `per_replica`, it
    is also told of each run, which makes a study as slow as its runs one by one.

    Returns:
        The observers; None if nobody wants to know.
    """
    plugins = [one.module for one in current_registry().plugins if one.status == "loaded"]
    wanting = [one for one in (*(observers or ()), *plugins) if getattr(one, "per_replica", False)]
    return wanting or None
