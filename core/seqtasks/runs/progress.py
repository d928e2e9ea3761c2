"""Live progress of a run: a bar in a terminal and in a notebook, a line now and then elsewhere."""

import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from seqtasks.display import figure, printable
from seqtasks.errors import UsageError
from seqtasks.hookspecs import hookimpl
from seqtasks.runs.bars import NotebookPicture, TerminalBar
from seqtasks.runs.observers import Observers

if TYPE_CHECKING:
    from seqtasks.runs.training_run import Result, Run

__all__ = ["duration", "in_notebook", "progress_observer", "say", "showing"]

_SECONDS_BETWEEN_LINES = 10.0


def progress_observer() -> Any:
    """Return an observer that suits the place: a terminal, a notebook, or neither."""
    if sys.stderr is not None and sys.stderr.isatty():
        return ProgressBar()
    return NotebookBar() if in_notebook() else ProgressLines()


@contextmanager
def showing(observers: Observers, wanted: bool) -> Generator[None, None, None]:
    """Show the progress of a run to the end of a block, if that is wanted.

    Raises:
        UsageError: if `wanted` is neither True nor False.
    """
    if not isinstance(wanted, bool):
        raise UsageError(f"progress must be True or False, got {wanted!r:.60}")
    if not wanted:
        yield
        return
    observer = progress_observer()
    observers.add(observer)
    try:
        yield
    finally:
        observer.close()


def in_notebook() -> bool:
    """Say whether this is a cell of a notebook; a notebook has imported IPython."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_ipython is not None and hasattr(get_ipython(), "kernel")


def say(text: str) -> None:
    """Print one line on stderr, with nothing that could control the terminal."""
    click.echo(printable(text), err=True)


class _Progress:
    """Keeps the figures that both kinds show: step, loss, accuracy, rate and time left."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.scores: Mapping[str, float] = {}
        self._seconds_before = 0.0
        self._steps_before = 0

    def start(self, run: "Run") -> None:
        """Start to measure the rate; report the held-out split, if there is one."""
        if run.holdout is not None:
            say(run.holdout.describe())
        self._seconds_before, self._steps_before = run.seconds, run.step

    def text(self, run: "Run") -> str:
        """Return the current figures."""
        parts: list[str] = []
        if self.losses:
            recent = self.losses[-50:]
            parts.append(f"loss {sum(recent) / len(recent):.4f}")
        for name, value in list(self.scores.items())[:1]:
            parts.append(f"{name.rpartition('_')[2]} {figure(name, value, decimals=1)}")
        elapsed = run.seconds - self._seconds_before
        made = run.step - self._steps_before
        if made and elapsed > 0:
            parts.append(f"{made / elapsed:.0f} steps/s")
            if not run.stopped:
                left = (run.experiment.steps - run.step) * elapsed / made
                parts.append(f"at most {duration(left)} left")
        return ", ".join(parts)

    def close(self) -> None:
        """Leave nothing open."""


class ProgressLines(_Progress):
    """Plain lines: one at the start, one at the end, and one every ten seconds between."""

    def __init__(self) -> None:
        super().__init__()
        self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES

    @hookimpl
    def run_started(self, run: "Run") -> None:
        """Report the start."""
        self.start(run)
        where = f" in {run.path}" if run.path else ""
        say(f"training up to step {run.experiment.steps}{where}")

    @hookimpl
    def run_advanced(self, run: "Run", steps: int, losses: Sequence[float]) -> None:
        """Record the losses; report progress when it is time."""
        self.losses = [*self.losses[-50:], *losses]
        if time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
            say(f"step {run.step}: {self.text(run)}")

    @hookimpl
    def run_evaluated(self, run: "Run", step: int, metrics: Mapping[str, float]) -> None:
        """Record the scores."""
        self.scores = metrics

    @hookimpl
    def run_finished(self, run: "Run", result: "Result") -> None:
        """Report the final step."""
        say(f"step {run.step}: {self.text(run)}")


class ProgressBar(_Progress):
    """A moving bar."""

    def __init__(self) -> None:
        super().__init__()
        self._bar = TerminalBar("step {done}/{total}")

    @hookimpl
    def run_started(self, run: "Run") -> None:
        """Draw the bar."""
        self.start(run)
        self._bar.start(run.step, run.experiment.steps)

    @hookimpl
    def run_advanced(self, run: "Run", steps: int, losses: Sequence[float]) -> None:
        """Move the bar."""
        self.losses = [*self.losses[-50:], *losses]
        self._bar.move(run.step, run.experiment.steps, lambda: self.text(run))

    @hookimpl
    def run_evaluated(self, run: "Run", step: int, metrics: Mapping[str, float]) -> None:
        """Record the scores."""
        self.scores = metrics

    def close(self) -> None:
        """Remove the bar and restore the cursor, however the run ended."""
        self._bar.close()


class NotebookBar(_Progress):
    """A bar below the cell of a notebook, which becomes a line when the run has ended."""

    def __init__(self) -> None:
        super().__init__()
        self._picture = NotebookPicture()
        self._run: Run | None = None

    @hookimpl
    def run_started(self, run: "Run") -> None:
        """Show the bar."""
        self.start(run)
        self._run = run
        self._picture.start(run.step, run.experiment.steps, self._said(run))

    @hookimpl
    def run_advanced(self, run: "Run", steps: int, losses: Sequence[float]) -> None:
        """Move the bar."""
        self.losses = [*self.losses[-50:], *losses]
        self._picture.move(run.step, run.experiment.steps, lambda: self._said(run))

    @hookimpl
    def run_evaluated(self, run: "Run", step: int, metrics: Mapping[str, float]) -> None:
        """Record the scores."""
        self.scores = metrics

    def close(self) -> None:
        """Show how far the run came, however it ended."""
        run = self._run
        if run is not None:
            self._picture.move(run.step, run.experiment.steps, lambda: self._said(run), last=True)

    def _said(self, run: "Run") -> str:
        return f"step {run.step}/{run.experiment.steps} {self.text(run)}"


def duration(seconds: float) -> str:
    """Return a duration in words: `12 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
