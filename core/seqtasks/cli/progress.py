"""Live progress on stderr: a bar in a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from seqtasks.cli.output import console, figure, say
from seqtasks.hookspecs import hookimpl

if TYPE_CHECKING:
    from seqtasks.runs.training_run import Result, Run

__all__ = ["instances_progress", "progress_observer"]

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_BETWEEN_FRAMES = 0.1
_ROOM_FOR_A_BAR = 70


def progress_observer() -> Any:
    """Return an observer that suits the target of stderr."""
    return ProgressBar() if sys.stderr.isatty() else ProgressLines()


def instances_progress(count: int | None = None) -> Callable[[int], None]:
    """Return a function that reports every ten seconds, on stderr, how many instances are drawn."""
    of_all = "" if count is None else f" of {count:,}"
    next_line = time.monotonic() + _SECONDS_BETWEEN_LINES

    def progress(drawn: int) -> None:
        nonlocal next_line
        if time.monotonic() >= next_line:
            next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
            say(f"{drawn:,}{of_all} instances", err=True)

    return progress


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
            say(run.holdout.describe(), err=True)
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
                parts.append(f"at most {_duration(left)} left")
        return ", ".join(parts)


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
        say(f"training up to step {run.experiment.steps}{where}", err=True)

    @hookimpl
    def run_advanced(self, run: "Run", steps: int, losses: Sequence[float]) -> None:
        """Record the losses; report progress when it is time."""
        self.losses = [*self.losses[-50:], *losses]
        if time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
            say(f"step {run.step}: {self.text(run)}", err=True)

    @hookimpl
    def run_evaluated(self, run: "Run", step: int, metrics: Mapping[str, float]) -> None:
        """Record the scores."""
        self.scores = metrics

    @hookimpl
    def run_finished(self, run: "Run", result: "Result") -> None:
        """Report the final step."""
        say(f"step {run.step}: {self.text(run)}", err=True)


class ProgressBar(_Progress):
    """A moving bar."""

    def __init__(self) -> None:
        super().__init__()
        self._bar: Any = None
        self._task: Any = None
        self._next_frame = 0.0

    @hookimpl
    def run_started(self, run: "Run") -> None:
        """Draw the bar."""
        self.start(run)
        self._bar = _bar(run.experiment.steps)
        self._bar.start()
        self._task = self._bar.add_task(
            "", total=run.experiment.steps, completed=run.step, figures=""
        )

    @hookimpl
    def run_advanced(self, run: "Run", steps: int, losses: Sequence[float]) -> None:
        """Move the bar, at most ten times a second."""
        self.losses = [*self.losses[-50:], *losses]
        if time.monotonic() >= self._next_frame:
            self._next_frame = time.monotonic() + _SECONDS_BETWEEN_FRAMES
            self._bar.update(self._task, completed=run.step, figures=self.text(run), refresh=True)

    @hookimpl
    def run_evaluated(self, run: "Run", step: int, metrics: Mapping[str, float]) -> None:
        """Record the scores."""
        self.scores = metrics

    def close(self) -> None:
        """Remove the bar and restore the cursor, however the run ended."""
        if self._bar is not None:
            self._bar.stop()


def _bar(steps: int) -> Any:
    """Return a bar over `steps` steps; a narrow terminal cuts the figures, never the steps."""
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    shown = console(stderr=True)
    whole = Column(no_wrap=True, min_width=len("step /") + 2 * len(str(steps)))
    rest = Column(no_wrap=True, overflow="ellipsis", ratio=1)
    narrow = shown.width < _ROOM_FOR_A_BAR
    return Progress(
        TextColumn("step {task.completed:.0f}/{task.total:.0f}", table_column=whole),
        *([] if narrow else [BarColumn(bar_width=12)]),
        TextColumn("{task.fields[figures]}", table_column=rest),
        console=shown,
        auto_refresh=False,
        transient=True,
    )


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"
