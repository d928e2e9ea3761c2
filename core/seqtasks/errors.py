"""The errors seqtasks raises on purpose, and the help they give a reader who mistyped."""

import traceback
import warnings
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

_OWN_FOLDER = Path(__file__).parent

__all__ = [
    "DivergedError",
    "RunError",
    "RunInterruptedError",
    "SeqtasksDeprecationWarning",
    "SeqtasksError",
    "StopRun",
    "UsageError",
]


class SeqtasksError(Exception):
    """Any error that seqtasks raises on purpose. Its text is written for the user."""

    exit_code = 1

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to send the error to another process, whatever arguments its class takes."""
        return _restored, (type(self), self.args), self.__dict__


def _restored(cls: type[SeqtasksError], arguments: tuple[Any, ...]) -> SeqtasksError:
    return cls.__new__(cls, *arguments)


class SeqtasksDeprecationWarning(FutureWarning):
    """Something public will change: the text names the new way, and the version without the old.

    Python shows a FutureWarning to users, a DeprecationWarning only to those who ask for it.
    """


class UsageError(SeqtasksError):
    """The user asked for something impossible: a wrong name, value, file or run."""

    exit_code = 2


class NotMadeError(UsageError):
    """The code of a cell or readout raised an error when it was to be made with these values."""


class TaskError(UsageError, ValueError):
    """A task breaks the rules for tasks: its author made a mistake."""


class RunError(SeqtasksError):
    """A valid run failed on the way, for example because the disk is full."""


class DivergedError(RunError):
    """The loss stopped being a finite number."""


class RunInterruptedError(SeqtasksError):
    """A signal stopped a run, and the run saved a checkpoint.

    `exit_code` follows the shell's convention: 128 plus the signal's number.

    Attributes:
        signal_number: the signal.
        path: the run's directory, or None for a run in memory.
    """

    def __init__(self, message: str, signal_number: int, path: Path | None = None) -> None:
        super().__init__(message)
        self.signal_number = signal_number
        self.path = path
        self.exit_code = 128 + signal_number


class StopRun(SeqtasksError):  # noqa: N818 - it is no error that it tells of
    """Raised by an observer to end the run: `raise seqtasks.StopRun("no better for an hour")`.

    The run is scored and keeps its result. The result's `stopped` is `observer: ` and the text.
    `resume` continues the run.
    """


class OutsideAlphabetError(TaskError):
    """A task gives a value that its alphabet lacks."""


class ChangedInputsError(TaskError):
    """A task changes the inputs that it is given."""


def warn_of_deprecation(old: str, new: str, gone_in: str, stacklevel: int = 1) -> None:
    """Warn that something public will go, and name what to use in its place.

    Args:
        old: what will go, such as `seqtasks.score_range`.
        new: what to use in its place.
        gone_in: the version of seqtasks that will be without it.
        stacklevel: how many calls above the caller the warning points; 1 for the caller's caller.

    Example:
        >>> import warnings
        >>> from seqtasks.errors import warn_of_deprecation
        >>> with warnings.catch_warnings(record=True) as caught:
        ...     warnings.simplefilter("always")
        ...     warn_of_deprecation("seqtasks.old", "seqtasks.new", "0.3")
        >>> print(caught[0].category.__name__, caught[0].message)
        SeqtasksDeprecationWarning seqtasks.old will go in seqtasks 0.3: use seqtasks.new
    """
    text = f"{old} will go in seqtasks {gone_in}: use {new}"
    warnings.warn(text, SeqtasksDeprecationWarning, stacklevel=stacklevel + 2)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the known name nearest to `name`, or nothing."""
    known = list(known)
    nearest = get_close_matches(name, known, n=5, cutoff=0.5)
    # Swapped letters are the likeliest slip.
    nearest.sort(key=lambda candidate: sorted(candidate) != sorted(name))
    if not nearest:
        lowered = {candidate.lower(): candidate for candidate in known}
        nearest = [lowered[m] for m in get_close_matches(name.lower(), lowered, n=1, cutoff=0.5)]
    return f" Did you mean '{nearest[0]}'?" if nearest else ""


def counted(number: int, noun: str) -> str:
    """Return a count and a noun in words: `1 input`, `2 inputs`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def one_line(error: BaseException) -> str:
    """Return an exception as one line of text: its type and the first line of its message."""
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # even this may fail for an exception of foreign code
        lines = []
    if not lines:
        return type(error).__name__
    # A damaged file may put unprintable characters into a message.
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in lines[0])
    return f"{type(error).__name__}: {shown}"


def explain(error: BaseException) -> str:
    """Return an error raised in the user's code as one line that names the place in that code."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [
        frame
        for frame in frames
        if _OWN_FOLDER not in Path(frame.filename).parents
        and not {"torch", "numpy"} & set(Path(frame.filename).parts)
    ]
    place = f" ({Path(theirs[-1].filename).name}, line {theirs[-1].lineno})" if theirs else ""
    return one_line(error) + place
