"""A bar in a terminal and a bar in a notebook, for whatever is counted."""

import time
from collections.abc import Callable
from html import escape
from importlib import import_module
from typing import Any

from seqtasks.display import console

__all__ = ["NotebookPicture", "TerminalBar", "moving_bar"]

_SECONDS_BETWEEN_FRAMES = 0.1
_SECONDS_BETWEEN_PICTURES = 0.5
"""In a notebook, each picture of the bar is a message to a browser."""
_ROOM_FOR_A_BAR = 70


class TerminalBar:
    """A moving bar.

    Args:
        count: the count as text, such as `step {done}/{total}`.
    """

    def __init__(self, count: str) -> None:
        self._count = count
        self._bar: Any = None
        self._task: Any = None
        self._next_frame = 0.0

    def start(self, done: int, total: int, figures: str = "") -> None:
        """Draw the bar."""
        self._bar = moving_bar(self._count, total)
        self._bar.start()
        self._task = self._bar.add_task("", total=total, completed=done, figures=figures)

    def move(self, done: int, total: int, figures: Callable[[], str]) -> None:
        """Move the bar, at most ten times a second."""
        if time.monotonic() >= self._next_frame:
            self._next_frame = time.monotonic() + _SECONDS_BETWEEN_FRAMES
            self._bar.update(
                self._task, completed=done, total=total, figures=figures(), refresh=True
            )

    def close(self) -> None:
        """Remove the bar and restore the cursor."""
        if self._bar is not None:
            self._bar.stop()


def moving_bar(count: str, total: int) -> Any:
    """Return a bar of rich; a narrow terminal cuts the figures, never the count.

    Args:
        count: the count as text, such as `step {done}/{total}`.
        total: the number that is counted to.
    """
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    shown = console(stderr=True)
    whole = Column(no_wrap=True, min_width=len(count.format(done=total, total=total)))
    rest = Column(no_wrap=True, overflow="ellipsis", ratio=1)
    narrow = shown.width < _ROOM_FOR_A_BAR
    text = count.format(done="{task.completed:.0f}", total="{task.total:.0f}")
    return Progress(
        TextColumn(text, table_column=whole),
        *([] if narrow else [BarColumn(bar_width=12)]),
        TextColumn("{task.fields[figures]}", table_column=rest),
        console=shown,
        auto_refresh=False,
        transient=True,
    )


class NotebookPicture:
    """A bar below the cell of a notebook, which becomes a line at the end."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._next_picture = 0.0

    def start(self, done: int, total: int, text: str) -> None:
        """Show the bar."""
        picture = _picture(done, total, text)
        self._handle = _display().display(picture, display_id=True)

    def move(self, done: int, total: int, text: Callable[[], str], last: bool = False) -> None:
        """Move the bar, at most twice a second, and once more at the end."""
        if self._handle is None:
            return
        if last or time.monotonic() >= self._next_picture:
            self._next_picture = time.monotonic() + _SECONDS_BETWEEN_PICTURES
            self._handle.update(_picture(done, total, text()))


def _picture(done: int, total: int, text: str) -> Any:
    bar = f'<progress value="{done}" max="{total}"></progress>'
    return _display().HTML(f"{bar} {escape(text)}")


def _display() -> Any:
    """Return IPython's module that shows things; a notebook has it."""
    return import_module("IPython").display
