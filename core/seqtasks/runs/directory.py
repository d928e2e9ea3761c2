"""A run's folder: made under the next free number, locked while it runs, listed."""

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.experiments.schemas import LOG_LINE, RECORD, RESULT
from seqtasks.files.atomic import (
    MOST_JSON,
    open_regular,
    read_json,
    sweep,
    write_json,
)
from seqtasks.files.json_text import read_text
from seqtasks.files.paths import folder_with
from seqtasks.files.validation import checked
from seqtasks.runs.locking import held, is_held
from seqtasks.runs.making import make_folder, write_sources

__all__ = ["FORMAT", "RunDirectory"]

FORMAT = 1
"""The format of the run directories that this version writes; it reads no newer one."""


MOST_LINES = 4 * 10**6
MOST_LOG = 2**30
"""The most lines and bytes of a log that is read."""

_WRITTEN = (
    "experiment.json",
    "metrics.jsonl",
    "checkpoint.safetensors",
    "model.safetensors",
    "result.json",
    "learning.png",
    "lengths.png",
)


class RunDirectory:
    """The files of one run.

    Attributes:
        path: the directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def experiment(self) -> Path:
        """The experiment and the versions: `experiment.json`."""
        return self.path / "experiment.json"

    @property
    def metrics(self) -> Path:
        """A line for each logged step and each evaluation: `metrics.jsonl`."""
        return self.path / "metrics.jsonl"

    @property
    def checkpoint(self) -> Path:
        """The state from which the run can continue: `checkpoint.safetensors`."""
        return self.path / "checkpoint.safetensors"

    @property
    def weights(self) -> Path:
        """The trained weights: `model.safetensors`."""
        return self.path / "model.safetensors"

    @property
    def result(self) -> Path:
        """The scores: `result.json`."""
        return self.path / "result.json"

    @property
    def sources(self) -> Path:
        """Copies of the user's files: `source/`."""
        return self.path / "source"

    @classmethod
    def create(
        cls, parent: Path, name: str, record: dict[str, Any], sources: dict[str, bytes]
    ) -> "RunDirectory":
        """Make `parent/name-N`, N the next free number, complete with record and sources.

        Two runs that start at once get different numbers. A directory never appears half made.

        Raises:
            UsageError: if the parent folder cannot be written.
        """

        def fill(folder: Path) -> None:
            made = cls(folder)
            write_sources(folder, sources)
            write_json(made.experiment, record)

        return cls(make_folder(parent, name, fill))

    @classmethod
    def open(cls, path: str | Path) -> "RunDirectory":
        """Return the run in a directory.

        Raises:
            UsageError: if the directory holds no run.
        """
        return cls(folder_with(path, "experiment.json", "the run's directory", "run"))

    def record(self) -> dict[str, Any]:
        """Return the content of `experiment.json`.

        Raises:
            UsageError: if it is damaged or was written by a newer seqtasks.
        """
        record = read_json(self.experiment)
        if not isinstance(record, dict) or not isinstance(record.get("experiment"), dict):
            raise UsageError(f"{self.experiment} is damaged: it holds no experiment")
        number = record.get("format")
        if not isinstance(number, int) or isinstance(number, bool):
            raise UsageError(f"{self.experiment} is damaged: it does not say its format")
        if number > FORMAT:
            versions = record.get("versions")
            maker = versions.get("seqtasks") if isinstance(versions, dict) else None
            raise UsageError(
                f"{self.path} was made by a newer seqtasks ({maker or 'unknown'}, format {number});"
                f" this one reads formats up to {FORMAT}: upgrade with `pip install -U seqtasks`"
            )
        return checked(record, RECORD, self.experiment)

    @contextmanager
    def locked(self) -> Generator[None, None, None]:
        """Hold the run. The lock ends with the process, however the process ends.

        Temporary files that a killed process left behind are removed.

        Raises:
            UsageError: if another process runs it.
        """
        with held(self.path):
            sweep(self.path, _WRITTEN)
            yield

    def is_running(self) -> bool:
        """Say whether a process holds the run."""
        return is_held(self.path)

    def read_result(self) -> dict[str, Any] | None:
        """Return the content of `result.json`, or None if there is none.

        Raises:
            UsageError: if it is damaged.
        """
        if not os.path.lexists(self.result):
            return None
        return checked(read_json(self.result), RESULT, self.result)

    def history(self) -> list[dict[str, Any]]:
        """Return the lines of `metrics.jsonl`, without a last line that a crash cut short.

        Raises:
            UsageError: if any other line is damaged.
        """
        return list(self.log())

    def log(self) -> Iterator[dict[str, Any]]:
        """Yield the lines of `history` one by one.

        Raises:
            UsageError: as `history` does.
        """
        for number, line in enumerate(self.log_lines(), start=1):
            data = read_text(line, self.metrics, number)
            yield checked(data, LOG_LINE, self.metrics, f" at line {number}")

    def log_problem(self, present: int, expected: int, ended: bool) -> str | None:
        """Say how the log differs from the one that was written; None if it is complete.

        Args:
            present: the number of lines in the log.
            expected: the number of lines at the run's end, or at its last checkpoint.
            ended: whether the run has ended, so that no further lines may follow.
        """
        if present < expected:
            return (
                f"{self.metrics} is cut short: it has {present} of {expected} lines, so the "
                "history of the run is not whole"
            )
        if ended and present > expected:
            return (
                f"{self.metrics} was added to: it has {present} lines, although the run wrote "
                f"{expected}"
            )
        return None

    def log_lines(self) -> Iterator[bytes]:
        """Yield the complete lines of `metrics.jsonl`, each with its line end, unchanged.

        Raises:
            UsageError: if the log or one of its lines is too large.
        """
        if not os.path.lexists(self.metrics):
            return
        with open_regular(self.metrics) as file:
            if os.fstat(file.fileno()).st_size > MOST_LOG:
                raise UsageError(
                    f"cannot read {self.metrics}: it is larger than {MOST_LOG:,} bytes"
                )
            count = 0
            while (line := file.readline(MOST_JSON)).endswith(b"\n"):
                count += 1
                if count > MOST_LINES:
                    raise UsageError(f"cannot read {self.metrics}: more than {MOST_LINES:,} lines")
                yield line
            if len(line) == MOST_JSON:
                raise UsageError(f"{self.metrics} is damaged: it has a line without an end")
