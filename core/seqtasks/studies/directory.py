"""A study's folder: made whole, locked while it runs, a line for each run that has ended.

While a study is under way, each process that writes has a file of its own, `runs-WRITER.jsonl`,
because two processes cannot append to one file over a network. At the end the files are merged into
`runs.jsonl`, in the order of the points.
"""

import os
import platform
import re
import secrets
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seqtasks.errors import UsageError
from seqtasks.files.atomic import (
    MOST_JSON,
    open_regular,
    sweep,
    sync,
    write_json,
    writing,
)
from seqtasks.files.paths import folder_with
from seqtasks.runs.locking import held, is_held
from seqtasks.runs.making import make_folder, write_sources
from seqtasks.runs.study_shape import read_study
from seqtasks.studies.line_writer import LineWriter
from seqtasks.studies.lines import replaces
from seqtasks.studies.read_line import read_line
from seqtasks.studies.study_record import STUDY

__all__ = ["StudyDirectory"]

_WRITERS = re.compile(r"runs-[A-Za-z0-9._-]+\.jsonl")
_WRITTEN = ("study.json", "runs.jsonl", "result.json", "weights.safetensors", "seeds.png")
_LINES_A_POINT = 4
"""The most lines of a file for each point: one for each time that the point was tried."""


class StudyDirectory:
    """The files of a study.

    Attributes:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def study(self) -> Path:
        """What was asked: `study.json`."""
        return self.path / "study.json"

    @property
    def runs(self) -> Path:
        """A line for each run that has ended: `runs.jsonl`."""
        return self.path / "runs.jsonl"

    @property
    def result(self) -> Path:
        """The table: `result.json`."""
        return self.path / "result.json"

    @property
    def weights(self) -> Path:
        """The weights of all runs, if they were kept: `weights.safetensors`."""
        return self.path / "weights.safetensors"

    @property
    def parts(self) -> Path:
        """What belongs to runs under way: `parts/`."""
        return self.path / "parts"

    @classmethod
    def create(
        cls, parent: Path, name: str, record: dict[str, Any], sources: dict[str, bytes]
    ) -> "StudyDirectory":
        """Make `parent/name-N`, N the next free number, with the record and the user's files.

        Raises:
            UsageError: if the parent folder cannot be written.
        """

        def fill(folder: Path) -> None:
            made = cls(folder)
            write_sources(folder, sources)
            write_json(made.study, record)

        return cls(make_folder(parent, name, fill))

    @classmethod
    def open(cls, path: str | Path) -> "StudyDirectory":
        """Return the study in a folder.

        Raises:
            UsageError: if the folder holds no study.
        """
        return cls(folder_with(path, "study.json", "the study's folder", "study"))

    def record(self) -> dict[str, Any]:
        """Return the content of `study.json`.

        Raises:
            UsageError: if it is damaged or was written by a newer seqtasks.
        """
        return read_study(self.study, STUDY)

    def extend(self, record: dict[str, Any], sources: dict[str, bytes]) -> None:
        """Write the record of a study to which settings and points were added.

        What the record says of the settings that were there stays as it was written.

        Args:
            record: the content of `study.json` for the whole study.
            sources: the copies of the user's files, by name.

        Raises:
            RunError: if the disk is full.
        """
        before = self.record()
        kept = [
            {**now, "record": then["record"]}
            for then, now in zip(before["settings"], record["settings"], strict=False)
        ]
        settings = [*kept, *record["settings"][len(kept) :]]
        write_sources(self.path, sources)
        write_json(self.study, {**record, "settings": settings, "versions": before["versions"]})

    @contextmanager
    def locked(self) -> Generator[None, None, None]:
        """Hold the study. The lock ends with the process, however the process ends.

        Raises:
            UsageError: if another process runs it.
        """
        with held(self.path):
            sweep(self.path, _WRITTEN)
            yield

    def is_running(self) -> bool:
        """Say whether a process holds the study."""
        return is_held(self.path)

    def writer(self, name: str = "") -> LineWriter:
        """Return a writer of lines, with a file that no other process writes or has written.

        A process may have the number of an earlier one, which may have left half a line.
        """
        machine = re.sub(r"[^A-Za-z0-9._-]", "-", platform.node())[:40]
        name = name or f"{machine}-{os.getpid()}-{secrets.token_hex(3)}"
        return LineWriter(self.path / f"runs-{name}.jsonl")

    def lines(self, points: int) -> Iterator[dict[str, Any]]:
        """Yield the lines of all files; of a point there may be several.

        A last line that a crash cut short is left out.

        Args:
            points: the number of points of the study; more lines than it explains are refused.

        Raises:
            UsageError: if another line is damaged.
        """
        for file in self._files():
            yield from self._lines_of(file, points)

    def merge(self, points: int, own: LineWriter | None = None) -> None:
        """Put all lines into `runs.jsonl`, one for each point, and remove the writers' files.

        Args:
            points: the number of points of the study.
            own: the writer of this process, which knows where its lines are; to read them again
                would take as long as a picture.
        """
        writers = [file for file in self._files() if file != self.runs]
        if not writers:
            return
        where: dict[int, tuple[Path, int]] = {}
        kept: dict[int, str] = {}
        for file in self._files():
            if own is not None and file == own.path:
                places = own.places()
            else:
                places = (
                    (line["point"], line["status"], start)
                    for start, line in self._placed(file, points)
                )
            for point, status, start in places:
                if replaces(status, kept.get(point)):
                    kept[point], where[point] = status, (file, start)
        temporary = self.path / f".runs.jsonl.{os.getpid()}.tmp"
        opened: dict[Path, Any] = {}
        with writing(self.runs):
            try:
                with open(temporary, "xb") as out:
                    for point in sorted(where):
                        file, start = where[point]
                        if file not in opened:
                            opened[file] = open(file, "rb")  # noqa: SIM115
                        opened[file].seek(start)
                        out.write(opened[file].readline(MOST_JSON))
                    out.flush()
                    sync(out.fileno(), self.runs)
                temporary.replace(self.runs)
            finally:
                for file in opened.values():
                    file.close()
                temporary.unlink(missing_ok=True)
            for file in writers:
                file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        """Return the files with lines, the merged one first."""
        names = sorted(entry.name for entry in os.scandir(self.path) if entry.name != "runs.jsonl")
        found = [self.path / name for name in names if _WRITERS.fullmatch(name)]
        return [self.runs, *found] if os.path.lexists(self.runs) else found

    def _lines_of(self, file: Path, points: int) -> Iterator[dict[str, Any]]:
        for _, line in self._placed(file, points):
            yield line

    def _placed(self, file: Path, points: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield each line of a file with the place at which it begins.

        Args:
            file: the file.
            points: the number of points of the study.
        """
        with open_regular(file) as opened:
            start = number = 0
            while (line := opened.readline(MOST_JSON)).endswith(b"\n"):
                number += 1
                if number > _LINES_A_POINT * points + _LINES_A_POINT:
                    raise UsageError(
                        f"{file} is damaged: it has more lines than the study has runs"
                    )
                try:
                    data = read_line(line, file, number)
                    if data["point"] >= points:
                        raise UsageError(
                            f"{file} is damaged at line {number}: there is no point {data['point']}"
                        )
                except UsageError as error:
                    raise UsageError(
                        f"{error}; delete line {number}, and seqtasks resume makes its run again"
                    ) from None
                yield start, data
                start += len(line)
            if len(line) == MOST_JSON:
                raise UsageError(f"{file} is damaged: it has a line without an end")
