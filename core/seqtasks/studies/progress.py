"""Live progress of a study: how many runs are done, solved and diverged, and the time left."""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seqtasks.errors import counted
from seqtasks.hookspecs import hookimpl
from seqtasks.runs.bars import NotebookPicture, TerminalBar
from seqtasks.runs.progress import duration, in_notebook, say

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["study_progress"]

_SECONDS_BETWEEN_LINES = 10.0


def study_progress() -> Any:
    """Return an observer that suits the place: a terminal, a notebook, or neither."""
    if sys.stderr is not None and sys.stderr.isatty():
        return StudyBar()
    return StudyNotebookBar() if in_notebook() else StudyLines()


class _Figures:
    """Keeps the rate at which runs end."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._done_before = 0

    def start(self, study: "Study") -> None:
        """Start to measure the rate."""
        self._began, self._done_before = time.monotonic(), done(study)

    def text(self, study: "Study") -> str:
        """Return the figures: `310 solved, 2 diverged, 3 s left`."""
        counts = {
            "solved": sum(one.solved for one in study.collected),
            **{
                status: sum(one.count(status) for one in study.collected)
                for status in ("diverged", "pruned", "failed", "killed")
            },
        }
        parts = [f"{n} {what}" for what, n in counts.items() if n or what == "solved"]
        ended = done(study) - self._done_before
        if ended and study.unfinished:
            left = study.unfinished * (time.monotonic() - self._began) / ended
            parts.append(f"{duration(left)} left")
        return ", ".join(parts)

    def close(self) -> None:
        """Leave nothing open."""


def done(study: "Study") -> int:
    """Return the number of runs that have ended."""
    return study.runs - study.unfinished


class StudyLines(_Figures):
    """Plain lines: one at the start, one at the end, and one every ten seconds between."""

    def __init__(self) -> None:
        super().__init__()
        self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES

    @hookimpl
    def study_started(self, study: "Study") -> None:
        """Report the start."""
        self.start(study)
        where = f" in {study.path}" if study.path else ""
        before = f", {done(study)} done before" if done(study) else ""
        say(f"{counted(study.runs, 'run')}{where}{before}")

    @hookimpl
    def study_advanced(self, study: "Study", lines: Sequence[Mapping[str, Any]]) -> None:
        """Report progress when it is time."""
        if time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
            say(f"{done(study)} of {counted(study.runs, 'run')}: {self.text(study)}")

    @hookimpl
    def study_finished(self, study: "Study") -> None:
        """Report the end."""
        say(f"{done(study)} of {counted(study.runs, 'run')}: {self.text(study)}")


class StudyBar(_Figures):
    """A moving bar."""

    def __init__(self) -> None:
        super().__init__()
        self._bar = TerminalBar("{done}/{total} runs")

    @hookimpl
    def study_started(self, study: "Study") -> None:
        """Draw the bar."""
        self.start(study)
        self._bar.start(done(study), study.runs, self.text(study))

    @hookimpl
    def study_advanced(self, study: "Study", lines: Sequence[Mapping[str, Any]]) -> None:
        """Move the bar. A study may grow."""
        self._bar.move(done(study), study.runs, lambda: self.text(study))

    def close(self) -> None:
        """Remove the bar and restore the cursor, however the study ended."""
        self._bar.close()


class StudyNotebookBar(_Figures):
    """A bar below the cell of a notebook, which becomes a line when the study has ended."""

    def __init__(self) -> None:
        super().__init__()
        self._picture = NotebookPicture()
        self._study: Study | None = None

    @hookimpl
    def study_started(self, study: "Study") -> None:
        """Show the bar."""
        self.start(study)
        self._study = study
        self._picture.start(done(study), study.runs, self._said(study))

    @hookimpl
    def study_advanced(self, study: "Study", lines: Sequence[Mapping[str, Any]]) -> None:
        """Move the bar."""
        self._picture.move(done(study), study.runs, lambda: self._said(study))

    def close(self) -> None:
        """Show how far the study came, however it ended."""
        study = self._study
        if study is not None:
            self._picture.move(done(study), study.runs, lambda: self._said(study), last=True)

    def _said(self, study: "Study") -> str:
        return f"{done(study)}/{study.runs} runs: {self.text(study)}"
