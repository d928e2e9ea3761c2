"""Signals end a command promptly: a run with a checkpoint, whatever does not heed them by force."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from seqtasks.files.critical_section import finished_savings, is_saving

__all__ = ["ENDING", "noting", "received", "release_semaphores", "watch"]

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS_TO_SAVE = 0.8
"""A run that has not ended its step after this many seconds is interrupted within the step."""
SECONDS_TO_END = 1.6
"""Seconds until a process that ignores a signal, as in a long library call, ends by force."""
SECONDS_AFTER_SAVING = 1.0

SECONDS_TO_RELEASE = 0.3
"""How long the release of semaphores may hold up an end by force."""

_received: list[int] = []
_last_words: list[Callable[[], str]] = []


def received() -> int | None:
    """Return the first signal that asked this process to end, or None if there was none."""
    return _received[0] if _received else None


def watch() -> None:
    """Make this process end soon after the first signal that one of our handlers receives.

    Python calls handlers only between its own instructions. A thread hears of the signal even while
    the main thread computes in a library.
    """
    there, here = os.pipe()
    os.set_blocking(here, False)
    signal.set_wakeup_fd(here, warn_on_full_buffer=False)
    threading.Thread(target=_end_the_deaf, args=(there,), daemon=True).start()
    for number in ENDING:  # raised as an error, so that no half-made file stays
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    sys.unraisablehook = _raise_again


@contextmanager
def noting(last_words: Callable[[], str]) -> Generator[Callable[[], int], None, None]:
    """Note signals, so that a run ends with a checkpoint; a second signal ends the process at once.

    A signal that this process was started to ignore, as under nohup, stays ignored.

    Args:
        last_words: returns what to say if the process must end by force after a signal.

    Yields:
        a function that returns the number of the noted signal, or 0 if there is none.

    Raises:
        KeyboardInterrupt: anywhere in the run, if the run has not ended in time.
    """
    noted: list[int] = []
    before: dict[int, Any] = {}
    saved = 0

    def note(number: int, _: FrameType | None) -> None:
        nonlocal saved
        _received.append(number)
        noted.append(number)
        saved = finished_savings()
        signal.signal(number, before[number])
        signal.setitimer(signal.ITIMER_REAL, SECONDS_TO_SAVE)

    def break_off(_: int, __: FrameType | None) -> None:
        if is_saving():
            signal.setitimer(signal.ITIMER_REAL, 0.05)
        elif finished_savings() == saved:
            raise KeyboardInterrupt

    _last_words[:] = [last_words]
    before[signal.SIGALRM] = signal.signal(signal.SIGALRM, break_off)
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, note)
    try:
        yield lambda: noted[0] if noted else 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
        if not noted:
            _last_words.clear()


def _interrupt(number: int, _: FrameType | None) -> None:
    _received.append(number)
    if _torch_is_imported_now():  # its C++ would end the process with an abort
        _end(number)
    raise KeyboardInterrupt


def _torch_is_imported_now() -> bool:
    spec = getattr(sys.modules.get("torch"), "__spec__", None)
    return bool(getattr(spec, "_initializing", False))


def _end(number: int) -> None:
    said = "interrupted"
    with suppress(Exception):  # the main thread may change meanwhile what they tell of
        said = _last_words[0]()
    with suppress(OSError):
        os.write(2, ("Error: " + said.replace("\n", "\n       ") + "\n").encode())
    releasing = threading.Thread(target=release_semaphores, daemon=True)
    releasing.start()
    releasing.join(SECONDS_TO_RELEASE)
    os._exit(128 + number)


def release_semaphores() -> None:
    """Release what worker processes shared with this one, as Python does at an ordinary end.

    Otherwise, Python's tracker of semaphores would print a warning after our last line.
    """
    shared = sys.modules.get("multiprocessing.util")
    release = getattr(shared, "_run_finalizers", None)
    if release is not None:
        release(0)


def _raise_again(unraisable: Any) -> None:
    """Raise an interrupt again that came where Python cannot raise, as in a finaliser."""
    if not issubclass(unraisable.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(unraisable)
    elif signal.getsignal(signal.SIGALRM) is signal.SIG_DFL:
        signal.raise_signal(signal.SIGINT)
    else:
        signal.setitimer(signal.ITIMER_REAL, 0.01)


def _end_the_deaf(there: int) -> None:
    number = 0
    while number not in ENDING:
        number = os.read(there, 1)[0]
    end = time.monotonic() + SECONDS_TO_END
    while time.monotonic() < end:
        time.sleep(0.02)
        if is_saving():
            end = max(end, time.monotonic() + SECONDS_AFTER_SAVING)
    _end(number)
