"""Where and how the runs of a study are made."""

from dataclasses import dataclass
from typing import Any

from seqtasks.errors import UsageError

__all__ = ["AS_IT_SUITS", "Execution"]


@dataclass(frozen=True)
class Execution:
    """Where and how the runs of a study are made.

    Attributes:
        backend: `auto`, `threads`, `loky`, `dask` or `ray`.
        jobs: how many runs at once; None for one on each core.
        address: the address of a cluster that is there, for `dask` and `ray`.
        time_limit: the seconds after which the study ends in order; None for no limit.
        slurm: whether to write a script for an array of Slurm jobs instead of making the runs.
        block: the job of an array that this process is, from 0, and the number of jobs; None for a
            process that makes all runs.
    """

    backend: str = "auto"
    jobs: int | None = None
    address: str | None = None
    time_limit: float | None = None
    slurm: bool = False
    block: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Check the type of each value; `check_backend` checks what they say."""
        limit: Any = self.time_limit
        if limit is not None and (
            isinstance(limit, bool) or not isinstance(limit, int | float) or not limit > 0
        ):
            raise UsageError(f"time_limit must be a number of seconds above 0, got {limit!r:.60}")
        for name, wanted in (("backend", str), ("jobs", int | None), ("address", str | None)):
            value: Any = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, wanted):
                kind = {"jobs": "a whole number"}.get(name, "text")
                raise UsageError(f"{name} must be {kind}, got {value!r:.60}")


AS_IT_SUITS = Execution()
"""One run on each core, by threads or processes as it suits the engines."""
