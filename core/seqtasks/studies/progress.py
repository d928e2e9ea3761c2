"""Live progress of a study: how many runs are done, solved and diverged, and the time left."""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seqtasks.display import console
from seqtasks.errors import counted
from seqtasks.hookspecs import hookimpl
from seqtasks.runs.progress import duration, in_notebook, notebook_display, say

if TYPE_CHECKING:
    from seqtasks.studies.study import Study

__all__ = ["study_progress"]

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_FRAMES = 0.1
_SECONDS_BETWEEN_PICTURES = 0.5


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
        self._bar: Any = None
        self._task: Any = None
        self._next_frame = 0.0

    @hookimpl
    def study_started(self, study: "Study") -> None:
        """Draw the bar."""
        from rich.progress import BarColumn, Progress, TextColumn

        self.start(study)
        self._bar = Progress(
            TextColumn("{task.completed:.0f}/{task.total:.0f} runs"),
            BarColumn(bar_width=12),
            TextColumn("{task.fields[figures]}"),
            console=console(stderr=True),
            auto_refresh=False,
            transient=True,
        )
        self._bar.start()
        self._task = self._bar.add_task(
            "", total=study.runs, completed=done(study), figures=self.text(study)
        )

    @hookimpl
    def study_advanced(self, study: "Study", lines: Sequence[Mapping[str, Any]]) -> None:
        """Move the bar, at most ten times a second."""
        if time.monotonic() >= self._next_frame:
            self._next_frame = time.monotonic() + _SECONDS_BETWEEN_FRAMES
            figures = self.text(study)
            self._bar.update(
                self._task,
                completed=done(study),
                total=study.runs,  # a study may grow
                figures=figures,
                refresh=True,
            )

    def close(self) -> None:
        """Remove the bar and restore the cursor, however the study ended."""
        if self._bar is not None:
            self._bar.stop()


class StudyNotebookBar(_Figures):
    """A bar below the cell of a notebook, which becomes a line when the study has ended."""

    def __init__(self) -> None:
        super().__init__()
        self._handle: Any = None
        self._next_picture = 0.0
        self._study: Study | None = None

    @hookimpl
    def study_started(self, study: "Study") -> None:
        """Show the bar."""
        self.start(study)
        self._study = study
        self._handle = notebook_display().display(self._picture(study), display_id=True)

    @hookimpl
    def study_advanced(self, study: "Study", lines: Sequence[Mapping[str, Any]]) -> None:
        """Move the bar, at most twice a second."""
        if time.monotonic() >= self._next_picture:
            self._next_picture = time.monotonic() + _SECONDS_BETWEEN_PICTURES
            self._handle.update(self._picture(study))

    def close(self) -> None:
        """Show how far the study came, however it ended."""
        if self._handle is not None and self._study is not None:
            self._handle.update(self._picture(self._study))

    def _picture(self, study: "Study") -> Any:
        from html import escape

        text = escape(f"{done(study)}/{study.runs} runs: {self.text(study)}")
        bar = f'<progress value="{done(study)}" max="{study.runs}"></progress>'
        return notebook_display().HTML(f"{bar} {text}")
