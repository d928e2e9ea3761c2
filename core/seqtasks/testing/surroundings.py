"""What a function asks besides its arguments: the global generators and the clock."""

import os
import random
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import numpy as np

__all__ = ["Surroundings", "asked_for", "global_states_kept"]

ResultT = TypeVar("ResultT")
_CLOCKS = (time.time, time.time_ns, time.ctime, time.localtime, time.gmtime, time.strftime)
_TODAY = {"now", "today", "utcnow"}


@dataclass
class Surroundings:
    """What a function asked besides its arguments.

    Attributes:
        sources: what it asked, in words, such as `NumPy's global generator`.
    """

    sources: list[str] = field(default_factory=list)

    def add(self, source: str) -> None:
        """Add a source, once."""
        if source not in self.sources:
            self.sources.append(source)

    @property
    def said(self) -> str:
        """The sources as one text."""
        return " and ".join(self.sources)


@contextmanager
def global_states_kept() -> Generator[None]:
    """Put the states of the global generators of NumPy, Python and torch back at the end."""
    numpy_state, python_state = np.random.get_state(), random.getstate()
    torch_state = _torch_state()
    try:
        yield
    finally:
        np.random.set_state(numpy_state)
        random.setstate(python_state)
        if torch_state is not None:
            sys.modules["torch"].set_rng_state(torch_state)


def asked_for(call: Callable[[], ResultT], seed: int) -> tuple[ResultT, Surroundings]:
    """Return what a call returns, and what it asked besides its arguments.

    The states of the global generators are put back. A profile function of the caller's own is set
    aside meanwhile.

    Args:
        call: the call.
        seed: the seed of the global generators meanwhile.
    """
    found = Surroundings()

    def watch(frame: FrameType, event: str, called: Any) -> None:
        if frame.f_globals.get("__name__") == "logging":
            return  # a line of a log has its time
        if event == "c_call" and (source := _outside(called)) is not None:
            found.add(f"{source} ({Path(frame.f_code.co_filename).name}, line {frame.f_lineno})")

    kept = sys.getprofile()
    with global_states_kept():
        np.random.seed(seed)
        random.seed(seed)
        before = _states()
        sys.setprofile(watch)
        try:
            result = call()
        finally:
            sys.setprofile(kept)
        after = _states()
    for name, state in before.items():
        if after[name] != state:
            found.add(name)
    return result, found


def _outside(called: Any) -> str | None:
    """Return what a builtin function asks, if that is the clock or the system's randomness."""
    name, owner = getattr(called, "__name__", ""), getattr(called, "__self__", None)
    if any(called is clock for clock in _CLOCKS):
        return f"the clock, time.{name}"
    if name in _TODAY and getattr(owner, "__module__", "") == "datetime":
        return f"the clock, {getattr(owner, '__name__', 'datetime')}.{name}"
    if called is os.urandom:
        return "the randomness of the system, os.urandom"
    return None


def _states() -> dict[str, Any]:
    """Return the states of the global generators, by their names in messages."""
    kind, keys, *rest = np.random.get_state()
    found: dict[str, Any] = {
        "NumPy's global generator (np.random)": (kind, np.asarray(keys).tobytes(), *rest),
        "Python's global generator (random)": random.getstate(),
    }
    if (state := _torch_state()) is not None:
        found["torch's global generator"] = bytes(state.numpy())
    return found


def _torch_state() -> Any:
    """Return the state of torch's global generator; None if torch is not imported."""
    read = getattr(sys.modules.get("torch"), "get_rng_state", None)
    return None if read is None else read()
